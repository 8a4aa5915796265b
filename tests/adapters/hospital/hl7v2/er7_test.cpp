#include <gtest/gtest.h>

#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/er7/timestamp.hpp"
#include "adapters/hospital/hl7v2/er7/writer.hpp"

namespace {

namespace er7 = adapters::hospital::hl7v2::er7;

constexpr std::string_view kEr7Head = "MSH|^~\\&|A|B|C|D|20250110||ADT^A01|1|P|2.5\r";

TEST(Er7Message, Parts_AreFoundByAddress) {
  const auto message = er7::Message::Parse(std::string(kEr7Head) + "PID|1||a^b&c~d^e||X\rZZZ|z\rIN1|1\rIN1|2", "UTF-8");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->Get("PID-3.2.2"), "c");
  EXPECT_EQ(message->Get("PID-3[2].2"), "e");
  EXPECT_EQ(message->Get("ZZZ-1"), "z");
  EXPECT_EQ(message->Get("IN1[2]-1"), "2");
  EXPECT_EQ(message->Get("MSH-1"), "|");
  EXPECT_EQ(message->Get("MSH-2"), "^~\\&");
  EXPECT_EQ(message->Get("MSH-9.2"), "A01");
  EXPECT_EQ(message->Get("PID-99"), "");
}

TEST(Er7Message, SegmentEnds_CrWinsOverLf) {
  for (const std::string end : {"\r", "\n", "\r\n"}) {
    const auto message = er7::Message::Parse("MSH|^~\\&|A||||||ADT^A01|1|P|2.5" + end + "PID|1" + end, "UTF-8");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->segments().size(), 2u);
    EXPECT_EQ(message->Get("PID-1"), "1");
  }
  const auto inside = er7::Message::Parse(std::string(kEr7Head) + "NTE|1||one\ntwo\r", "UTF-8");
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->Get("NTE-3"), "one\ntwo");
}

TEST(Er7Message, OwnAndShortDelimiters_AreHonoured) {
  const auto own = er7::Message::Parse("MSH#*~!%#A#B\rPID#1##a*b%c~d#x!F!y", "UTF-8");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->Get("PID-3.2.2"), "c");
  EXPECT_EQ(own->Get("PID-4"), "x#y");
  const auto brief = er7::Message::Parse("MSH|^~|A|B\rPID|1||a^b&c\\F\\", "UTF-8");
  ASSERT_TRUE(brief);
  EXPECT_EQ(brief->Get("PID-3.2"), "b&c\\F\\");
}

TEST(Er7Message, NullValue_IsTextlessAndMarked) {
  const auto message = er7::Message::Parse(std::string(kEr7Head) + "PID|1||\"\"", "UTF-8");
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->IsNull({adapters::mapping::PackGroup("PID"), 0, 3, 0}));
  EXPECT_EQ(message->Get("PID-3"), "");
}

TEST(Er7Message, CharacterSets_FollowMsh18ThenPartner) {
  const std::string latin9 = "MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||8859/15~ASCII\rPID|\xBC\xA4\xE9";
  const auto declared = er7::Message::Parse(latin9, "UTF-8");
  ASSERT_TRUE(declared);
  EXPECT_EQ(declared->Get("PID-1"), "Œ€é");
  const auto by_partner = er7::Message::Parse("MSH|^~\\&|A\rPID|\xE9", "8859/1");
  ASSERT_TRUE(by_partner);
  EXPECT_EQ(by_partner->Get("PID-1"), "é");
}

TEST(Er7Message, Limits_HoldAtTheLimitAndFailPastIt) {
  const auto with = [](std::size_t segments, std::size_t repetitions) {
    std::string text = "MSH|^~\\&|A\r";
    for (std::size_t i = 1; i < segments; ++i) {
      text += "PID|" + std::string(repetitions - 1, '~') + "\r";
    }
    return er7::Message::Parse(text, "UTF-8", {.segments_max = 5, .repetitions_max = 3}).has_value();
  };
  EXPECT_TRUE(with(5, 3));
  EXPECT_FALSE(with(6, 3));
  EXPECT_FALSE(with(5, 4));
  EXPECT_FALSE(er7::Message::Parse(kEr7Head, "UTF-8", {.message_bytes_max = kEr7Head.size() - 1}).has_value());
}

