#include <string_view>

#include <fmt/format.h>

#include "fhir/validation/families/families.hpp"
#include "fhir/validation/families/search_definition.hpp"

namespace fhir::validation {
namespace {

using model::Node;

void CheckSearchParam(const Node& parameter, const FamilyContext& context, IssueList& issues) {
  const std::string_view canonical = parameter.ChildValue("definition");
  if (canonical.empty()) {
    return;
  }
  const SearchDefinition definition = FindSearchDefinition(canonical, context);
  if (!definition.type.empty() && definition.type != parameter.ChildValue("type")) {
    Report(parameter, IssueType::kInvalid,
           fmt::format("the type {} is expected, which the search parameter has", definition.type), issues);
  }
}

}  // namespace

void CheckCapabilityStatement(const Node& statement, const FamilyContext& context, IssueList& issues) {
  for (const Node& rest : statement.children()) {
    for (const Node& resource : rest.children()) {
      for (const Node& parameter : resource.children()) {
        if (rest.name == "rest" && resource.name == "resource" && parameter.name == "searchParam") {
          CheckSearchParam(parameter, context, issues);
        }
      }
    }
  }
}

}  // namespace fhir::validation
