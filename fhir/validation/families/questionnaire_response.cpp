#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/validation/expression.hpp"
#include "fhir/validation/families/answer.hpp"
#include "fhir/validation/families/answer_values.hpp"
#include "fhir/validation/families/enable_when.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

constexpr std::string_view kMinOccurs = "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs";
constexpr std::string_view kMaxOccurs = "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs";
constexpr std::size_t kLevelsMax = 100;

std::vector<const Node*> ChildrenCalled(const Node& node, std::string_view name) {
  std::vector<const Node*> found;
  for (const Node& child : node.children()) {
    if (child.name == name) {
      found.push_back(&child);
    }
  }
  return found;
}

bool HasItem(const Node& within, std::string_view link_id) {
  const auto items = within.children();
  return std::any_of(items.begin(), items.end(), [link_id](const Node& item) {
    return item.name == "item" && (item.ChildValue("linkId") == link_id || HasItem(item, link_id));
  });
}

class ResponseChecker {
 public:
  ResponseChecker(const Node& questionnaire, bool in_progress, const FamilyContext& context, IssueList& issues)
      : questionnaire_(questionnaire),
        missing_(in_progress ? Severity::kWarning : Severity::kError),
        context_(context),
        issues_(issues) {}

  /// Checks the items below `answered` (the response, an item or an answer) against those below `asked`.
  void Items(const Node& asked, const Node& answered, std::size_t level) {
    if (level > kLevelsMax) {
      return;
    }
    const std::vector<const Node*> questions = ChildrenCalled(asked, "item");
    std::size_t index = 0;
    std::map<std::string_view, std::vector<const Node*>> by_link;
    std::size_t last = 0;
    for (const Node* item : ChildrenCalled(answered, "item")) {
      const std::string_view link_id = item->ChildValue("linkId");
      const auto found = std::find_if(questions.begin(), questions.end(), [link_id](const Node* question) {
        return question->ChildValue("linkId") == link_id;
      });
      const std::size_t at = index++;
      if (link_id.empty()) {
        continue;  // the definition asks for it
      }
      if (found == questions.end()) {
        Unplaced(*item, link_id, at);
        continue;
      }
      const auto position = static_cast<std::size_t>(found - questions.begin());
      if (position < last) {
        Report(*item, IssueType::kStructure,
               fmt::format("items are expected in the order of the questionnaire: {} before", LinkId(**found)),
               issues_);
      }
      last = position;
      by_link[link_id].push_back(item);
    }
    for (const Node* question : questions) {
      Question(*question, answered, by_link[question->ChildValue("linkId")], level);
    }
  }

 private:
  /// For people: "linkId 1.2". It is the questionnaire's, and says nothing of a patient.
  static std::string LinkId(const Node& question) { return fmt::format("linkId {}", question.ChildValue("linkId")); }

  void Unplaced(const Node& item, std::string_view link_id, std::size_t index) {
    if (HasItem(questionnaire_, link_id)) {
      Report(item, IssueType::kStructure, "the item is expected at the place of its question", issues_);
    } else {
      issues_.AddAt(ExpressionOf(*item.parent), Severity::kError, IssueType::kNotFound,
                    fmt::format("a linkId of the questionnaire is expected in item[{}]", index), item.source_offset);
    }
  }

  void Question(const Node& question, const Node& scope, const std::vector<const Node*>& items, std::size_t level) {
    const bool enabled = IsEnabled(question, scope);
    if (items.empty()) {
      if (enabled && question.ChildValue("required") == "true" && question.ChildValue("type") != "display") {
        Report(scope, IssueType::kRequired,
               fmt::format("an answer to a required question is expected ({})", LinkId(question)), issues_, missing_);
      }
      return;
    }
    if (items.size() > 1 && question.ChildValue("repeats") != "true") {
      Report(*items[1], IssueType::kInvalid,
             fmt::format("one item is expected for a question that does not repeat ({})", LinkId(question)), issues_);
    }
    for (const Node* item : items) {
      if (!enabled && (item->Child("answer") != nullptr || item->Child("item") != nullptr)) {
        Report(*item, IssueType::kInvalid,
               fmt::format("no answer is expected, since the question is not enabled ({})", LinkId(question)), issues_);
      }
      Item(question, *item, enabled, level);
    }
  }

