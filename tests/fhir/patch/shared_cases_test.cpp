// The 16 JSON Patch cases of the shared material, which are about any JSON.
#include <gtest/gtest.h>

#include <filesystem>

#include "fhir/patch/json_patch.hpp"
#include "tests/fhir/patch/patch_cases.hpp"

namespace {

using fhir::json::Value;

TEST(JsonPatchShared, EveryCase_HasTheExpectedOutcome) {
  const std::string path = GW_SOURCE_DIR "/../shared/data/patch/json-patch-tests.json";
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "the shared cases are not here";
  }
  const auto cases = patch_test::ReadCases(path);
  EXPECT_EQ(cases.items().size(), 16U);
  for (const Value& one : cases.items()) {
    const std::string comment(one.FindText("comment"));
    const auto patch = fhir::patch::ReadJsonPatch(fhir::json::WriteValue(*one.Find("patch")));
    ASSERT_TRUE(patch) << comment;
    Value document = *one.Find("doc");
    const auto result = fhir::patch::ApplyJsonPatch(*patch, document);
    const Value* expected = one.Find("expected");
    ASSERT_EQ(result.has_value(), expected != nullptr) << comment;
    if (expected != nullptr) {
      Value step = Value::Object();
      step.Set("op", Value::String("test"));
      step.Set("path", Value::String(""));
      step.Set("value", *expected);
      const auto same = fhir::patch::ReadJsonPatch(fhir::json::WriteValue(Value::Array({step})));
      ASSERT_TRUE(same) << comment;
      EXPECT_TRUE(fhir::patch::ApplyJsonPatch(*same, document)) << comment << ": " << fhir::json::WriteValue(document);
    }
  }
}

}  // namespace