TEST(Er7Message, SegmentOfMoreFieldsThanACellCanName_IsRefused) {
  const std::string header = std::string(kEr7Head) + "ZZZ";
  const auto at_limit = er7::Message::Parse(header + std::string(65'535, '|') + "a\r", "UTF-8");
  ASSERT_TRUE(at_limit.has_value());
  int cells = 0;
  at_limit->ForEachCell([&](const adapters::mapping::Cell& cell) { cells += cell.field == 65'535 ? 1 : 0; });
  EXPECT_EQ(cells, 1);
  EXPECT_FALSE(er7::Message::Parse(header + std::string(65'536, '|') + "a\r", "UTF-8").has_value());
}

TEST(Er7Escape, Sequences_AreDecodedOnce) {
  const er7::Delimiters by;
  const auto decode = [&](std::string_view text) { return er7::Unescape(text, by, fhir::Charset::kLatin1); };
  EXPECT_EQ(decode("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\"), "a|b^c&d~e\\");
  EXPECT_EQ(decode("\\E\\F\\E\\"), "\\F\\");
  EXPECT_EQ(decode("\\XE9\\\\X0D0A\\"), "é\r\n");
  EXPECT_EQ(decode("x\\.br\\y\\H\\z\\N\\"), "x\nyz");
  EXPECT_EQ(decode("\\Q\\ \\X0\\ \\open"), "\\Q\\ \\X0\\ \\open");
  for (const std::string text : {"a|b^c&d~e\\f", "\r\n", "\\E\\", "Œ"}) {
    EXPECT_EQ(er7::Unescape(er7::Escape(text, by), by, fhir::Charset::kUtf8), text);
  }
}

TEST(Er7Escape, FullStopAsEscapeCharacter_CarriesLineEnds) {
  const er7::Delimiters by{.escape = '.'};
  EXPECT_EQ(er7::Unescape(er7::Escape("a\nb.c|d", by), by, fhir::Charset::kUtf8), "a\nb.c|d");
}

TEST(Er7Timestamp, Precision_IsKept) {
  const fhir::TimeZone* paris = *fhir::TimeZone::Find("Europe/Paris");
  const auto convert = [&](std::string_view text) {
    const auto value = er7::ParseTimestamp(text);
    return value ? er7::ToFhirDateTime(*value, {.zone = paris}) : std::string("refused");
  };
  EXPECT_EQ(convert("1979"), "1979");
  EXPECT_EQ(convert("197903"), "1979-03");
  EXPECT_EQ(convert("19790328"), "1979-03-28");
  EXPECT_EQ(convert("2025011009"), "2025-01-10");
  EXPECT_EQ(convert("202501100900"), "2025-01-10T09:00:00+01:00");
  EXPECT_EQ(convert("20250710090001"), "2025-07-10T09:00:01+02:00");
  EXPECT_EQ(convert("20250110090001.25-0500"), "2025-01-10T09:00:01.25-05:00");
  EXPECT_EQ(convert("20240229"), "2024-02-29");
  for (const auto* text :
       {"", "19", "20250229", "202513", "20250110250000", "20250110x", "20250110+9", "2025011009.5"}) {
    EXPECT_EQ(convert(text), "refused") << text;
  }
  const auto value = er7::ParseTimestamp("20250110090000");
  EXPECT_EQ(er7::ToFhirDateTime(*value, {.header_offset_minutes = 180, .zone = paris}), "2025-01-10T09:00:00+03:00");
  EXPECT_EQ(er7::ToFhirDateTime(*value, {}), "2025-01-10");
}

TEST(Er7Writer, Encode_FallsBackPerCharacter) {
  EXPECT_EQ(er7::Encode("Œ€é", fhir::Charset::kLatin9), "\xBC\xA4\xE9");
  EXPECT_EQ(er7::Encode("é\u0142x", fhir::Charset::kLatin1).size(), 3u);
}

}  // namespace
