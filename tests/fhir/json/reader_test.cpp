#include "fhir/json/reader.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/value.hpp"

namespace {

using fhir::ErrorCode;
using fhir::IssueList;
using fhir::Limits;
using fhir::json::ReadJson;
using fhir::json::Value;
using testing::HasSubstr;

Value TestTable(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(GW_SOURCE_DIR) + "/tests/data/json/" + name, std::ios::binary).rdbuf();
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

TEST(JsonReader, RefusalTable_EachCase_GivesItsCodeAndPlace) {
  const Value table = TestTable("refusals.json");
  EXPECT_GT(table.items().size(), 35u);
  for (const Value& row : table.items()) {
    SCOPED_TRACE(row.FindText("name"));
    const bool hex = row.Find("hex") != nullptr;
    const std::string text = hex ? FromHex(row.FindText("hex")) : std::string(row.FindText("text"));
    IssueList issues;
    const auto document = ReadJson(text, Limits{}, issues);
    ASSERT_FALSE(document);
    const std::string& said = document.error().public_text.text;
    EXPECT_EQ(Name(document.error().code), row.FindText("code")) << said;
    if (const Value* offset = row.Find("offset")) {
      EXPECT_TRUE(said.ends_with(fmt::format("at byte {}", offset->text()))) << said;
    }
    EXPECT_THAT(said, HasSubstr(std::string(row.FindText("says"))));
  }
}

TEST(JsonReader, ByteOrderMark_IsNamed_AtByteZero) {
  const auto refusal = [](std::string_view text) {
    IssueList issues;
    return ReadJson(text, {}, issues).error().public_text.text;
  };
  EXPECT_EQ(refusal("\xEF\xBB\xBF{\"resourceType\":\"Basic\"}"),
            "not valid JSON: a byte order mark is not allowed at byte 0");
  for (const std::string_view utf16 : {"\xFF\xFE{", "\xFE\xFF"}) {
    EXPECT_EQ(refusal(utf16), "not valid JSON: UTF-8 without a byte order mark is expected, not UTF-16 at byte 0");
  }
}

TEST(JsonReader, IssueTable_EachCase_IsReportedAndReadingGoesOn) {
  const Value table = TestTable("issues.json");
  EXPECT_GT(table.items().size(), 20u);
  for (const Value& row : table.items()) {
    SCOPED_TRACE(row.FindText("name"));
    IssueList issues;
    const auto document = ReadJson(row.FindText("text"), Limits{}, issues);
    ASSERT_TRUE(document) << document.error().public_text.text;
    const auto& expected = row.Find("issues")->items();
    ASSERT_EQ(issues.issues().size(), expected.size())
        << (issues.empty() ? std::string() : issues.issues().back().text);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(issues.issues()[i].expression, expected[i].FindText("expression"));
      EXPECT_THAT(issues.issues()[i].text, HasSubstr(std::string(expected[i].FindText("says"))));
      EXPECT_TRUE(issues.issues()[i].offset.has_value());
    }
  }
}

TEST(JsonReader, ResourceTypeLast_ContainedToo_IsRead) {
  IssueList issues;
  const auto document = ReadJson(
      R"( { "contained" : [ { "name" : "a \"resourceType\": x" , "resourceType" : "Organization" } ] , "active":true,
           "extension":[{"url":"u","valueString":"resourceType"}], "resourceType" : "Patient" } )",
      Limits{}, issues);
  ASSERT_TRUE(document) << document.error().public_text.text;
  EXPECT_TRUE(issues.empty());
  EXPECT_EQ(document->type_name(), "Patient");
  EXPECT_EQ(document->root().FindValue("contained.name"), "a \"resourceType\": x");
  EXPECT_EQ(document->root().ChildValue("active"), "true");
}

TEST(JsonReader, Numbers_AnySize_KeepTheirText) {
  const std::string long_number = "1" + std::string(400, '0');
  for (const std::string& number : {std::string("1.00"), std::string("1E400"), std::string("-1.2e-999"),
                                    std::string("1.2E+2"), std::string("1e-22"), long_number, std::string("0.10")}) {
    IssueList issues;
    const auto document =
        ReadJson(R"({"resourceType":"Observation","valueQuantity":{"value":)" + number + R"(,"unit":"1E999"}})",
                 Limits{}, issues);
    ASSERT_TRUE(document) << number;
    EXPECT_TRUE(issues.empty());
    EXPECT_EQ(document->root().FindValue("valueQuantity.value"), number);
    EXPECT_EQ(document->root().FindValue("valueQuantity.unit"), "1E999");
  }
}

TEST(JsonReader, Escapes_AreResolved) {
  IssueList issues;
  const auto document = ReadJson(R"({"resourceTyp\u0065":"Patient","id":"\u00e9\ud83d\ude00\/\n"})", Limits{}, issues);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->id(), "é😀/\n");
}

