#include "fhir/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using fhir::Charset;
using fhir::ErrorCode;
using testing::HasSubstr;

TEST(Fold, CaseAccentsAndSpaces_AreLevelled) {
  EXPECT_EQ(fhir::Fold("  Éléonore \t DUPRÉ\n"), "eleonore dupre");
  EXPECT_EQ(fhir::Fold("  JEAN   Paul "), "jean paul");
  EXPECT_EQ(fhir::Fold("E\xCC\x81lodie"), "elodie");  // decomposed accent
  EXPECT_EQ(fhir::Fold("Straße"), "strasse");
  EXPECT_EQ(fhir::Fold("Œuvre Æon Øre Łódź"), "oeuvre aeon ore lodz");
  EXPECT_EQ(fhir::Fold("D’Arc"), "d'arc");
  EXPECT_EQ(fhir::Fold("ﬁn\xC2\xA0x"), "fin x");
  EXPECT_EQ(fhir::Fold("İstanbul"), "istanbul");
  EXPECT_EQ(fhir::Fold("Ελλάδα"), "ελλαδα");
  EXPECT_EQ(fhir::Fold(""), "");
  EXPECT_EQ(fhir::Fold("é\xFF"), "");
}

TEST(Utf8, FirstInvalidByte_IsFound) {
  EXPECT_TRUE(fhir::ValidUtf8("plain ascii, long enough for the fast path"));
  EXPECT_TRUE(fhir::ValidUtf8("é € 😀 \xEF\xBF\xBF\xF4\x8F\xBF\xBF"));
  EXPECT_EQ(fhir::FirstInvalidUtf8("abc\x80"), 3u);
  EXPECT_EQ(fhir::FirstInvalidUtf8("0123456789\xC0\xAF"), 10u);
  EXPECT_EQ(fhir::FirstInvalidUtf8("\xE0\x80\xAF"), 0u);
  EXPECT_EQ(fhir::FirstInvalidUtf8("a\xED\xA0\x80"), 1u);
  EXPECT_EQ(fhir::FirstInvalidUtf8("a\xF4\x90\x80\x80"), 1u);
  EXPECT_EQ(fhir::FirstInvalidUtf8("a\xE2\x82"), 1u);
  EXPECT_EQ(fhir::FirstInvalidUtf8("a\xE2\x82z"), 1u);
}

TEST(Charsets, Names_AreFoundWithoutRegardToSpelling) {
  EXPECT_EQ(*fhir::FindCharset("ISO-8859-15"), Charset::kLatin9);
  EXPECT_EQ(*fhir::FindCharset("8859/15"), Charset::kLatin9);
  EXPECT_EQ(*fhir::FindCharset("UNICODE UTF-8"), Charset::kUtf8);
  EXPECT_EQ(*fhir::FindCharset("us-ascii"), Charset::kAscii);
  EXPECT_EQ(*fhir::FindCharset("Windows-1252"), Charset::kWindows1252);
  EXPECT_EQ(fhir::FindCharset("EBCDIC").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(fhir::FindCharset("").error().code, ErrorCode::kUnsupported);
}

TEST(Charsets, EverySet_ConvertsItsBytesThereAndBack) {
  for (const char* name : {"8859/1", "8859/2", "8859/3", "8859/4", "8859/5", "8859/6", "8859/7", "8859/8", "8859/9",
                           "8859/10", "8859/11", "8859/13", "8859/14", "8859/15", "windows-1252", "ASCII"}) {
    int defined = 0;
    for (int byte = 1; byte < 256; ++byte) {
      const std::string bytes(1, static_cast<char>(byte));
      const auto utf8 = fhir::ToUtf8(bytes, name);
      if (utf8) {
        ++defined;
        EXPECT_EQ(fhir::FromUtf8(*utf8, name).value_or("?"), bytes) << name << " " << byte;
      }
    }
    EXPECT_GE(defined, std::string_view(name) == "ASCII" ? 127 : 200) << name;
  }
}

TEST(Charsets, KnownCharacters_AreRight) {
  EXPECT_EQ(*fhir::ToUtf8("caf\xE9 \xA4", "ISO-8859-15"), "café €");
  EXPECT_EQ(*fhir::ToUtf8("caf\xE9 \xA4", "ISO-8859-1"), "café ¤");
  EXPECT_EQ(*fhir::ToUtf8("\x80\x92", "windows-1252"), "€’");
  EXPECT_EQ(*fhir::FromUtf8("Œ€", "ISO-8859-15"), "\xBC\xA4");
}

TEST(Charsets, InvalidBytes_AreNamedByPosition) {
  const auto error_text = [](const auto& result) { return result ? "" : result.error().public_text.text; };
  EXPECT_THAT(error_text(fhir::ToUtf8("abc\x80", "ASCII")), HasSubstr("at byte 3"));
  EXPECT_THAT(error_text(fhir::ToUtf8("ab\x81", "windows-1252")), HasSubstr("at byte 2"));
  EXPECT_THAT(error_text(fhir::ToUtf8("a\xA5", "ISO-8859-3")), HasSubstr("at byte 1"));
  EXPECT_THAT(error_text(fhir::ToUtf8("caf\xE9", "UTF-8")), HasSubstr("at byte 3"));
  EXPECT_THAT(error_text(fhir::FromUtf8("é€", "ISO-8859-1")), HasSubstr("at byte 2"));
  EXPECT_THAT(error_text(fhir::FromUtf8("a😀", "ISO-8859-15")), HasSubstr("at byte 1"));
}

}  // namespace
