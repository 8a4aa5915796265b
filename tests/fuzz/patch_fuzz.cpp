#include "tests/fuzz/patch_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "fhir/base/issue.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/patch/fhirpath_patch.hpp"
#include "fhir/patch/json_patch.hpp"

namespace fuzz {
namespace {

constexpr std::string_view kPatched =
    R"({"resourceType":"Observation","id":"o","status":"final","contained":[{"resourceType":"Patient","id":"p","active":true}],)"
    R"("code":{"coding":[{"system":"urn:x","code":"a"},{"code":"b","_code":{"id":"i"}}]},"performer":[{"display":"A"},)"
    R"({"display":"B"}],"valueQuantity":{"value":1.50,"unit":"m"},"component":[{"code":{"text":"t"},"valueString":"v"}]})";

void RequirePatch(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

fhir::model::Document ReadPatched(std::string_view text) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(text, {}, issues);
  RequirePatch(document.has_value(), "a resource that was written cannot be read\n");
  return *std::move(document);
}

void CheckOutcome(const fhir::patch::Patched<fhir::model::Document>& result, const fhir::model::Document& before) {
  RequirePatch(fhir::json::WriteJson(before.root()) == kPatched, "the resource itself was changed\n");
  if (!result) {
    RequirePatch(!result.error().text.empty(), "a refusal without a text\n");
    return;
  }
  const std::string written = fhir::json::WriteJson(result->root());
  RequirePatch(fhir::json::WriteJson(ReadPatched(written).root()) == written, "a result is read as another\n");
}

}  // namespace

void TryPatch(std::string_view text) {
  const fhir::patch::PatchLimits limits{.operations_max = 100, .result_bytes_max = 1'000'000};
  const fhir::model::Document before = ReadPatched(kPatched);
  if (const auto patch = fhir::patch::ReadJsonPatch(text, limits)) {
    CheckOutcome(fhir::patch::PatchResource(before.root(), *patch, {}, limits), before);
  } else {
    RequirePatch(!patch.error().text.empty(), "a refusal without a text\n");
  }
  fhir::IssueList issues;
  if (const auto parameters = fhir::json::ReadJson(text, {}, issues)) {
    fhir::fhirpath::EvaluationContext context;
    context.steps_max = 20'000;
    context.items_max = 1'000;
    CheckOutcome(fhir::patch::PatchResource(before.root(), parameters->root(), context, limits), before);
  }
}

}  // namespace fuzz
