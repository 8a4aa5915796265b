// lowBoundary(), highBoundary(), precision(), comparable(), sort().
// Source: http://hl7.org/fhirpath/2025Jan/#lowboundaryprecision-integer-decimal--date--datetime--time
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/fhirpath/ast.hpp"
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/moment.hpp"
#include "fhir/fhirpath/number.hpp"
#include "fhir/fhirpath/quantity.hpp"
#include "fhir/fhirpath/value.hpp"

namespace fhir::fhirpath {
namespace {

constexpr std::int64_t kPlacesMax = 28;
constexpr int kBoundaryPlaces = 8;  // of a decimal when the call says nothing

/// The end of the interval that a decimal stands for, half a unit of its last digit away, at `places` places.
std::optional<std::string> DecimalBoundary(std::string_view text, bool low, int places) {
  const std::optional<Number> number = Number::Parse(text);
  if (!number || number->scale() > kPlacesMax) return std::nullopt;
  std::optional<Number> half = Number::Parse("0." + std::string(static_cast<std::size_t>(number->scale()), '0') + "5");
  if (!half) return std::nullopt;
  const std::optional<Number> bound = low ? Number::Subtract(*number, *half) : Number::Add(*number, *half);
  if (!bound) return std::nullopt;
  // NB: the suite cuts an end that lies nearer to zero, and rounds one that lies farther off.
  const bool nearer = low != number->IsNegative() && !number->IsZero();
  const Number rounded =
      bound->Rounded(places, nearer ? Number::Rounding::kTruncate : Number::Rounding::kHalfAwayFromZero);
  std::string result = rounded.ToString();
  int written = rounded.scale();
  if (written == 0 && places > 0) result.push_back('.');
  for (; written < places; ++written) result.push_back('0');
  if (rounded.IsZero() && number->IsNegative()) result.insert(0, "-");
  return result;
}

/// Digits of each precision, as the specification counts them: 2014-01 has 6, with milliseconds 17.
constexpr std::pair<int, std::uint8_t> kDatePrecisions[] = {{4, 1}, {6, 2}, {8, 3}, {10, 4}, {12, 5}, {14, 6}, {17, 6}};
constexpr std::pair<int, std::uint8_t> kTimePrecisions[] = {{2, 4}, {4, 5}, {6, 6}, {9, 6}};

std::span<const std::pair<int, std::uint8_t>> PrecisionsOf(ItemKind kind) {
  if (kind == ItemKind::kTime) return kTimePrecisions;
  const std::span<const std::pair<int, std::uint8_t>> all = kDatePrecisions;
  return kind == ItemKind::kDate ? all.first(3) : all;
}

std::optional<std::string> MomentBoundary(const Item& item, bool low, std::int64_t digits) {
  std::optional<Moment> moment = item.kind == ItemKind::kTime ? Moment::ParseTime(item.text) : Moment::Parse(item.text);
  const auto rows = PrecisionsOf(item.kind);
  const auto row = std::ranges::find(rows, digits, [](const auto& each) { return std::int64_t{each.first}; });
  if (!moment || row == rows.end()) return std::nullopt;
  static constexpr std::int32_t kLow[] = {1, 1, 1, 0, 0, 0};
  static constexpr std::int32_t kHigh[] = {9999, 12, 31, 23, 59, 59'999};
  const std::uint8_t known = moment->count;
  for (std::uint8_t part = known; part < Moment::kParts; ++part) moment->parts[part] = low ? kLow[part] : kHigh[part];
  // NB: an hour without minutes ends with its first minute, as the specification's example has it.
  if (!low && known == Moment::kMinute) moment->parts[Moment::kMinute] = 0;
  if (!low && item.kind != ItemKind::kTime && known <= Moment::kDay) {
    moment->parts[Moment::kDay] = Moment::DaysInMonth(moment->parts[Moment::kYear], moment->parts[Moment::kMonth]);
  }
  moment->count = row->second;
  moment->seconds_fraction = digits == 17 || digits == 9;
  const bool timed = item.kind == ItemKind::kDateTime && moment->count > Moment::kHour;
  if (!timed)
    moment->offset_minutes.reset();
  else if (!moment->offset_minutes)
    moment->offset_minutes = low ? 14 * 60 : -12 * 60;  // the zones that have the day first and last
  return moment->ToString();
}

std::int64_t DefaultDigits(ItemKind kind) {
  return kind == ItemKind::kDate ? 8 : kind == ItemKind::kTime ? 9 : 17;
}

template <bool low>
bool BoundaryFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<std::int64_t> digits;
  if (!evaluator.SingleOf(call.input, item)) return false;
  if (!call.arguments.empty() && !evaluator.IntegerArgument(call.arguments[0], call.frame, digits)) return false;
  if (!item || (!call.arguments.empty() && !digits)) return true;
  std::optional<std::string> text;
  switch (item->kind) {
    case ItemKind::kInteger:
    case ItemKind::kDecimal:
    case ItemKind::kQuantity: {
      const std::int64_t places = digits.value_or(kBoundaryPlaces);
      if (places < 0 || places > kPlacesMax) return true;
      text = DecimalBoundary(item->kind == ItemKind::kInteger ? std::to_string(item->integer) : std::string(item->text),
                             low, static_cast<int>(places));
      if (item->kind == ItemKind::kInteger) item->kind = ItemKind::kDecimal;
      break;
    }
    case ItemKind::kDate:
    case ItemKind::kDateTime:
    case ItemKind::kTime:
      text = MomentBoundary(*item, low, digits.value_or(DefaultDigits(item->kind)));
      break;
    default:
      return evaluator.FailWith("a number, quantity, date or time is expected as input");
  }
  return !text || evaluator.Add(out, Item::Text(item->kind, evaluator.Intern(*text), item->unit));
}

bool PrecisionFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  if (!evaluator.SingleOf(call.input, item)) return false;
  if (!item) return true;
  switch (item->kind) {
    case ItemKind::kInteger:
      return evaluator.Add(out, Item::Integer(0));
    case ItemKind::kDecimal:
    case ItemKind::kQuantity: {
      const std::optional<Number> number = Number::Parse(item->text);
      return !number || evaluator.Add(out, Item::Integer(number->scale()));
    }
    case ItemKind::kDate:
    case ItemKind::kDateTime:
    case ItemKind::kTime: {
      const std::optional<Moment> moment =
          item->kind == ItemKind::kTime ? Moment::ParseTime(item->text) : Moment::Parse(item->text);
      if (!moment) return true;
      const auto rows = item->kind == ItemKind::kTime ? std::span<const std::pair<int, std::uint8_t>>(kTimePrecisions)
                                                      : std::span<const std::pair<int, std::uint8_t>>(kDatePrecisions);
      int digits = 0;
      for (const auto& [row_digits, count] : rows) {
        if (count == moment->count && (digits == 0 || moment->seconds_fraction)) digits = row_digits;
      }
      return evaluator.Add(out, Item::Integer(digits));
    }
    default:
      return evaluator.FailWith("a number, date or time is expected as input");
  }
}

bool ComparableFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Item> other;
  if (!evaluator.SingleOf(call.input, item) || !evaluator.Single(call.arguments[0], call.frame, other)) return false;
  if (!item || !other) return true;
  // A number is a quantity without unit, which an empty unit means too.
  if (!NumberOf(*item) || !NumberOf(*other)) return evaluator.FailWith("quantities are expected");
  return evaluator.Add(out, Item::Boolean(Comparable(item->unit, other->unit)));
}

