#include <memory>
#include <string>
#include <string_view>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

/// Only a code system whose codes are all there can say that a code is none of its.
std::shared_ptr<const terminology::CodeSystem> CompleteSystem(const Node& group, std::string_view side,
                                                              const FamilyContext& context) {
  const std::string_view url = group.ChildValue(side);
  auto system =
      url.empty() || !context.registry.Lookup("CodeSystem", url) ? nullptr : context.terminology.FindCodeSystem(url);
  return system != nullptr && system->content() == terminology::Content::kComplete ? system : nullptr;
}

void CheckCode(const Node& mapped, const terminology::CodeSystem* system, std::string_view which, IssueList& issues) {
  const Node* code = mapped.Child("code");
  if (system != nullptr && code != nullptr && code->HasValue() && system->Find(code->value) == nullptr) {
    Report(*code, IssueType::kRequired, std::string("a code of the ") + std::string(which) + " system is expected",
           issues);
  }
}

void CheckScope(const Node& map, std::string_view name, const FamilyContext& context, IssueList& issues) {
  const Node* scope = map.Child(name);
  if (scope != nullptr && scope->HasValue() && !context.registry.Lookup("ValueSet", scope->value) &&
      context.registry.Lookup("CodeSystem", scope->value)) {
    Report(*scope, IssueType::kInvalid, "a value set is expected, not a code system", issues);
  }
}

}  // namespace

void CheckConceptMap(const Node& map, const FamilyContext& context, IssueList& issues) {
  for (const std::string_view name : {"sourceUri", "targetUri"}) {  // canonicals are judged as such everywhere
    CheckScope(map, name, context, issues);
  }
  for (const Node& group : map.children()) {
    if (group.name != "group") {
      continue;
    }
    const auto source = CompleteSystem(group, "source", context);
    const auto target = CompleteSystem(group, "target", context);
    for (const Node& element : group.children()) {
      if (element.name != "element") {
        continue;
      }
      CheckCode(element, source.get(), "source", issues);
      for (const Node& mapped : element.children()) {
        if (mapped.name == "target") {
          CheckCode(mapped, target.get(), "target", issues);
        }
      }
    }
  }
}

}  // namespace fhir::validation
