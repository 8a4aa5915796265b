#include "fhir/xml/reader.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/value.hpp"
#include "fhir/json/writer.hpp"

namespace {

using fhir::ErrorCode;
using fhir::IssueList;
using fhir::Limits;
using fhir::json::Value;
using fhir::xml::ReadXml;
using testing::HasSubstr;

Value TestTable(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(GW_SOURCE_DIR) + "/tests/data/xml/" + name, std::ios::binary).rdbuf();
  auto value = fhir::json::ReadValue(text.str());
  EXPECT_TRUE(value) << name;
  return value ? *std::move(value) : Value::Array();
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string Patient(std::string_view content) {
  return fmt::format(R"(<Patient xmlns="http://hl7.org/fhir">{}</Patient>)", content);
}

std::string Nested(std::size_t levels, std::string_view open, std::string_view close, std::string_view inner) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text += open;
  text += inner;
  for (std::size_t i = 0; i < levels; ++i) text += close;
  return text;
}

/// The code of the refusal; nullopt when it is read.
std::optional<ErrorCode> Refusal(std::string_view text, const Limits& limits = {}) {
  IssueList issues;
  const auto document = ReadXml(text, limits, issues);
  return document ? std::nullopt : std::optional(document.error().code);
}

TEST(XmlReader, RefusalTable_EachCase_GivesItsCodeAndPlace) {
  const Value table = TestTable("refusals.json");
  EXPECT_GT(table.items().size(), 35u);
  for (const Value& row : table.items()) {
    SCOPED_TRACE(row.FindText("name"));
    const bool hex = row.Find("hex") != nullptr;
    const std::string text = hex ? FromHex(row.FindText("hex")) : std::string(row.FindText("text"));
    IssueList issues;
    const auto document = ReadXml(text, Limits{}, issues);
    ASSERT_FALSE(document);
    const std::string& said = document.error().public_text.text;
    EXPECT_EQ(Name(document.error().code), row.FindText("code")) << said;
    EXPECT_THAT(said, HasSubstr(std::string(row.FindText("says"))));
    ASSERT_TRUE(document.error().offset.has_value());
    EXPECT_LE(*document.error().offset, text.size());
    if (document.error().code != ErrorCode::kInvalid) {
      EXPECT_THAT(said, testing::ContainsRegex(
                            fmt::format("at line [0-9]+, column [0-9]+, byte {}$", *document.error().offset)));
    }
    if (const Value* line = row.Find("line")) {
      EXPECT_THAT(said, HasSubstr(fmt::format("line {}, column {},", line->text(), row.Find("column")->text())));
    }
  }
}

TEST(XmlReader, IssueTable_EachCase_IsReportedAndReadingGoesOn) {
  const Value table = TestTable("issues.json");
  EXPECT_GT(table.items().size(), 35u);
  for (const Value& row : table.items()) {
    SCOPED_TRACE(row.FindText("name"));
    IssueList issues;
    const auto document = ReadXml(row.FindText("text"), Limits{}, issues);
    ASSERT_TRUE(document) << document.error().public_text.text;
    const auto& expected = row.Find("issues")->items();
    ASSERT_EQ(issues.issues().size(), expected.size())
        << (issues.empty() ? std::string() : issues.issues().back().text);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(issues.issues()[i].expression, expected[i].FindText("expression"));
      EXPECT_THAT(issues.issues()[i].text, HasSubstr(std::string(expected[i].FindText("says"))));
      ASSERT_TRUE(issues.issues()[i].offset.has_value());
      EXPECT_LT(*issues.issues()[i].offset, row.FindText("text").size());
    }
    EXPECT_EQ(fhir::json::WriteJson(document->root()), row.FindText("json"));
  }
}

TEST(XmlReader, Offsets_AreThoseOfTheTagsBytes) {
  const std::string text =
      "<?xml version='1.0'?>\n" + Patient("<name><family value=\"\xC3\xA9\"/></name><active value=\"true\"/>");
  IssueList issues;
  const auto document = ReadXml(text, Limits{}, issues);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().source_offset, text.find("<Patient"));
  EXPECT_EQ(document->root().Find("name.family")->source_offset, text.find("<family"));
  EXPECT_EQ(document->root().Child("active")->source_offset, text.find("<active"));
}

TEST(XmlReader, DepthAtTheLimitAndOneMore_IsThatOfJson) {
  // Each extension is an object in an array.
  const auto nested = [](std::size_t levels) {
    return Patient(Nested(levels, R"(<extension url="u">)", "</extension>", R"(<valueString value="a"/>)"));
  };
  EXPECT_EQ(Refusal(nested(10), {.depth_max = 21}), std::nullopt);
  EXPECT_EQ(Refusal(nested(10), {.depth_max = 20}), ErrorCode::kTooLarge);
}

