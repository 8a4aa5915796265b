#include <set>
#include <string_view>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;

/// The types that a parameter of the standard is on; empty when it is not one of the standard's.
std::set<std::string_view> BasesOf(std::string_view url) {
  const Definitions& definitions = Definitions::R4();
  std::set<std::string_view> bases;
  for (const metadata::TypeId type : definitions.ResourceTypes()) {
    for (const metadata::SearchParameter& parameter : definitions.SearchParameters(type)) {
      if (parameter.url == url) {
        bases.insert(definitions.TypeName(parameter.base));
      }
    }
  }
  return bases;
}

}  // namespace

void CheckSearchParameter(const model::Node& parameter, const FamilyContext& context, IssueList& issues) {
  (void)context;
  const std::string_view derived_from = parameter.ChildValue("derivedFrom");
  if (derived_from.empty()) {
    return;
  }
  const std::set<std::string_view> allowed = BasesOf(derived_from);
  for (const model::Node& base : parameter.children()) {
    if (base.name == "base" && !allowed.empty() && !allowed.contains(base.value) && !allowed.contains("Resource") &&
        !allowed.contains("DomainResource")) {
      Report(parameter, IssueType::kBusinessRule,
             "a base of the search parameter that this one is derived from is expected", issues);
    }
  }
}

}  // namespace fhir::validation
