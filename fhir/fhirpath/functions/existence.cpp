// Source: http://hl7.org/fhirpath/N1/#existence
#include <optional>
#include <string_view>
#include <unordered_set>

#include "fhir/fhirpath/functions/iterate.hpp"
#include "fhir/fhirpath/value.hpp"

namespace fhir::fhirpath {
namespace {

bool EmptyFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return evaluator.Add(out, Item::Boolean(call.input.empty()));
}

bool ExistsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  bool found = call.arguments.empty() && !call.input.empty();
  if (!call.arguments.empty() && !ForEachCriterion(evaluator, call, [&](const Item&, std::optional<bool> criterion) {
        found = criterion == true;
        return !found;
      })) {
    return false;
  }
  return evaluator.Add(out, Item::Boolean(found));
}

bool AllFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  bool all = true;
  if (!ForEachCriterion(evaluator, call, [&](const Item&, std::optional<bool> criterion) {
        all = criterion == true;
        return all;
      })) {
    return false;
  }
  return evaluator.Add(out, Item::Boolean(all));
}

/// allTrue and its kin: `stop` is the value that decides, and the answer then.
bool DecideByValue(Evaluator& evaluator, const Call& call, Collection& out, bool stop_at, bool answer_then) {
  bool answer = !answer_then;
  for (const Item& item : call.input) {
    const Item value = evaluator.ToValue(item);
    if (value.kind != ItemKind::kBoolean) return evaluator.FailWith("booleans expected");
    if (value.boolean == stop_at) answer = answer_then;
  }
  return evaluator.Add(out, Item::Boolean(answer));
}

bool AllTrueFunction(Evaluator& e, const Call& call, Collection& out) {
  return DecideByValue(e, call, out, false, false);
}
bool AnyTrueFunction(Evaluator& e, const Call& call, Collection& out) {
  return DecideByValue(e, call, out, true, true);
}
bool AllFalseFunction(Evaluator& e, const Call& call, Collection& out) {
  return DecideByValue(e, call, out, true, false);
}
bool AnyFalseFunction(Evaluator& e, const Call& call, Collection& out) {
  return DecideByValue(e, call, out, false, true);
}

bool IsSubset(Evaluator& evaluator, const Collection& part, const Collection& whole, Collection& out) {
  if (!evaluator.Spend(part.size() * whole.size())) return false;
  bool all = true;
  for (const Item& item : part) all = all && Includes(evaluator, whole, item);
  return evaluator.Add(out, Item::Boolean(all));
}

bool SubsetOfFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection other;
  return evaluator.Evaluate(call.arguments[0], call.frame, other) && IsSubset(evaluator, call.input, other, out);
}

bool SupersetOfFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection other;
  return evaluator.Evaluate(call.arguments[0], call.frame, other) && IsSubset(evaluator, other, call.input, out);
}

bool CountFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return evaluator.Add(out, Item::Integer(static_cast<std::int64_t>(call.input.size())));
}

/// The first of each text when all items are strings, which a hash tells apart: a Bundle may have thousands of
/// fullUrls. Nothing when they are not.
std::optional<bool> DistinctTexts(Evaluator& evaluator, const Collection& input, Collection& out) {
  constexpr std::size_t kHashedFrom = 16;
  if (input.size() < kHashedFrom) return std::nullopt;
  for (const Item& item : input) {
    if (evaluator.ToValue(item).kind != ItemKind::kString) return std::nullopt;
  }
  std::unordered_set<std::string_view> seen;
  for (const Item& item : input) {
    if (!evaluator.Spend(1)) return false;
    if (seen.insert(evaluator.ToValue(item).text).second && !evaluator.Add(out, item)) return false;
  }
  return true;
}

bool DistinctItems(Evaluator& evaluator, const Collection& input, Collection& out) {
  if (const std::optional<bool> done = DistinctTexts(evaluator, input, out)) return *done;
  for (const Item& item : input) {
    if (!evaluator.Spend(out.size() + 1)) return false;
    if (!Includes(evaluator, out, item) && !evaluator.Add(out, item)) return false;
  }
  return true;
}

bool DistinctFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return DistinctItems(evaluator, call.input, out);
}

bool IsDistinctFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection distinct;
  return DistinctItems(evaluator, call.input, distinct) &&
         evaluator.Add(out, Item::Boolean(distinct.size() == call.input.size()));
}

bool NotFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  if (!evaluator.SingleOf(call.input, item)) return false;
  if (!item) return true;
  // NB: one item that is no boolean counts as true (singleton evaluation), so its not() is false.
  return evaluator.Add(out, Item::Boolean(item->kind == ItemKind::kBoolean && !item->boolean));
}

constexpr FunctionRow kExistence[] = {
    {"empty", 0, 0, EmptyFunction, Answer::kBoolean},
    {"exists", 0, 1, ExistsFunction, Answer::kBoolean, Input::kAny, Scope::kEachItem},
    {"all", 1, 1, AllFunction, Answer::kBoolean, Input::kAny, Scope::kEachItem},
    {"allTrue", 0, 0, AllTrueFunction, Answer::kBoolean},
    {"anyTrue", 0, 0, AnyTrueFunction, Answer::kBoolean},
    {"allFalse", 0, 0, AllFalseFunction, Answer::kBoolean},
    {"anyFalse", 0, 0, AnyFalseFunction, Answer::kBoolean},
    {"subsetOf", 1, 1, SubsetOfFunction, Answer::kBoolean},
    {"supersetOf", 1, 1, SupersetOfFunction, Answer::kBoolean},
    {"count", 0, 0, CountFunction, Answer::kInteger},
    {"distinct", 0, 0, DistinctFunction, Answer::kInput},
    {"isDistinct", 0, 0, IsDistinctFunction, Answer::kBoolean},
    {"not", 0, 0, NotFunction, Answer::kBoolean},
};

}  // namespace

std::span<const FunctionRow> ExistenceFunctions() {
  return kExistence;
}

}  // namespace fhir::fhirpath
