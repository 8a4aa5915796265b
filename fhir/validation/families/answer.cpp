#include "fhir/validation/families/answer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/answer_limits.hpp"
#include "fhir/validation/families/answer_values.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

/// The types of value that answer a question. Source: https://hl7.org/fhir/R4/valueset-item-type.html
struct QuestionType {
  std::string_view type;
  std::vector<std::string_view> values;
};

const std::vector<QuestionType>& QuestionTypes() {
  static const std::vector<QuestionType> kTypes = {
      {"boolean", {"boolean"}},
      {"decimal", {"decimal"}},
      {"integer", {"integer"}},
      {"date", {"date"}},
      {"dateTime", {"dateTime"}},
      {"time", {"time"}},
      {"string", {"string"}},
      {"text", {"string"}},
      {"url", {"uri"}},
      // An answerOption may be of each of these, so that a choice may be answered with them.
      {"choice", {"Coding", "date", "time", "integer", "string"}},
      {"open-choice", {"Coding", "date", "time", "integer", "string"}},
      {"attachment", {"Attachment"}},
      {"reference", {"Reference"}},
      {"quantity", {"Quantity"}},
  };
  return kTypes;
}

/// Compiles a value set that the questionnaire contains, or asks for one that is loaded.
terminology::Answer AskValueSet(std::string_view canonical, const Node& item, const terminology::Coding& coding,
                                const FamilyContext& context) {
  if (!canonical.starts_with('#')) {
    return context.terminology.ValidateCode(canonical, coding);
  }
  const Node* root = &item;
  while (root->parent != nullptr && !Definitions::R4().IsResource(root->type)) {
    root = root->parent;
  }
  for (const Node& contained : root->children()) {
    if (contained.name == "contained" && contained.ChildValue("id") == canonical.substr(1)) {
      const auto value_set = context.terminology.Compile(contained);
      return value_set == nullptr ? terminology::Answer{.verdict = terminology::Verdict::kUnknownValueSet}
                                  : context.terminology.ValidateCode(value_set, coding);
    }
  }
  return {.verdict = terminology::Verdict::kUnknownValueSet};
}

void CheckValueSet(const Node& item, const Node& answer, const Node& coding, const FamilyContext& context,
                   IssueList& issues) {
  const terminology::Answer asked = AskValueSet(item.ChildValue("answerValueSet"), item,
                                                {.system = coding.ChildValue("system"),
                                                 .version = coding.ChildValue("version"),
                                                 .code = coding.ChildValue("code"),
                                                 .display = coding.ChildValue("display")},
                                                context);
  switch (asked.verdict) {
    case terminology::Verdict::kMember:
      if (asked.display_differs) {
        Report(answer, IssueType::kCodeInvalid, "the display of the code is expected", issues);
      }
      return;
    case terminology::Verdict::kNotMember:
      Report(answer, IssueType::kCodeInvalid,
             fmt::format("a code of the question's value set is expected (linkId {})", item.ChildValue("linkId")),
             issues);
      return;
    case terminology::Verdict::kUnknownValueSet:
    case terminology::Verdict::kUnknownCodeSystem:
    case terminology::Verdict::kUndecidable:
      Report(answer, IssueType::kCodeInvalid, "the question's value set cannot be looked into", issues,
             Severity::kWarning);
      return;
  }
}

/// NB: a string where the options are Codings is no error: published validators let it pass, with a warning.
void CheckOptions(const Node& item, const Node& answer, const Node& value, const FamilyContext& context,
                  IssueList& issues) {
  bool options = false;
  const std::string_view type = Definitions::R4().TypeName(value.type);
  for (const Node& option : item.children()) {
    const Node* allowed = option.name == "answerOption" ? ChoiceChild(option, "value") : nullptr;
    if (allowed == nullptr || allowed->type != value.type) {
      continue;
    }
    options = true;
    if (EqualAnswers(*allowed, value)) {
      return;
    }
  }
  if (options && !(type == "string" && item.ChildValue("type") == "open-choice")) {
    Report(type == "Coding" ? answer : value, IssueType::kInvariant,
           fmt::format("one of the question's options is expected (linkId {})", item.ChildValue("linkId")), issues);
  } else if (type == "Coding" && item.Child("answerValueSet") != nullptr) {
    CheckValueSet(item, answer, value, context, issues);
  }
}

}  // namespace

void CheckAnswer(const Node& item, const Node& answer, const FamilyContext& context, IssueList& issues) {
  const Node* value = ChoiceChild(answer, "value");
  const std::string_view question = item.ChildValue("type");
  const auto& types = QuestionTypes();
  const auto known =
      std::find_if(types.begin(), types.end(), [question](const QuestionType& row) { return row.type == question; });
  if (known == types.end() || value == nullptr) {
    return;
  }
  if (std::find(known->values.begin(), known->values.end(), Definitions::R4().TypeName(value->type)) ==
      known->values.end()) {
    Report(*value, IssueType::kInvariant,
           fmt::format("{} is expected as answer (linkId {})", fmt::join(known->values, " or "),
                       item.ChildValue("linkId")),
           issues);
    return;
  }
  CheckAnswerLimits(item, answer, *value, context, issues);
  CheckOptions(item, answer, *value, context, issues);
}

}  // namespace fhir::validation
