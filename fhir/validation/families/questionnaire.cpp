#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

/// Where each item stands in reading order.
using Places = std::unordered_map<std::string_view, std::size_t>;

void CollectPlaces(const Node& parent, Places& places, std::size_t& next) {
  for (const Node& item : parent.children()) {
    if (item.name == "item") {
      places.emplace(item.ChildValue("linkId"), next++);
      CollectPlaces(item, places, next);
    }
  }
}

void CheckConditions(const Node& parent, const Places& places, IssueList& issues) {
  for (const Node& item : parent.children()) {
    if (item.name != "item") {
      continue;
    }
    const std::string_view own = item.ChildValue("linkId");
    for (const Node& condition : item.children()) {
      const Node* question = condition.name == "enableWhen" ? condition.Child("question") : nullptr;
      if (question == nullptr) {
        continue;
      }
      const auto place = places.find(question->value);
      if (place == places.end()) {
        Report(item, IssueType::kInvalid, "enableWhen is expected to name a question of this questionnaire", issues);
      } else if (question->value == own) {
        Report(item, IssueType::kInvalid, "enableWhen is expected to name another question", issues);
      } else if (place->second > places.at(own)) {
        Report(item, IssueType::kBusinessRule, "enableWhen is expected to name a question that comes before", issues,
               Severity::kWarning);
      }
    }
    CheckConditions(item, places, issues);
  }
}

}  // namespace

void CheckQuestionnaire(const Node& questionnaire, const FamilyContext& context, IssueList& issues) {
  (void)context;
  Places places;
  std::size_t next = 0;
  CollectPlaces(questionnaire, places, next);
  CheckConditions(questionnaire, places, issues);
}

}  // namespace fhir::validation
