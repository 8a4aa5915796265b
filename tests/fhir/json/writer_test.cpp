#include "fhir/json/writer.hpp"

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"

namespace {

fhir::model::Document ReadForWriting(std::string_view text) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(text, fhir::Limits{}, issues);
  EXPECT_TRUE(document) << document.error().public_text.text;
  EXPECT_TRUE(issues.empty());
  return std::move(*document);
}

TEST(JsonWriter, CompactInput_WrittenBack_IsByteForByteTheSame) {
  const std::string text =
      R"({"resourceType":"Patient","id":"p","_birthDate":{"extension":[{"url":"http://x.test/e","valueDecimal":1.00}]},)"
      R"("name":[{"family":"Îlot \"d'Or\"\\\n","given":["A",null],"_given":[null,{"id":"g"}]}],)"
      R"("contained":[{"resourceType":"Organization","id":"o","active":false}]})";
  EXPECT_EQ(fhir::json::WriteJson(ReadForWriting(text).root()), text);
}

TEST(JsonWriter, TwinsFarApart_AreWrittenTogetherAndAligned) {
  const std::string text =
      R"({"_gender":{"id":"g"},"name":[{"_given":[{"id":"1"},null,{"id":"3"}],"text":"t","given":["a","b"]}],)"
      R"("active":true,"gender":"male","resourceType":"Patient"})";
  EXPECT_EQ(fhir::json::WriteJson(ReadForWriting(text).root()),
            R"({"resourceType":"Patient","gender":"male","_gender":{"id":"g"},"name":[{"given":["a","b",null],)"
            R"("_given":[{"id":"1"},null,{"id":"3"}],"text":"t"}],"active":true})");
}

TEST(JsonWriter, TwinAfterOtherElements_JoinsItsValues) {
  const std::string text =
      R"({"resourceType":"Patient","name":[{"given":["a"],"family":"f","_given":[null,{"id":"2"}]}]})";
  EXPECT_EQ(fhir::json::WriteJson(ReadForWriting(text).root()),
            R"({"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"2"}],"family":"f"}]})");
}

TEST(JsonWriter, Pretty_OneMemberALine) {
  EXPECT_EQ(fhir::json::WriteJson(ReadForWriting(R"({"resourceType":"Patient","name":[{"given":["a"]}]})").root(),
                                  {.pretty = true}),
            "{\n  \"resourceType\": \"Patient\",\n  \"name\": [\n    {\n      \"given\": [\n        \"a\"\n      ]\n"
            "    }\n  ]\n}\n");
}

TEST(JsonWriter, Stored_ReplacesIdAndVersion_KeepsOtherMeta) {
  const auto document =
      ReadForWriting(R"({"resourceType":"Patient","active":true,"meta":{"versionId":"7","profile":["http://x.test/p"],)"
                     R"("lastUpdated":"2020-01-01T00:00:00Z","tag":[{"code":"t"}]},"id":"old"})");
  EXPECT_EQ(
      fhir::json::WriteStored(document.root(), {.id = "p1", .version = 2, .last_updated = "2024-05-15T10:00:00.123Z"}),
      R"({"resourceType":"Patient","id":"p1","meta":{"versionId":"2","lastUpdated":"2024-05-15T10:00:00.123Z",)"
      R"("profile":["http://x.test/p"],"tag":[{"code":"t"}]},"active":true})");
}

TEST(JsonWriter, Stored_WithoutIdAndMeta_AddsThem) {
  EXPECT_EQ(fhir::json::WriteStored(ReadForWriting(R"({"resourceType":"Patient","active":true})").root(),
                                    {.id = "a", .version = 1, .last_updated = "2024-05-15T10:00:00Z"}),
            R"({"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2024-05-15T10:00:00Z"},)"
            R"("active":true})");
}

TEST(JsonWriter, Quoting_ControlCharactersAndUnicode_FollowTheRules) {
  std::string out;
  fhir::json::AppendQuoted(out, std::string_view("\b\f\n\r\t\"\\/\x1f\x7f é", 13));
  EXPECT_EQ(out, "\"\\b\\f\\n\\r\\t\\\"\\\\/\\u001f\x7f é\"");
}

}  // namespace
