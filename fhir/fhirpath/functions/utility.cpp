// Source: http://hl7.org/fhirpath/N1/#utility-functions
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {
namespace {

bool TraceFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> label;
  if (!evaluator.StringArgument(call.arguments[0], call.frame, label)) return false;
  if (evaluator.context().trace) evaluator.context().trace(label.value_or(""), call.input.size());
  out.Append(call.input);
  return true;
}

/// The injected time; without one the functions of the clock fail rather than answer something else.
bool TimeText(Evaluator& evaluator, std::string_view& text) {
  text = evaluator.context().now;
  return text.size() >= 19 || evaluator.FailWith("no time is given to this evaluation");
}

bool NowFunction(Evaluator& evaluator, const Call&, Collection& out) {
  std::string_view text;
  return TimeText(evaluator, text) && evaluator.Add(out, Item::Text(ItemKind::kDateTime, text));
}

bool TodayFunction(Evaluator& evaluator, const Call&, Collection& out) {
  std::string_view text;
  return TimeText(evaluator, text) && evaluator.Add(out, Item::Text(ItemKind::kDate, text.substr(0, 10)));
}

bool TimeOfDayFunction(Evaluator& evaluator, const Call&, Collection& out) {
  std::string_view text;
  if (!TimeText(evaluator, text)) return false;
  const std::string_view time = text.substr(11);
  return evaluator.Add(out, Item::Text(ItemKind::kTime, time.substr(0, time.find_first_of("Z+-"))));
}

constexpr FunctionRow kUtility[] = {{"trace", 1, 2, TraceFunction},
                                    {"now", 0, 0, NowFunction},
                                    {"today", 0, 0, TodayFunction},
                                    {"timeOfDay", 0, 0, TimeOfDayFunction}};

}  // namespace

std::span<const FunctionRow> UtilityFunctions() {
  return kUtility;
}

}  // namespace fhir::fhirpath
