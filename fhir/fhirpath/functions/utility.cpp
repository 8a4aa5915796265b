// Source: http://hl7.org/fhirpath/N1/#utility-functions
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {
namespace {

bool TraceFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> label;
  if (!evaluator.StringArgument(call.arguments[0], call.frame, label)) return false;
  if (evaluator.context().trace) {
    std::size_t items = call.input.size();
    if (call.arguments.size() > 1) {  // a projection of each item is counted instead
      Collection projected;
      for (const Item& item : call.input) {
        const Frame frame{.this_item = &item, .index = 0, .total = call.frame.total};
        if (!evaluator.Evaluate(call.arguments[1], frame, projected)) return false;
      }
      items = projected.size();
    }
    evaluator.context().trace(label.value_or(""), items);
  }
  out.Append(call.input);
  return true;
}

/// The injected time; without one the functions of the clock fail rather than answer something else.
bool TimeText(Evaluator& evaluator, std::string_view& text) {
  text = evaluator.context().now;
  return text.size() >= 19 || evaluator.FailWith("no time is given to this evaluation", ErrorCode::kUnsupported);
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

constexpr FunctionRow kUtility[] = {{"trace", 1, 2, TraceFunction, Answer::kInput, Input::kAny, Scope::kEachItem},
                                    {"now", 0, 0, NowFunction, Answer::kDateTime},
                                    {"today", 0, 0, TodayFunction, Answer::kDate},
                                    {"timeOfDay", 0, 0, TimeOfDayFunction, Answer::kTime}};

}  // namespace

std::span<const FunctionRow> UtilityFunctions() {
  return kUtility;
}

}  // namespace fhir::fhirpath
