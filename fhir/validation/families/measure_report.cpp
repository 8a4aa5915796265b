#include <algorithm>
#include <string_view>
#include <vector>

#include "fhir/packages/registry.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

std::vector<const Node*> Parts(const Node& node, std::string_view name) {
  std::vector<const Node*> found;
  for (const Node& child : node.children()) {
    if (child.name == name) {
      found.push_back(&child);
    }
  }
  return found;
}

/// Two concepts share a coding, or have the same text and no codings.
bool SameConcept(const Node* left, const Node* right) {
  if (left == nullptr || right == nullptr) {
    return left == right;
  }
  for (const Node* mine : Parts(*left, "coding")) {
    for (const Node* theirs : Parts(*right, "coding")) {
      if (mine->ChildValue("code") == theirs->ChildValue("code") &&
          mine->ChildValue("system") == theirs->ChildValue("system")) {
        return true;
      }
    }
  }
  return left->Child("coding") == nullptr && right->Child("coding") == nullptr &&
         left->ChildValue("text") == right->ChildValue("text");
}

const Node* MatchByCode(const Node& part, const std::vector<const Node*>& defined) {
  const auto found = std::find_if(defined.begin(), defined.end(), [&part](const Node* candidate) {
    return SameConcept(part.Child("code"), candidate->Child("code"));
  });
  return found == defined.end() ? nullptr : *found;
}

void CheckPopulations(const Node& group, const Node* defined, std::string_view type, IssueList& issues) {
  for (const Node* population : Parts(group, "population")) {
    if (defined != nullptr && MatchByCode(*population, Parts(*defined, "population")) == nullptr) {
      Report(*population, IssueType::kBusinessRule, "a population of the measure's group is expected", issues);
    }
    if (type != "subject-list" && population->Child("subjectResults") != nullptr) {
      Report(*population, IssueType::kBusinessRule, "subjects are expected in a report of type subject-list alone",
             issues);
    }
  }
}

}  // namespace

void CheckMeasureReport(const Node& report, const FamilyContext& context, IssueList& issues) {
  const std::string_view canonical = report.ChildValue("measure");
  const Node* measure = canonical.empty() ? nullptr : context.registry.Find("Measure", canonical);
  const std::vector<const Node*> defined = measure == nullptr ? std::vector<const Node*>{} : Parts(*measure, "group");
  const Node* scoring = measure == nullptr ? nullptr : measure->Find("scoring.coding.code");
  for (const Node* group : Parts(report, "group")) {
    const Node* match = defined.size() == 1 ? defined.front() : MatchByCode(*group, defined);
    if (measure != nullptr && match == nullptr) {
      Report(*group, IssueType::kBusinessRule, "a group of the measure is expected", issues);
    }
    CheckPopulations(*group, match, report.ChildValue("type"), issues);
    const Node* score = group->Child("measureScore");
    if (score != nullptr && scoring != nullptr && scoring->value == "cohort") {
      Report(*score, IssueType::kBusinessRule, "no score is expected, since the measure counts a cohort", issues);
    }
  }
}

}  // namespace fhir::validation
