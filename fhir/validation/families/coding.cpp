#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/families/snomed.hpp"

namespace fhir::validation {

namespace {

/// Names of the most used code systems, which are easily written with something behind them.
constexpr std::string_view kWholeNames[] = {"http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org",
                                            "http://www.nlm.nih.gov/research/umls/rxnorm"};

/// What is wrong with the name of a code system, for people; empty when nothing is.
/// Source: https://hl7.org/fhir/R4/terminologies-systems.html
std::string_view SystemProblem(std::string_view system) {
  if (!system.starts_with("http:") && !system.starts_with("https:") && !system.starts_with("urn:")) {
    return "an absolute URI is expected as system";
  }
  if (system.starts_with("http://build.fhir.org") || system.starts_with("https://build.fhir.org") ||
      (system.ends_with(".html") && system.find("//hl7.org/fhir") != std::string_view::npos)) {
    return "the canonical URL of the code system is expected as system, not that of a web page";
  }
  if (std::any_of(std::begin(kWholeNames), std::end(kWholeNames), [system](std::string_view name) {
        return system.size() == name.size() + 1 && system.starts_with(name) && system.ends_with('/');
      })) {
    return "the name of the code system is expected as system, with nothing behind it";
  }
  return {};
}

}  // namespace

void CheckCoding(const model::Node& coding, const FamilyContext& context, IssueList& issues) {
  const model::Node* system = coding.Child("system");
  const model::Node* code = coding.Child("code");
  if (system == nullptr || !system->HasValue()) {
    return;
  }
  if (const std::string_view problem = SystemProblem(system->value); !problem.empty()) {
    Report(*system, IssueType::kInvalid, std::string(problem), issues);
    return;
  }
  const bool known = context.registry.Lookup("CodeSystem", system->value).has_value();
  if (!known && context.registry.Lookup("ValueSet", system->value)) {
    Report(*system, IssueType::kInvalid, "a code system is expected as system, not a value set", issues);
    return;
  }
  if (code != nullptr && system->value == kSnomedSystem && !code->value.empty() &&
      code->value.find_first_of(":|+=") == std::string_view::npos && !IsSnomedIdentifier(code->value)) {
    Report(*code, IssueType::kCodeInvalid, "an identifier of SNOMED CT with its check digit is expected", issues);
  }
  const auto loaded = known ? context.terminology.FindCodeSystem(system->value) : nullptr;
  if (loaded != nullptr && loaded->content() == terminology::Content::kSupplement) {
    Report(*system, IssueType::kNotFound, "a code system is expected, not one that supplements another", issues);
  }
}

}  // namespace fhir::validation
