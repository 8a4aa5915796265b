#include "fhir/patch/fhirpath_patch.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/fhir/patch/patch_cases.hpp"

namespace {

using fhir::json::Value;

/// {type, path, name, value, index …} as the Parameters that says the same.
Value Parameters(const Value& operations) {
  std::vector<Value> parameters;
  for (const Value& operation : operations.items()) {
    std::vector<Value> parts;
    for (const auto& member : operation.members()) {
      Value part = Value::Object();
      part.Set("name", Value::String(member.name));
      if (member.value.IsObject()) {
        for (const auto& inner : member.value.members()) {
          part.Set(inner.name, inner.value);
        }
      } else {
        const std::string key = member.name == "type"     ? "valueCode"
                                : member.value.IsString() ? "valueString"
                                                          : "valueInteger";
        part.Set(key, member.value);
      }
      parts.push_back(std::move(part));
    }
    Value parameter = Value::Object();
    parameter.Set("name", Value::String("operation"));
    parameter.Set("part", Value::Array(std::move(parts)));
    parameters.push_back(std::move(parameter));
  }
  Value result = Value::Object();
  result.Set("resourceType", Value::String("Parameters"));
  result.Set("parameter", Value::Array(std::move(parameters)));
  return result;
}

TEST(FhirPathPatch, CaseFile_GivesTheExpectedResourceOrFailure) {
  const auto cases = patch_test::ReadCases(GW_SOURCE_DIR "/tests/data/patch/fhirpath_patch.json");
  EXPECT_GT(cases.items().size(), 35U);
  for (const auto& one : cases.items()) {
    const auto document = patch_test::ReadResource(*one.Find("doc"));
    const auto parameters = patch_test::ReadResource(Parameters(*one.Find("operations")));
    patch_test::ExpectOutcome(one, fhir::patch::PatchResource(document.root(), parameters.root(), {}), document);
  }
}

TEST(FhirPathPatch, OtherResources_AreNoPatch) {
  const auto patient = patch_test::ReadResource(*fhir::json::ReadValue(R"({"resourceType":"Patient"})"));
  const auto result = fhir::patch::PatchResource(patient.root(), patient.root(), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, fhir::patch::FailureKind::kMalformed);
}

}  // namespace
