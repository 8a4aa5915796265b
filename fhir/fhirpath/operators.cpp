#include "fhir/fhirpath/operators.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "fhir/fhirpath/moment.hpp"
#include "fhir/fhirpath/number.hpp"
#include "fhir/fhirpath/quantity.hpp"
#include "fhir/fhirpath/value.hpp"

namespace fhir::fhirpath {
namespace {

bool IsDecimalKind(const Item& item) {
  return item.kind == ItemKind::kDecimal;
}
bool IsNumberKind(const Item& item) {
  return item.kind == ItemKind::kInteger || item.kind == ItemKind::kDecimal;
}
bool IsDateKind(const Item& item) {
  return item.kind == ItemKind::kDate || item.kind == ItemKind::kDateTime || item.kind == ItemKind::kTime;
}

std::optional<Number> Compute(AstKind kind, const Number& left, const Number& right) {
  switch (kind) {
    case AstKind::kAdd:
      return Number::Add(left, right);
    case AstKind::kSubtract:
      return Number::Subtract(left, right);
    case AstKind::kMultiply:
      return Number::Multiply(left, right);
    case AstKind::kDivide:
      return Number::Divide(left, right);
    case AstKind::kIntegerDivide:
      return Number::DivideWhole(left, right);
    default:
      return Number::Modulo(left, right);
  }
}

/// Overflow and division by zero come to empty, as the specification says.
bool NumberArithmetic(Evaluator& evaluator, AstKind kind, const Item& left, const Item& right, Collection& out) {
  const std::optional<Number> a = NumberOf(left);
  const std::optional<Number> b = NumberOf(right);
  if (!a || !b) return true;
  const std::optional<Number> result = Compute(kind, *a, *b);
  if (!result) return true;
  const bool whole =
      kind == AstKind::kIntegerDivide || (kind != AstKind::kDivide && !IsDecimalKind(left) && !IsDecimalKind(right));
  if (whole) {
    const std::optional<std::int32_t> integer = result->ToSystemInteger();
    return !integer || evaluator.Add(out, Item::Integer(*integer));
  }
  return evaluator.Add(out, Item::Text(ItemKind::kDecimal, evaluator.Intern(result->ToString())));
}

bool QuantityArithmetic(Evaluator& evaluator, AstKind kind, const Item& left, const Item& right, Collection& out) {
  const auto measure = [](const Item& item) {
    return item.kind == ItemKind::kQuantity ? Measure{item.text, item.unit} : Measure{item.text, "1"};
  };
  Item a = left;
  Item b = right;
  for (Item* const item : {&a, &b}) {
    if (item->kind == ItemKind::kInteger) item->text = evaluator.Intern(std::to_string(item->integer));
  }
  std::optional<ComputedMeasure> result;
  switch (kind) {
    case AstKind::kAdd:
    case AstKind::kSubtract:
      result = AddMeasures(measure(a), measure(b), kind == AstKind::kSubtract);
      break;
    case AstKind::kMultiply:
      result = MultiplyMeasures(measure(a), measure(b));
      break;
    case AstKind::kDivide:
      result = DivideMeasures(measure(a), measure(b));
      break;
    default:
      return evaluator.FailWith("div and mod take numbers");
  }
  if (!result) return true;
  return evaluator.Add(
      out, Item::Text(ItemKind::kQuantity, evaluator.Intern(result->value), evaluator.Intern(result->unit)));
}

bool MomentArithmetic(Evaluator& evaluator, AstKind kind, const Item& left, const Item& right, Collection& out) {
  if (right.kind != ItemKind::kQuantity || (kind != AstKind::kAdd && kind != AstKind::kSubtract)) {
    return evaluator.FailWith("only a duration is added to a date or time");
  }
  const std::optional<Moment> moment =
      left.kind == ItemKind::kTime ? Moment::ParseTime(left.text) : Moment::Parse(left.text);
  std::optional<Number> amount = NumberOf(right);
  if (!moment || !amount) return true;
  if (kind == AstKind::kSubtract) amount = amount->Negated();
  // The fraction of a duration is left out, whatever its unit.
  const std::optional<std::int64_t> whole = amount->ToInteger();
  if (!whole) return true;
  const std::optional<Moment> result = moment->Plus(*whole, right.unit);
  if (!result) return evaluator.FailWith("this unit cannot be added to a date or time, or the result is out of range");
  return evaluator.Add(out, Item::Text(left.kind, evaluator.Intern(result->ToString())));
}

std::optional<bool> CollectionsEqual(const Evaluator& evaluator, const Collection& left, const Collection& right) {
  if (left.empty() || right.empty()) return std::nullopt;
  if (left.size() != right.size()) return false;
  std::optional<bool> all = true;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const std::optional<bool> equal = ItemsEqual(evaluator, left[i], right[i]);
    if (equal == false) return false;
    if (!equal) all.reset();
  }
  return all;
}

bool CollectionsEquivalent(const Evaluator& evaluator, const Collection& left, const Collection& right) {
  if (left.size() != right.size()) return false;
  std::vector<bool> used(right.size());
  for (const Item& item : left) {
    bool found = false;
    for (std::size_t i = 0; i < right.size() && !found; ++i) {
      if (used[i] || !ItemsEquivalent(evaluator, item, right[i])) continue;
      used[i] = true;
      found = true;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

bool Arithmetic(Evaluator& evaluator, AstKind kind, const Collection& left, const Collection& right, Collection& out) {
  std::optional<Item> a;
  std::optional<Item> b;
  if (!evaluator.SingleOf(left, a) || !evaluator.SingleOf(right, b)) return false;
  if (!a || !b) return true;
  if (IsDateKind(*a)) return MomentArithmetic(evaluator, kind, *a, *b, out);
  if (IsNumberKind(*a) && IsNumberKind(*b)) return NumberArithmetic(evaluator, kind, *a, *b, out);
  const auto countable = [](const Item& item) { return IsNumberKind(item) || item.kind == ItemKind::kQuantity; };
  if (countable(*a) && countable(*b)) return QuantityArithmetic(evaluator, kind, *a, *b, out);
  if (kind == AstKind::kAdd && a->kind == ItemKind::kString && b->kind == ItemKind::kString) {
    return evaluator.Add(out,
                         Item::Text(ItemKind::kString, evaluator.Intern(std::string(a->text) + std::string(b->text))));
  }
  return evaluator.FailWith("the operands' types do not go with this operator");
}

bool Equality(Evaluator& evaluator, AstKind kind, const Collection& left, const Collection& right, Collection& out) {
  if (!evaluator.Spend(left.size() + right.size())) return false;
  if (kind == AstKind::kEquivalent || kind == AstKind::kNotEquivalent) {
    if (!evaluator.Spend(left.size() * right.size())) return false;
    const bool same = CollectionsEquivalent(evaluator, left, right);
    return evaluator.Add(out, Item::Boolean(same == (kind == AstKind::kEquivalent)));
  }
  const std::optional<bool> equal = CollectionsEqual(evaluator, left, right);
  if (!equal) return true;
  return evaluator.Add(out, Item::Boolean(*equal == (kind == AstKind::kEqual)));
}

bool Comparison(Evaluator& evaluator, AstKind kind, const Collection& left, const Collection& right, Collection& out) {
  std::optional<Item> a;
  std::optional<Item> b;
  if (!evaluator.SingleOf(left, a) || !evaluator.SingleOf(right, b)) return false;
  if (!a || !b) return true;
  const Order order = CompareItems(evaluator, *a, *b);
  if (order == Order::kIncomparable) return evaluator.FailWith("the operands have no order");
  if (order == Order::kUnknown) return true;
  bool holds = false;
  switch (kind) {
    case AstKind::kLess:
      holds = order == Order::kLess;
      break;
    case AstKind::kLessOrEqual:
      holds = order != Order::kGreater;
      break;
    case AstKind::kGreater:
      holds = order == Order::kGreater;
      break;
    default:
      holds = order != Order::kLess;
      break;
  }
  return evaluator.Add(out, Item::Boolean(holds));
}

bool Union(Evaluator& evaluator, const Collection& left, const Collection& right, Collection& out) {
  Collection result;
  for (const Collection* const side : {&left, &right}) {
    for (const Item& item : *side) {
      if (!evaluator.Spend(result.size() + 1)) return false;
      if (!Includes(evaluator, result, item) && !evaluator.Add(result, item)) return false;
    }
  }
  out.Append(result);
  return true;
}

bool Evaluator::EvaluateOperator(const AstNode& node, const Frame& frame, Collection& out) {
  switch (node.kind) {
    case AstKind::kAnd:
    case AstKind::kOr:
    case AstKind::kXor:
    case AstKind::kImplies:
      return EvaluateLogic(node, frame, out);
    default:
      break;
  }
  Collection left;
  if (!Evaluate(node.operands[0], frame, left)) return false;
  if (node.kind == AstKind::kNegate || node.kind == AstKind::kPositive) {
    std::optional<Item> item;
    if (!SingleOf(left, item)) return false;
    if (!item) return true;
    const std::optional<Number> number = NumberOf(*item);
    if (!number) return FailWith("only a number or quantity has a sign");
    if (node.kind == AstKind::kPositive) return Add(out, *item);
    if (item->kind == ItemKind::kInteger) {
      return item->integer == INT32_MIN || Add(out, Item::Integer(-item->integer));
    }
    return Add(out, Item::Text(item->kind, Intern(number->Negated().ToString()), item->unit));
  }
  if (node.kind == AstKind::kIs) {
    if (left.empty()) return true;
    if (left.size() > 1) return FailWith("one item expected, several found");
    return Add(out, Item::Boolean(IsOfType(left.front(), node.type_spec)));
  }
  if (node.kind == AstKind::kAs) return KeepAs(left, node.type_spec, out);
  Collection right;
  if (!Evaluate(node.operands[1], frame, right)) return false;
  switch (node.kind) {
    case AstKind::kUnion:
      return Union(*this, left, right, out);
    case AstKind::kEqual:
    case AstKind::kNotEqual:
    case AstKind::kEquivalent:
    case AstKind::kNotEquivalent:
      return Equality(*this, node.kind, left, right, out);
    case AstKind::kLess:
    case AstKind::kLessOrEqual:
    case AstKind::kGreater:
    case AstKind::kGreaterOrEqual:
      return Comparison(*this, node.kind, left, right, out);
    case AstKind::kConcatenate: {
      std::optional<Item> a;
      std::optional<Item> b;
      if (!SingleOf(left, a) || !SingleOf(right, b)) return false;
      if ((a && a->kind != ItemKind::kString) || (b && b->kind != ItemKind::kString))
        return FailWith("& joins strings");
      std::string joined(a ? a->text : std::string_view());
      joined += b ? b->text : std::string_view();
      return Add(out, Item::Text(ItemKind::kString, Intern(joined)));
    }
    case AstKind::kIn:
    case AstKind::kContains: {
      const Collection& one = node.kind == AstKind::kIn ? left : right;
      const Collection& many = node.kind == AstKind::kIn ? right : left;
      if (one.empty()) return true;
      if (one.size() > 1) return FailWith("one item expected, several found");
      return Spend(many.size()) && Add(out, Item::Boolean(Includes(*this, many, one.front())));
    }
    default:
      return Arithmetic(*this, node.kind, left, right, out);
  }
}

bool Evaluator::EvaluateLogic(const AstNode& node, const Frame& frame, Collection& out) {
  std::optional<bool> a;
  std::optional<bool> b;
  if (!Criterion(node.operands[0], frame, a)) return false;
  // What is decided by the left side alone does not look at the right side.
  if (node.kind == AstKind::kAnd && a == false) return Add(out, Item::Boolean(false));
  if (node.kind == AstKind::kOr && a == true) return Add(out, Item::Boolean(true));
  if (node.kind == AstKind::kImplies && a == false) return Add(out, Item::Boolean(true));
  if (!Criterion(node.operands[1], frame, b)) return false;
  std::optional<bool> answer;
  switch (node.kind) {
    case AstKind::kAnd:
      if (b == false)
        answer = false;
      else if (a && b)
        answer = true;
      break;
    case AstKind::kOr:
      if (b == true)
        answer = true;
      else if (a && b)
        answer = false;
      break;
    case AstKind::kXor:
      if (a && b) answer = *a != *b;
      break;
    default:  // implies
      if (b == true)
        answer = true;
      else if (a && b)
        answer = false;
      break;
  }
  return !answer || Add(out, Item::Boolean(*answer));
}

}  // namespace fhir::fhirpath