struct SortRow {
  Item item;
  std::vector<std::optional<Item>> keys;
};

/// The keys of one item; a criterion that begins with a minus sign sorts downwards by what follows.
bool SortKeys(Evaluator& evaluator, const Call& call, SortRow& row) {
  const Frame frame{.this_item = &row.item, .index = 0, .total = call.frame.total};
  for (const std::uint32_t argument : call.arguments) {
    const AstNode& criterion = evaluator.node(argument);
    const std::uint32_t key = criterion.kind == AstKind::kNegate ? criterion.operands[0] : argument;
    if (!evaluator.Single(key, frame, row.keys.emplace_back())) return false;
  }
  if (call.arguments.empty()) row.keys.emplace_back(evaluator.ToValue(row.item));
  return true;
}

bool SortFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::vector<SortRow> rows;
  for (const Item& item : call.input) {
    if (!evaluator.Spend(16) || !SortKeys(evaluator, call, rows.emplace_back(SortRow{item, {}}))) return false;
  }
  bool comparable = true;
  const auto before = [&](std::size_t one, std::size_t other) {
    for (std::size_t i = 0; i < rows[one].keys.size(); ++i) {
      const std::optional<Item>& a = rows[one].keys[i];
      const std::optional<Item>& b = rows[other].keys[i];
      const bool down = !call.arguments.empty() && evaluator.node(call.arguments[i]).kind == AstKind::kNegate;
      Order order = Order::kEqual;
      if (a && b)
        order = CompareItems(evaluator, *a, *b);
      else if (a.has_value() != b.has_value())
        return !a.has_value();  // nothing comes first, upwards and downwards
      comparable = comparable && order != Order::kIncomparable;
      if (order == Order::kLess) return !down;
      if (order == Order::kGreater) return down;
    }
    return one < other;  // equal ones stay in their order
  };
  // Items without an order make `before` contradict itself: a heap stays within its bounds even then.
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::make_heap(order, before);
  std::ranges::sort_heap(order, before);
  if (!comparable) return evaluator.FailWith("the items to sort have no order");
  for (const std::size_t position : order) {
    if (!evaluator.Add(out, rows[position].item)) return false;
  }
  return true;
}

constexpr FunctionRow kBoundary[] = {
    {"lowBoundary", 0, 1, BoundaryFunction<true>, Answer::kInput},
    {"highBoundary", 0, 1, BoundaryFunction<false>, Answer::kInput},
    {"precision", 0, 0, PrecisionFunction, Answer::kInteger},
    {"comparable", 1, 1, ComparableFunction, Answer::kBoolean},
    {"sort", 0, 15, SortFunction, Answer::kInput, Input::kAny, Scope::kSortKey},
};

}  // namespace

std::span<const FunctionRow> BoundaryFunctions() {
  return kBoundary;
}

}  // namespace fhir::fhirpath
