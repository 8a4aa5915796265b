// Patches that would grow without end, each at its limit and one past it.
#include <gtest/gtest.h>

#include <string>

#include "fhir/patch/fhirpath_patch.hpp"
#include "fhir/patch/json_patch.hpp"
#include "tests/fhir/patch/patch_cases.hpp"

namespace {

using fhir::patch::ApplyJsonPatch;
using fhir::patch::FailureKind;
using fhir::patch::PatchLimits;
using fhir::patch::ReadJsonPatch;

std::string Repeated(const std::string& operation, std::size_t count) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + operation;
  }
  return text + "]";
}

TEST(PatchLimits, Operations_AreCounted) {
  const PatchLimits limits{.operations_max = 3};
  const std::string test = R"({"op":"test","path":"","value":1})";
  EXPECT_TRUE(ReadJsonPatch(Repeated(test, 3), limits));
  const auto over = ReadJsonPatch(Repeated(test, 4), limits);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().kind, FailureKind::kTooLarge);

  const auto patient = patch_test::ReadResource(*fhir::json::ReadValue(R"({"resourceType":"Patient"})"));
  const std::string one =
      R"({"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.active"}]})";
  for (const std::size_t count : {3U, 4U}) {
    const auto parameters = patch_test::ReadResource(
        *fhir::json::ReadValue(R"({"resourceType":"Parameters","parameter":)" + Repeated(one, count) + "}"));
    const auto result = fhir::patch::PatchResource(patient.root(), parameters.root(), {}, limits);
    EXPECT_EQ(result.has_value(), count == 3);
    EXPECT_TRUE(result || result.error().kind == FailureKind::kTooLarge);
  }
}

TEST(PatchLimits, CopiesOfCopies_EndAtTheLimitOnTheResult) {
  // Each operation doubles the document: a thousand of them would fill any memory.
  const auto patch = ReadJsonPatch(Repeated(R"({"op":"copy","from":"","path":"/a/-"})", 1000), {});
  ASSERT_TRUE(patch);
  auto document = *fhir::json::ReadValue(R"({"a":["0123456789"]})");
  const auto result = ApplyJsonPatch(*patch, document, {.result_bytes_max = 100'000});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FailureKind::kTooLarge);
  EXPECT_TRUE(result.error().operation);
  EXPECT_LT(fhir::json::WriteValue(document).size(), 100'000U);
}

TEST(PatchLimits, ValuesThatAreMade_AreCountedBeforeTheyAre) {
  // A list of two numbers is three values; a copy makes them again, a move makes none.
  const auto patch = ReadJsonPatch(R"([{"op":"add","path":"/x","value":[1,2]},{"op":"copy","from":"/x","path":"/y"},)"
                                   R"({"op":"move","from":"/y","path":"/z"},{"op":"replace","path":"/z","value":0}])");
  ASSERT_TRUE(patch);
  for (const std::size_t values_max : {7, 6}) {
    auto document = *fhir::json::ReadValue("{}");
    const auto result = ApplyJsonPatch(*patch, document, {.values_made_per_megabyte_max = values_max});
    EXPECT_EQ(result.has_value(), values_max == 7);
    EXPECT_TRUE(result || result.error().kind == FailureKind::kTooLarge);
    EXPECT_TRUE(result || result.error().operation == 3U);
  }
}

TEST(PatchLimits, Depth_IsThatOfTheResult) {
  const PatchLimits limits{.depth_max = 4};
  const auto apply = [&](const char* path) {
    auto document = *fhir::json::ReadValue(R"({"a":{"b":{}}})");
    const auto patch = ReadJsonPatch(std::string(R"([{"op":"add","path":")") + path + R"(","value":{"c":1}}])", limits);
    EXPECT_TRUE(patch);
    return ApplyJsonPatch(*patch, document, limits).has_value();
  };
  EXPECT_TRUE(apply("/a/b/x"));
  const auto over = ReadJsonPatch(R"([{"op":"add","path":"","value":{"a":[[]]}}])", limits);
  EXPECT_FALSE(over);
  auto document = *fhir::json::ReadValue(R"({"a":{"b":{}}})");
  const auto deeper = ReadJsonPatch(R"([{"op":"copy","from":"","path":"/a/b/x"}])", limits);
  ASSERT_TRUE(deeper);
  const auto result = ApplyJsonPatch(*deeper, document, limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FailureKind::kTooLarge);
}

TEST(PatchLimits, InsertionsIntoLongArrays_AreBoundedByTheirWork) {
  const auto patch = ReadJsonPatch(Repeated(R"({"op":"add","path":"/0","value":1})", 3), {});
  ASSERT_TRUE(patch);
  for (const std::size_t items_moved_max : {12U, 11U}) {  // 3 + 4 + 5
    auto document = *fhir::json::ReadValue("[0,0,0]");
    const auto result = ApplyJsonPatch(*patch, document, {.items_moved_max = items_moved_max});
    EXPECT_EQ(result.has_value(), items_moved_max == 12);
    EXPECT_TRUE(result || result.error().kind == FailureKind::kTooLarge);
  }
}

TEST(PatchLimits, CostlyPath_IsRefused) {
  const auto patient = patch_test::ReadResource(
      *fhir::json::ReadValue(R"({"resourceType":"Patient","name":[{"text":"a"},{"text":"b"},{"text":"c"}]})"));
  const auto parameters = patch_test::ReadResource(*fhir::json::ReadValue(
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},)"
      R"({"name":"path","valueString":"Patient.name.where(%resource.name.where(%resource.descendants().count() > 0).exists())[0]"}]}]})"));
  fhir::fhirpath::EvaluationContext context;
  context.steps_max = 20;
  const auto result = fhir::patch::PatchResource(patient.root(), parameters.root(), context);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FailureKind::kTooLarge);
}

TEST(PatchLimits, ElementsThatPathsReach_AreCountedOverAllOperations) {
  const auto patient = patch_test::ReadResource(
      *fhir::json::ReadValue(R"({"resourceType":"Patient","name":[{"text":"a"},{"text":"b"},{"text":"c"}]})"));
  const std::string move =
      R"({"name":"operation","part":[{"name":"type","valueCode":"move"},{"name":"path","valueString":"Patient.name"},)"
      R"({"name":"source","valueInteger":0},{"name":"destination","valueInteger":1}]})";
  const auto parameters = patch_test::ReadResource(
      *fhir::json::ReadValue(R"({"resourceType":"Parameters","parameter":[)" + move + "," + move + "]}"));
  for (const std::size_t elements_max : {6U, 5U}) {
    const auto result =
        fhir::patch::PatchResource(patient.root(), parameters.root(), {}, {.elements_reached_max = elements_max});
    EXPECT_EQ(result.has_value(), elements_max == 6);
    EXPECT_TRUE(result || result.error().kind == FailureKind::kTooLarge);
  }
}

}  // namespace