  void Item(const Node& question, const Node& item, bool enabled, std::size_t level) {
    const std::string_view type = question.ChildValue("type");
    const std::vector<const Node*> answers = ChildrenCalled(item, "answer");
    const std::string_view text = item.ChildValue("text");
    if (!text.empty() && text != question.ChildValue("text")) {
      Report(item, IssueType::kInvalid, fmt::format("the text of the question is expected ({})", LinkId(question)),
             issues_);
    }
    const bool has_items = item.Child("item") != nullptr;
    if (type == "group" || type == "display") {
      if (!answers.empty()) {
        Report(item, IssueType::kStructure,
               fmt::format("no answer is expected to an item of type {} ({})", type, LinkId(question)), issues_);
      }
      if (type == "display") {
        if (has_items) {
          Report(item, IssueType::kStructure,
                 fmt::format("no items are expected in an item of type display ({})", LinkId(question)), issues_);
        }
        return;
      }
      if (!has_items && answers.empty() && enabled && question.ChildValue("required") == "true") {
        Report(item, IssueType::kInvariant,
               fmt::format("items are expected in a required group ({})", LinkId(question)), issues_, missing_);
      }
      Items(question, item, level + 1);
      return;
    }
    if (has_items) {
      Report(item, IssueType::kStructure,
             fmt::format("items of a question are expected in its answer ({})", LinkId(question)), issues_);
    }
    Occurrences(question, item, answers, enabled);
    for (const Node* answer : answers) {
      CheckAnswer(question, *answer, context_, issues_);
      Items(question, *answer, level + 1);
    }
  }

  void Occurrences(const Node& question, const Node& item, const std::vector<const Node*>& answers, bool enabled) {
    if (enabled && answers.empty() && question.ChildValue("required") == "true") {
      Report(item, IssueType::kRequired,
             fmt::format("an answer to a required question is expected ({})", LinkId(question)), issues_, missing_);
    }
    const Node* least = ValueOfExtension(question, kMinOccurs);
    const Node* most = ValueOfExtension(question, kMaxOccurs);
    if (enabled && least != nullptr && answers.size() < NumberOf(*least, 0)) {
      Report(item, IssueType::kInvalid,
             fmt::format("at least {} answers are expected ({})", least->value, LinkId(question)), issues_, missing_);
    }
    if (most != nullptr && answers.size() > NumberOf(*most, answers.size())) {
      Report(item, IssueType::kInvalid,
             fmt::format("at most {} answers are expected ({})", most->value, LinkId(question)), issues_);
    }
    if (answers.size() > 1 && question.ChildValue("repeats") != "true") {
      Report(item, IssueType::kInvalid,
             fmt::format("one answer is expected to a question that does not repeat ({})", LinkId(question)), issues_);
    }
  }

  static std::size_t NumberOf(const Node& node, std::size_t otherwise) {
    std::size_t number = 0;
    const auto parsed = std::from_chars(node.value.data(), node.value.data() + node.value.size(), number);
    return parsed.ec == std::errc{} ? number : otherwise;
  }

  const Node& questionnaire_;
  Severity missing_;
  const FamilyContext& context_;
  IssueList& issues_;
};

const Node* FindQuestionnaire(const Node& response, std::string_view canonical, const FamilyContext& context) {
  if (canonical.starts_with('#')) {
    for (const Node& contained : response.children()) {
      if (contained.name == "contained" && contained.ChildValue("id") == canonical.substr(1)) {
        return &contained;
      }
    }
    return nullptr;
  }
  const Node* found = context.registry.Find("Questionnaire", canonical);
  if (found != nullptr || !context.resolve) {
    return found;
  }
  found = context.resolve(response, canonical);
  return found != nullptr && metadata::Definitions::R4().TypeName(found->type) == "Questionnaire" ? found : nullptr;
}

}  // namespace

void CheckQuestionnaireResponse(const Node& response, const FamilyContext& context, IssueList& issues) {
  const Node* reference = response.Child("questionnaire");
  if (reference == nullptr || !reference->HasValue()) {
    Report(response, IssueType::kRequired,
           "the questionnaire is expected to be named: without it the answers are not checked", issues,
           Severity::kWarning);
    return;
  }
  const Node* questionnaire = FindQuestionnaire(response, reference->value, context);
  if (questionnaire == nullptr) {
    Report(response, IssueType::kRequired, "the questionnaire is not loaded, so that the answers are not checked",
           issues, Severity::kWarning);
    return;
  }
  ResponseChecker(*questionnaire, response.ChildValue("status") == "in-progress", context, issues)
      .Items(*questionnaire, response, 0);
}

}  // namespace fhir::validation
