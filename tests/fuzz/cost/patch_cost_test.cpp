// What the worst patches cost: long ones, and short ones that make much of little.
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/patch/fhirpath_patch.hpp"
#include "fhir/patch/json_patch.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

namespace patch = fhir::patch;
using fuzz::Nested;
using fuzz::Repeated;
using fuzz::Shape;

fhir::model::Document Read(std::string_view text) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(text, {}, issues);
  EXPECT_TRUE(document.has_value());
  return *std::move(document);
}

fhir::model::Document Small() {
  return Read(R"({"resourceType":"Patient","id":"p","active":true,"name":[{"family":"A","given":["B"]}]})");
}

fhir::model::Document Large() {
  return Read(Repeated(R"({"resourceType":"Patient","name":[{"given":["a")", ",\"a\"", "]}]}"));
}

void ApplyJson(std::string_view text, const fhir::model::Document& before) {
  const auto steps = patch::ReadJsonPatch(text);
  if (!steps) {
    return;
  }
  if (const auto after = patch::PatchResource(before.root(), *steps, fhir::Limits{})) {
    (void)fhir::json::WriteJson(after->root());
  }
}

void ApplyFhirPath(std::string_view text, const fhir::model::Document& before) {
  fhir::IssueList issues;
  const auto parameters = fhir::json::ReadJson(text, {}, issues);
  if (!parameters) {
    return;
  }
  if (const auto after = patch::PatchResource(before.root(), parameters->root(), {})) {
    (void)fhir::json::WriteJson(after->root());
  }
}

/// `count` times the operation, as a patch.
std::string Times(std::string_view operation, int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) {
    text.append(i == 0 ? "" : ",").append(operation);
  }
  return text + "]";
}

constexpr std::size_t kPatchMegabyte = 1024 * 1024;

/// A list of two small objects, each time put into itself twice.
std::string Doubled(int times) {
  return R"([{"op":"add","path":"/x","value":[{"a":0},{"a":0}]},)" +
         Times(R"({"op":"copy","from":"/x","path":"/x/-"})", times).substr(1);
}

std::vector<Shape> JsonPatches() {
  return {{"many operations", Repeated("[{}", R"(,{"op":"remove","path":"/a"})", "]")},
          {"no operation", Repeated("[{}", ",{}", "]")},
          {"many members", Repeated(R"([{"op":"remove","path":"/active","a":[0)", ",0", "]}]")},
          {"a path of many parts", Repeated(R"([{"op":"remove","path":")", "/a", "\"}]")},
          {"a path of escapes", Repeated(R"([{"op":"remove","path":"/)", "~1", "\"}]")},
          {"a large value, read and tested", Repeated(R"([{"op":"test","path":"/name","value":[0)", ",0", "]}]")},
          {"a list of strings as one value",
           Repeated(R"([{"op":"add","path":"/name","value":["a")", ",\"a\"", "]}]", kPatchMegabyte)},
          {"a list of small objects as one value",
           Repeated(R"([{"op":"add","path":"/name","value":[{"a":0})", ",{\"a\":0}", "]}]", kPatchMegabyte)},
          {"a list of small objects that is taken", Repeated(R"([{"op":"add","path":"/name","value":[{"id":"a"})",
                                                             ",{\"id\":\"a\"}", "]}]", kPatchMegabyte / 2)},
          {"a list doubled again and again", Doubled(999)},
          {"a list doubled until the budget", Doubled(17)},
          {"a deep value", R"([{"op":"add","path":"/name","value":)" + Nested("[", "", "]") + "}]"},
          {"doubled, a list in itself", Times(R"({"op":"copy","from":"/name","path":"/name/0/name"})", 999)},
          {"a list grown by its first", Times(R"({"op":"copy","from":"/name/0","path":"/name/-"})", 999)},
          {"a list grown at its front", Times(R"({"op":"copy","from":"/name/0","path":"/name/0"})", 999)},
          {"moved to and fro", Times(R"({"op":"move","from":"/name/0/given/0","path":"/name/0/given/-"})", 999)},
          {"tested", Times(R"({"op":"test","path":"/name","value":[]})", 999)},
          {"the whole, copied into itself", Times(R"({"op":"copy","from":"","path":"/a"})", 999)},
          {"tiny elements, doubled",
           R"([{"op":"add","path":"/x","value":[)" + Repeated("{}", ",{}", "", 4096) + "]}," +
               Times(R"({"op":"copy","from":"/x","path":"/y"},{"op":"add","path":"/x/-","value":[]},)"
                     R"({"op":"move","from":"/y","path":"/x/0"},{"op":"copy","from":"/x/0","path":"/x/-"})",
                     200)
                   .substr(1)}};
}

std::string FhirPathPatch(std::string_view operation, int count) {
  std::string text = R"({"resourceType":"Parameters","parameter":[)";
  for (int i = 0; i < count; ++i) {
    text.append(i == 0 ? "" : ",").append(operation);
  }
  return text + "]}";
}

std::vector<Shape> FhirPathPatches() {
  const auto operation = [](std::string_view type, std::string_view path, std::string_view more) {
    std::string text = R"({"name":"operation","part":[{"name":"type","valueCode":")";
    text.append(type).append(R"("},{"name":"path","valueString":")").append(path).append("\"}").append(more);
    return text + "]}";
  };
  const std::string name = R"(,{"name":"name","valueString":"name"},{"name":"value","valueHumanName":{"family":"A"}})";
  const std::string given = R"(,{"name":"name","valueString":"given"},{"name":"value","valueString":"A"})";
  return {{"many parts", Repeated(R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[{})",
                                  ",{\"name\":\"a\"}", "]}]}")},
          {"names added", FhirPathPatch(operation("add", "Patient", name), 999)},
          {"givens added", FhirPathPatch(operation("add", "Patient.name.first()", given), 999)},
          {"deleted one by one", FhirPathPatch(operation("delete", "Patient.name.given.first()", ""), 999)},
          {"deleted and not there", FhirPathPatch(operation("delete", "Patient.photo", ""), 999)},
          {"moved", FhirPathPatch(operation("move", "Patient.name.first().given",
                                            R"(,{"name":"source","valueInteger":0},)"
                                            R"({"name":"destination","valueInteger":1})"),
                                  999)},
          {"inserted", FhirPathPatch(operation("insert", "Patient.name.first().given",
                                               R"(,{"name":"index","valueInteger":0},)"
                                               R"({"name":"value","valueString":"A"})"),
                                     999)},
          {"a costly path", FhirPathPatch(operation("delete", "Patient.descendants().descendants()", ""), 999)},
          {"a long path", FhirPathPatch(operation("delete", Repeated("Patient", ".name", "", 60000), ""), 16)}};
}

TEST(PatchCost, WorstJsonPatches_StayWithinBounds) {
  const auto small = Small();
  fuzz::ExpectWithinCost(JsonPatches(), [&](std::string_view text) { ApplyJson(text, small); });
  const auto large = Large();
  fuzz::ExpectWithinCost(JsonPatches(), [&](std::string_view text) { ApplyJson(text, large); },
                         {.other_bytes = fuzz::kShapeBytes});
}

TEST(PatchCost, WorstFhirPathPatches_StayWithinBounds) {
  const auto small = Small();
  fuzz::ExpectWithinCost(FhirPathPatches(), [&](std::string_view text) { ApplyFhirPath(text, small); });
  const auto large = Large();
  fuzz::ExpectWithinCost(FhirPathPatches(), [&](std::string_view text) { ApplyFhirPath(text, large); },
                         {.other_bytes = fuzz::kShapeBytes});
}

}  // namespace
