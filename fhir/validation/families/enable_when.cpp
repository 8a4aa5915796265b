#include "fhir/validation/families/enable_when.hpp"

#include <algorithm>
#include <vector>

#include "fhir/validation/families/answer_values.hpp"

namespace fhir::validation {
namespace {

using model::Node;

/// Answers of the items with this linkId, below a part of the response.
void CollectAnswers(const Node& within, std::string_view link_id, bool& found, std::vector<const Node*>& answers) {
  for (const Node& child : within.children()) {
    if (child.name == "answer") {
      CollectAnswers(child, link_id, found, answers);
    } else if (child.name == "item") {
      if (child.ChildValue("linkId") == link_id) {
        found = true;
        for (const Node& answer : child.children()) {
          if (answer.name == "answer" && ChoiceChild(answer, "value") != nullptr) {
            answers.push_back(ChoiceChild(answer, "value"));
          }
        }
      }
      CollectAnswers(child, link_id, found, answers);
    }
  }
}

std::vector<const Node*> AnswersTo(std::string_view link_id, const Node& scope) {
  std::vector<const Node*> answers;
  bool found = false;
  const Node* at = &scope;
  while (!found) {
    CollectAnswers(*at, link_id, found, answers);
    if (at->parent == nullptr || (at->name != "item" && at->name != "answer")) {
      break;
    }
    at = at->parent;
  }
  return answers;
}

bool Holds(std::string_view relation, const Node& answer, const Node& expected) {
  if (relation == "=") {
    return EqualAnswers(answer, expected);
  }
  if (relation == "!=") {
    return !EqualAnswers(answer, expected);
  }
  const auto order = CompareValues(answer, expected);
  if (!order) {
    return false;
  }
  if (relation == "<") {
    return *order < 0;
  }
  if (relation == ">") {
    return *order > 0;
  }
  return relation == "<=" ? *order <= 0 : relation == ">=" && *order >= 0;
}

bool ConditionHolds(const Node& condition, const Node& scope) {
  const std::vector<const Node*> answers = AnswersTo(condition.ChildValue("question"), scope);
  const Node* expected = ChoiceChild(condition, "answer");
  const std::string_view relation = condition.ChildValue("operator");
  if (relation == "exists") {
    return answers.empty() == (expected != nullptr && expected->value == "false");
  }
  return expected != nullptr && std::any_of(answers.begin(), answers.end(),
                                            [&](const Node* answer) { return Holds(relation, *answer, *expected); });
}

}  // namespace

bool IsEnabled(const Node& item, const Node& scope) {
  const bool all = item.ChildValue("enableBehavior") == "all";
  bool any_condition = false;
  for (const Node& condition : item.children()) {
    if (condition.name != "enableWhen") {
      continue;
    }
    any_condition = true;
    if (ConditionHolds(condition, scope) != all) {
      return !all;
    }
  }
  return !any_condition || all;
}

}  // namespace fhir::validation
