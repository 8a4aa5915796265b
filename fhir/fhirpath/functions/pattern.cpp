// matches(), matchesFull() and replaceMatches(). Source: http://hl7.org/fhirpath/N1/#string-manipulation
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/regular_expression.hpp"
#include "fhir/fhirpath/ast.hpp"
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/functions/text_input.hpp"

namespace fhir::fhirpath {
namespace {

/// The pattern of the first argument: compiled with the expression when it is a literal, else here.
bool PatternArgument(Evaluator& evaluator, const Call& call, std::optional<RegularExpression>& pattern) {
  if (call.node.pattern) {
    pattern = call.node.pattern;
    return true;
  }
  std::optional<std::string_view> text;
  if (!evaluator.StringArgument(call.arguments[0], call.frame, text)) return false;
  if (!text) return true;
  // Compiling costs far more than a step.
  if (!evaluator.Spend(64 + text->size())) return false;
  auto compiled = RegularExpression::Compile(*text);
  if (!compiled) return evaluator.FailWith(compiled.error().public_text.text, compiled.error().code);
  pattern = *std::move(compiled);
  return true;
}

template <Result<bool> (RegularExpression::*method)(std::string_view) const>
bool MatchFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  std::optional<RegularExpression> pattern;
  if (!InputString(evaluator, call, text) || !PatternArgument(evaluator, call, pattern)) return false;
  if (!text || !pattern) return true;
  if (!evaluator.Spend(1 + text->size() / 8)) return false;
  const Result<bool> answer = ((*pattern).*method)(*text);
  if (!answer) return evaluator.FailWith(answer.error().public_text.text, answer.error().code);
  return evaluator.Add(out, Item::Boolean(*answer));
}

bool ReplaceMatchesFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  std::optional<RegularExpression> pattern;
  std::optional<std::string_view> substitution;
  if (!InputString(evaluator, call, text) || !PatternArgument(evaluator, call, pattern) ||
      !evaluator.StringArgument(call.arguments[1], call.frame, substitution)) {
    return false;
  }
  if (!text || !pattern || !substitution) return true;
  // An empty pattern leaves the text as it is.
  const AstNode& argument = evaluator.node(call.arguments[0]);
  if (argument.kind == AstKind::kLiteral && argument.text.empty()) {
    return evaluator.Add(out, Item::Text(ItemKind::kString, *text));
  }
  const Result<std::string> replaced = pattern->Replace(*text, *substitution, evaluator.TextBytesLeft());
  if (!replaced) return evaluator.FailWith(replaced.error().public_text.text, replaced.error().code);
  return AddText(evaluator, *replaced, out);
}

constexpr FunctionRow kPattern[] = {
    {"matches", 1, 1, MatchFunction<&RegularExpression::Find>, Answer::kBoolean, Input::kString, Scope::kOuter, false,
     true},
    {"matchesFull", 1, 1, MatchFunction<&RegularExpression::Match>, Answer::kBoolean, Input::kString, Scope::kOuter,
     false, true},
    {"replaceMatches", 2, 2, ReplaceMatchesFunction, Answer::kString, Input::kString, Scope::kOuter, false, true},
};

}  // namespace

std::span<const FunctionRow> PatternFunctions() {
  return kPattern;
}

}  // namespace fhir::fhirpath
