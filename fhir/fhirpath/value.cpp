#include "fhir/fhirpath/value.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/letter_case.hpp"
#include "fhir/fhirpath/moment.hpp"
#include "fhir/fhirpath/quantity.hpp"

namespace fhir::fhirpath {
namespace {

bool IsNumeric(const Item& item) {
  return item.kind == ItemKind::kInteger || item.kind == ItemKind::kDecimal;
}
bool IsMoment(const Item& item) {
  return item.kind == ItemKind::kDate || item.kind == ItemKind::kDateTime;
}

std::optional<Moment> MomentOf(const Item& item) {
  return item.kind == ItemKind::kTime ? Moment::ParseTime(item.text) : Moment::Parse(item.text);
}

/// A quantity, or a number beside one: it stands for a quantity without unit (implicit conversion).
class MeasureOf {
 public:
  explicit MeasureOf(const Item& item)
      : integer_(item.kind == ItemKind::kInteger ? std::to_string(item.integer) : std::string()), item_(item) {}
  // NOLINTNEXTLINE(google-explicit-constructor): only ever an argument of the functions on measures
  operator Measure() const {
    if (item_.kind == ItemKind::kQuantity) return {item_.text, item_.unit};
    return {item_.kind == ItemKind::kInteger ? std::string_view(integer_) : item_.text, "1"};
  }

