// What the worst texts cost the readers and writers of JSON.
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/json/value.hpp"
#include "fhir/json/writer.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

using fuzz::Nested;
using fuzz::Numbered;
using fuzz::Repeated;
using fuzz::Shape;

/// Texts of any JSON.
std::vector<Shape> Plain() {
  return {{"array of numbers", Repeated("[0", ",0", "]")},
          {"array of empty arrays", Repeated("[[]", ",[]", "]")},
          {"array of empty objects", Repeated("[{}", ",{}", "]")},
          {"array of strings", Repeated("[\"\"", ",\"\"", "]")},
          {"array of long numbers", Repeated("[0", ",0.12345678901234567890", "]")},
          {"array of big numbers", Repeated("[0", ",1E400", "]")},
          {"object of many names", Numbered("{\"\":0", ",\"{}\":0", "}")},
          {"arrays in arrays", Nested("[", "", "]")},
          {"objects in objects", Nested("{\"a\":", "0", "}")},
          {"opened and never closed", Repeated("[", "[", "")},
          {"one string", Repeated("[\"", "a", "\"]")},
          {"one string of escapes", Repeated("[\"", "\\u00e9", "\"]")},
          {"one string of pairs", Repeated("[\"", "\\ud83d\\ude00", "\"]")},
          {"one number", Repeated("[0.", "1", "]")},
          {"one name", Repeated("{\"", "a", "\":0}")},
          {"white space", Repeated("[", " ", "]")},
          {"string that does not end", Repeated("[\"", "\\\\", "")}};
}

/// Texts of resources, or nearly.
std::vector<Shape> Resources() {
  const std::string patient = R"({"resourceType":"Patient",)";
  return {{"many empty elements", Repeated(patient + R"("name":[{})", ",{}", "]}")},
          {"many values", Repeated(patient + R"("name":[{"given":["a")", ",\"a\"", "]}]}")},
          {"many nulls", Repeated(patient + R"("name":[{"given":["a")", ",null", "]}]}")},
          {"nulls on both sides", Repeated(patient + R"("name":[{"_given":[null,)", "null,", "{\"id\":\"a\"}]}]}")},
          {"many numbers", Repeated(R"({"resourceType":"Claim","item":[{"careTeamSequence":[1)", ",1", "]}]}")},
          {"numbers where text stands", Repeated(patient + R"("name":[{"given":[0)", ",0", "]}]}")},
          {"a small child each", Repeated(patient + R"("name":[{"use":"a"})", ",{\"use\":\"\"}", "]}")},
          {"many unknown names", Numbered(patient + R"("a":0)", ",\"{}\":0", "}")},
          {"many known extensions", Repeated(patient + R"("extension":[{"url":"a"})", ",{\"url\":\"\"}", "]}")},
          {"unknown deep", patient + R"("a":)" + Nested("[", "", "]") + "}"},
          {"known deep", patient + R"("extension":)" + Nested("[{\"extension\":", "[]", "}]") + "}"},
          {"type last", Repeated(R"({"name":[{})", ",{}", R"(],"resourceType":"Patient"})")},
          {"resources in a bundle",
           Repeated(R"({"resourceType":"Bundle","entry":[{})", R"(,{"resource":{"resourceType":"Basic"}})", "]}")},
          {"contained resources",
           Repeated(patient + R"("contained":[{"resourceType":"Basic"})", R"(,{"resourceType":"Basic"})", "]}")},
          {"a long text", Repeated(patient + R"("text":{"status":"generated","div":")", "a", "\"}}")},
          {"a long text of escapes", Repeated(patient + R"("text":{"status":"generated","div":")", "\\n", "\"}}")},
          {"a narrative of tags",
           Repeated(patient + R"("text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>)",
                    "<b/>", "</div>\"}}")},
          {"a narrative deep",
           Repeated(patient + R"("text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>)",
                    "<b>", "</div>\"}}")},
          {"big numbers", Repeated(R"({"resourceType":"Claim","item":[{"careTeamSequence":[1)", ",1E400", "]}]}")}};
}

TEST(JsonCost, WorstValues_StayWithinBounds) {
  fuzz::ExpectWithinCost(Plain(),
                         [](std::string_view text) {
                           if (const auto value = fhir::json::ReadValue(text, {.bytes_max = text.size()})) {
                             (void)fhir::json::WriteValue(*value);
                           }
                         },
                         {.heap = fuzz::HeapBound::kInProportion});
}

TEST(JsonCost, WorstResources_StayWithinBounds) {
  std::vector<Shape> shapes = Resources();
  for (Shape& shape : Plain()) {
    shapes.push_back(std::move(shape));
  }
  fuzz::ExpectWithinCost(shapes,
                         [](std::string_view text) {
                           fhir::IssueList issues;
                           if (const auto document = fhir::json::ReadJson(text, {}, issues)) {
                             (void)fhir::json::WriteJson(document->root());
                             (void)fhir::json::WriteJson(document->root(), {.pretty = true});
                           }
                         },
                         {.heap = fuzz::HeapBound::kInProportion});
}

}  // namespace