TEST(JsonReader, Offsets_OfStringsWithEscapes_AreThoseOfTheirQuotes) {
  const std::string text =
      R"({"resourceType":"Patient","active":"a\\\"b\\","birthDate":true,"\u0063olour":1,"gender":"\\\\","x\"":"y"})";
  IssueList issues;
  const auto document = ReadJson(text, Limits{}, issues);
  ASSERT_TRUE(document) << document.error().public_text.text;
  ASSERT_EQ(issues.issues().size(), 4u);
  EXPECT_EQ(issues.issues()[0].offset, text.find(R"("a\\\"b\\")"));
  EXPECT_EQ(issues.issues()[1].offset, text.find("true"));
  EXPECT_EQ(issues.issues()[2].offset, text.find(R"("\u0063olour")"));
  EXPECT_EQ(issues.issues()[3].offset, text.find(R"("x\"")"));
  EXPECT_EQ(document->root().Child("gender")->source_offset, text.find(R"("\\\\")"));
}

TEST(JsonReader, Depth_AtAndPastTheLimit_AcceptsAndRefuses) {
  // Each extension nests one array and one object.
  const auto nested = [](int levels) {
    std::string text = R"({"resourceType":"Patient")";
    for (int i = 0; i < levels; ++i) {
      text += R"(,"extension":[{"url":"u")";
    }
    for (int i = 0; i < levels; ++i) {
      text += "}]";
    }
    return text + "}";
  };
  const Limits limits{.depth_max = 21};
  IssueList issues;
  EXPECT_TRUE(ReadJson(nested(10), limits, issues));
  const auto deep = ReadJson(nested(11), limits, issues);
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, ErrorCode::kTooLarge);
}

TEST(JsonReader, HundredThousandLevels_AreRefusedAtOnce) {
  for (const std::string& start : {std::string(), std::string(R"({"resourceType":"Patient","name":)"),
                                   std::string(R"({"resourceType":"Patient","unknown":)")}) {
    IssueList issues;
    const auto document = ReadJson(start + std::string(100'000, '['), Limits{}, issues);
    ASSERT_FALSE(document);
    EXPECT_EQ(document.error().code, ErrorCode::kTooLarge);
  }
}

TEST(JsonReader, BodySize_AtAndPastTheLimit_AcceptsAndRefuses) {
  const std::string text = R"({"resourceType":"Patient"})";
  IssueList issues;
  EXPECT_TRUE(ReadJson(text, {.body_bytes_max = text.size()}, issues));
  const auto large = ReadJson(text, {.body_bytes_max = text.size() - 1}, issues);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
}

TEST(JsonReader, StringSize_AtAndPastTheLimit_AcceptsAndRefuses) {
  const Limits limits{.string_bytes_max = 10};
  const auto read = [&](std::string_view head, std::size_t bytes, std::string_view tail) {
    IssueList issues;
    return ReadJson(std::string(head) + std::string(bytes, 'a') + std::string(tail), limits, issues);
  };
  const std::string_view family = R"({"resourceType":"Patient","name":[{"family":")";
  EXPECT_TRUE(read(family, 10, R"("}]})"));
  const auto large = read(family, 11, R"("}]})");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(large.error().expression, "Patient.name[0].family");
  EXPECT_TRUE(read(R"({"resourceType":"Binary","data":")", 1000, R"("})"));
  EXPECT_TRUE(read(R"({"resourceType":"Patient","text":{"div":")", 1000, R"("}})"));
}

TEST(JsonReader, ManyKeys_AreCheckedForRepeatsWithoutQuadraticWork) {
  std::string text = R"({"resourceType":"Patient")";
  for (int i = 0; i < 100'000; ++i) {
    text += fmt::format(R"(,"k{}":0)", i);
  }
  IssueList issues;
  EXPECT_TRUE(ReadJson(text + "}", Limits{}, issues));
  EXPECT_TRUE(issues.truncated());
  const auto repeated = ReadJson(text + R"(,"k50000":0})", Limits{}, issues);
  ASSERT_FALSE(repeated);
  EXPECT_EQ(repeated.error().code, ErrorCode::kMalformed);
}

TEST(JsonReader, Errors_NeverQuoteValues) {
  IssueList issues;
  ASSERT_TRUE(ReadJson(R"({"resourceType":"Patient","birthDate":{"x":"SECRET"},"SECRET VALUE":1,"active":"SECRET"})",
                       Limits{}, issues));
  EXPECT_EQ(issues.issues().size(), 3u);
  for (const fhir::Issue& issue : issues.issues()) {
    EXPECT_THAT(issue.text + issue.expression, testing::Not(HasSubstr("SECRET")));
  }
}

}  // namespace