 private:
  std::string integer_;
  const Item& item_;
};

bool AreMeasures(const Item& left, const Item& right) {
  const bool quantity = left.kind == ItemKind::kQuantity || right.kind == ItemKind::kQuantity;
  return quantity && (left.kind == ItemKind::kQuantity || IsNumeric(left)) &&
         (right.kind == ItemKind::kQuantity || IsNumeric(right));
}

/// Text for equivalence: lower case, runs of white space as one blank.
std::string Simplified(std::string_view text) {
  std::string out;
  for (const char c : ToLowerCase(text)) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (space) {
      if (!out.empty() && out.back() != ' ') out.push_back(' ');
    } else {
      out.push_back(c);
    }
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

/// Whether two subtrees say the same: names, values and children in order.
bool SameTree(const model::Node& left, const model::Node& right) {
  if (left.kind != right.kind || left.type != right.type) return false;
  if (left.value != right.value) {
    if (left.kind != model::ValueKind::kNumber) return false;
    const std::optional<Number> a = Number::Parse(left.value);
    const std::optional<Number> b = Number::Parse(right.value);
    if (!a || !b || Number::Compare(*a, *b) != 0) return false;
  }
  const model::Node* a = left.first_child;
  const model::Node* b = right.first_child;
  for (; a != nullptr && b != nullptr; a = a->next, b = b->next) {
    if (a->name != b->name || !SameTree(*a, *b)) return false;
  }
  return a == nullptr && b == nullptr;
}

/// As SameTree, with values compared by equivalence and children in any order.
bool SimilarTree(const Evaluator& evaluator, const model::Node& left, const model::Node& right) {
  if (left.HasValue() || right.HasValue()) {
    if (!left.HasValue() || !right.HasValue()) return false;
    const Item a = evaluator.ToValue(Item::Of(left));
    const Item b = evaluator.ToValue(Item::Of(right));
    if (!a.IsNode() && !b.IsNode()) return ItemsEquivalent(evaluator, a, b);
    return left.value == right.value;
  }
  std::vector<const model::Node*> rest;
  for (const model::Node& child : right.children()) rest.push_back(&child);
  for (const model::Node& child : left.children()) {
    const auto found = std::ranges::find_if(rest, [&](const model::Node* other) {
      return other->name == child.name && SimilarTree(evaluator, child, *other);
    });
    if (found == rest.end()) return false;
    rest.erase(found);
  }
  return rest.empty();
}

}  // namespace

std::optional<Number> NumberOf(const Item& item) {
  switch (item.kind) {
    case ItemKind::kInteger:
      return Number(item.integer);
    case ItemKind::kDecimal:
    case ItemKind::kQuantity:
      return Number::Parse(item.text);
    default:
      return std::nullopt;
  }
}

std::optional<bool> ItemsEqual(const Evaluator& evaluator, const Item& left, const Item& right) {
  const Item a = evaluator.ToValue(left);
  const Item b = evaluator.ToValue(right);
  if (a.kind == ItemKind::kInteger && b.kind == ItemKind::kInteger) return a.integer == b.integer;
  if (a.IsNode() || b.IsNode()) return a.IsNode() && b.IsNode() && (a.node == b.node || SameTree(*a.node, *b.node));
  if (IsNumeric(a) && IsNumeric(b)) {
    const std::optional<Number> x = NumberOf(a);
    const std::optional<Number> y = NumberOf(b);
    if (!x || !y) return a.text == b.text;
    return Number::Compare(*x, *y) == 0;
  }
  if ((IsMoment(a) && IsMoment(b)) || (a.kind == ItemKind::kTime && b.kind == ItemKind::kTime)) {
    const std::optional<Moment> x = MomentOf(a);
    const std::optional<Moment> y = MomentOf(b);
    if (!x || !y) return a.text == b.text;
    const std::optional<int> order = Moment::Compare(*x, *y);
    if (!order) return std::nullopt;
    return *order == 0;
  }
  if (AreMeasures(a, b)) {
    const std::optional<int> order = CompareMeasures(MeasureOf(a), MeasureOf(b));
    if (!order) return std::nullopt;
    return *order == 0;
  }
  // NB: a date in an element against a string: elements of unknown kind keep their text.
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case ItemKind::kBoolean:
      return a.boolean == b.boolean;
    case ItemKind::kStub:
      return a.type == b.type && a.text == b.text;
    default:
      return a.text == b.text && a.unit == b.unit;
  }
}

bool ItemsEquivalent(const Evaluator& evaluator, const Item& left, const Item& right) {
  const Item a = evaluator.ToValue(left);
  const Item b = evaluator.ToValue(right);
  if (a.IsNode() && b.IsNode()) return a.node == b.node || SimilarTree(evaluator, *a.node, *b.node);
  if (a.IsNode() || b.IsNode()) return false;
  if (AreMeasures(a, b)) {
    return MeasuresEquivalent(MeasureOf(a), MeasureOf(b));
  }
  if (IsNumeric(a) && IsNumeric(b)) {
    const std::optional<Number> x = NumberOf(a);
    const std::optional<Number> y = NumberOf(b);
    if (!x || !y) return a.text == b.text;
    return NumbersEquivalent(*x, *y);
  }
  if (a.kind == ItemKind::kString && b.kind == ItemKind::kString) return Simplified(a.text) == Simplified(b.text);
  return ItemsEqual(evaluator, a, b).value_or(false);
}

bool Includes(const Evaluator& evaluator, const Collection& collection, const Item& item) {
  return std::ranges::any_of(collection,
                             [&](const Item& other) { return ItemsEqual(evaluator, other, item).value_or(false); });
}

Order CompareItems(const Evaluator& evaluator, const Item& left, const Item& right) {
  const auto of = [](int order) { return order < 0 ? Order::kLess : order > 0 ? Order::kGreater : Order::kEqual; };
  const Item a = evaluator.ToValue(left);
  const Item b = evaluator.ToValue(right);
  if (a.IsNode() || b.IsNode()) return Order::kIncomparable;
  if (AreMeasures(a, b)) {
    const std::optional<int> order = CompareMeasures(MeasureOf(a), MeasureOf(b));
    return order ? of(*order) : Order::kUnknown;
  }
  if (IsNumeric(a) && IsNumeric(b)) {
    if (a.kind == ItemKind::kInteger && b.kind == ItemKind::kInteger) {
      return of(a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0);
    }
    const std::optional<Number> x = NumberOf(a);
    const std::optional<Number> y = NumberOf(b);
    if (!x || !y) return Order::kUnknown;
    return of(Number::Compare(*x, *y));
  }
  if ((IsMoment(a) && IsMoment(b)) || (a.kind == ItemKind::kTime && b.kind == ItemKind::kTime)) {
    const std::optional<Moment> x = MomentOf(a);
    const std::optional<Moment> y = MomentOf(b);
    if (!x || !y) return Order::kUnknown;
    const std::optional<int> order = Moment::Compare(*x, *y);
    return order ? of(*order) : Order::kUnknown;
  }
  if (a.kind == ItemKind::kString && b.kind == ItemKind::kString) return of(a.text.compare(b.text));
  return Order::kIncomparable;
}

}  // namespace fhir::fhirpath