TEST(XmlReader, NestingOf100000_IsRefusedAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Refusal(Patient(Nested(100'000, "<a>", "</a>", ""))), ErrorCode::kTooLarge);
  EXPECT_EQ(Refusal(Patient(Nested(100'000, R"(<extension url="u">)", "</extension>", ""))), ErrorCode::kTooLarge);
  EXPECT_EQ(Refusal(Nested(100'000, "<a>", "", "")), ErrorCode::kTooLarge);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(XmlReader, NarrativeAtTheDepthLimitAndOneMore_IsJudgedByTheLimit) {
  const auto narrative = [](std::size_t levels) {
    return Patient(R"(<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">)" +
                   Nested(levels, "<b>", "</b>", "a") + "</div></text>");
  };
  IssueList good;
  EXPECT_TRUE(ReadXml(narrative(99), Limits{}, good));
  EXPECT_TRUE(good.empty());
  IssueList deep;
  EXPECT_TRUE(ReadXml(narrative(100), Limits{}, deep));
  EXPECT_EQ(deep.issues().size(), 1u);
  EXPECT_EQ(Refusal(narrative(100'000)), ErrorCode::kTooLarge);
}

TEST(XmlReader, StringAtTheLimitAndOneMore_IsJudgedByTheLimit) {
  const auto name = [](std::size_t bytes) {
    return Patient("<name><family value=\"" + std::string(bytes, 'a') + "\"/></name>");
  };
  EXPECT_EQ(Refusal(name(50), {.string_bytes_max = 50}), std::nullopt);
  EXPECT_EQ(Refusal(name(51), {.string_bytes_max = 50}), ErrorCode::kTooLarge);
  EXPECT_EQ(Refusal(name(2 * 1024 * 1024)), ErrorCode::kTooLarge);
  const std::string url(51, 'u');
  EXPECT_EQ(Refusal(Patient(fmt::format(R"(<extension url="{}"><valueString value="a"/></extension>)", url)),
                    {.string_bytes_max = 50}),
            ErrorCode::kTooLarge);
}

TEST(XmlReader, LongBase64AndNarrative_AreBoundedByTheBodyAlone) {
  const std::string data(2 * 1024 * 1024, 'A');
  const std::string binary =
      fmt::format(R"(<Binary xmlns="http://hl7.org/fhir"><contentType value="a/b"/><data value="{}"/></Binary>)", data);
  EXPECT_EQ(Refusal(binary), std::nullopt);
  EXPECT_EQ(Refusal(binary, {.body_bytes_max = binary.size()}), std::nullopt);
  EXPECT_EQ(Refusal(binary, {.body_bytes_max = binary.size() - 1}), ErrorCode::kTooLarge);
  EXPECT_EQ(
      Refusal(Patient(fmt::format(
          R"(<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">{}</div></text>)", data))),
      std::nullopt);
}

/// Processor time of this thread, in seconds.
double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// How many times as long four times the work takes: about 4 when cost is linear, 16 when it is quadratic. The least of
/// three: what else the machine does makes some of them longer.
template <typename Work>
double GrowthOfFourTimes(int count, Work work) {
  work(count);  // whatever is made once
  double least = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < 3; ++attempt) {
    const double start = ProcessorSeconds();
    work(count);
    const double middle = ProcessorSeconds();
    work(4 * count);
    least = std::min(least, (ProcessorSeconds() - middle) / (middle - start));
  }
  return least;
}

TEST(XmlReader, ManyMisplacedElements_CostNoMoreThanSorting) {
  const double growth = GrowthOfFourTimes(8'000, [](int count) {
    std::string content;
    for (int i = 0; i < count; ++i) {
      content += R"(<gender value="male"/><name id="a"/>)";
    }
    IssueList issues;
    const auto document = ReadXml(Patient(content), Limits{}, issues);
    ASSERT_TRUE(document);
    EXPECT_TRUE(issues.truncated());
    EXPECT_EQ(document->root().first_child->name, "name");
  });
  EXPECT_LT(growth, 10);
}

TEST(XmlReader, ManyNamesOfElements_CostGrowsWithTheirNumber) {
  const double growth = GrowthOfFourTimes(25'000, [](int count) {
    std::string content;
    for (int i = 0; i < count; ++i) {
      content += fmt::format("<a{}/>", i);
    }
    EXPECT_EQ(Refusal(Patient(content)), std::nullopt);
  });
  EXPECT_LT(growth, 10);
}

TEST(XmlReader, ManyThreads_ReadAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> good(8);
  for (std::size_t i = 0; i < good.size(); ++i) {
    threads.emplace_back([&good, i] {
      for (int round = 0; round < 50; ++round) {
        good[i] += Refusal(Patient(R"(<name><family value="a&amp;b"/></name>)")) == std::nullopt ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(good, testing::Each(50));
}

}  // namespace
