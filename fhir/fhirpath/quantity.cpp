#include "fhir/fhirpath/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "fhir/ucum/ucum.hpp"

namespace fhir::fhirpath {
namespace {

struct CalendarRow {
  std::string_view word;
  std::string_view ucum;  ///< the same length of time; for years and months only equivalent
  std::int64_t milliseconds;
  int months;  ///< 0 for what is not counted in months
};

constexpr std::int64_t kDayMilliseconds = 86'400'000;
constexpr CalendarRow kCalendar[] = {
    {"year", "a", 365 * kDayMilliseconds, 12},
    {"month", "mo", 30 * kDayMilliseconds, 1},
    {"week", "wk", 7 * kDayMilliseconds, 0},
    {"day", "d", kDayMilliseconds, 0},
    {"hour", "h", 3'600'000, 0},
    {"minute", "min", 60'000, 0},
    {"second", "s", 1000, 0},
    {"millisecond", "ms", 1, 0},
};

const CalendarRow* FindCalendar(std::string_view unit) {
  if (unit.size() < 3) return nullptr;
  if (unit.ends_with('s')) unit.remove_suffix(1);
  const auto* const found = std::ranges::find(kCalendar, unit, &CalendarRow::word);
  return found == std::end(kCalendar) ? nullptr : found;
}

std::string_view UnitOrOne(std::string_view unit) {
  return unit.empty() ? std::string_view("1") : unit;
}

/// The unit as UCUM writes it; nothing for a year or month of the calendar, which have no fixed length.
std::optional<std::string_view> FixedUnit(std::string_view unit) {
  const CalendarRow* const row = FindCalendar(unit);
  if (row == nullptr) return UnitOrOne(unit);
  if (row->months != 0) return std::nullopt;
  return row->ucum;
}

std::optional<int> CompareNumbers(std::string_view left, std::string_view right, std::int64_t left_factor = 1,
                                  std::int64_t right_factor = 1) {
  const std::optional<Number> a = Number::Parse(left);
  const std::optional<Number> b = Number::Parse(right);
  if (!a || !b) return std::nullopt;
  if (left_factor == right_factor) return Number::Compare(*a, *b);
  const std::optional<Number> x = Number::Multiply(*a, Number(left_factor));
  const std::optional<Number> y = Number::Multiply(*b, Number(right_factor));
  if (!x || !y) return std::nullopt;
  return Number::Compare(*x, *y);
}

std::optional<ComputedMeasure> Computed(const std::optional<Number>& number, std::string_view unit) {
  if (!number) return std::nullopt;
  return ComputedMeasure{number->ToString(), std::string(unit)};
}

/// A unit as the operand of "." or "/": in parentheses when it is a product itself.
std::string AsOperand(std::string_view unit) {
  return unit.find_first_of("./") == std::string_view::npos ? std::string(unit) : fmt::format("({})", unit);
}

}  // namespace

bool IsCalendarWord(std::string_view unit) {
  return FindCalendar(unit) != nullptr;
}

std::optional<int> CompareMeasures(const Measure& left, const Measure& right) {
  if (UnitOrOne(left.unit) == UnitOrOne(right.unit)) return CompareNumbers(left.value, right.value);
  const CalendarRow* const a = FindCalendar(left.unit);
  const CalendarRow* const b = FindCalendar(right.unit);
  if (a != nullptr && b != nullptr) {
    if (a->months != 0 && b->months != 0) return CompareNumbers(left.value, right.value, a->months, b->months);
    return CompareNumbers(left.value, right.value, a->milliseconds, b->milliseconds);
  }
  const std::optional<std::string_view> x = FixedUnit(left.unit);
  const std::optional<std::string_view> y = FixedUnit(right.unit);
  if (!x || !y) return std::nullopt;
  if (*x == *y) return CompareNumbers(left.value, right.value);
  const std::optional<std::strong_ordering> order = ucum::Compare({left.value, *x}, {right.value, *y});
  if (!order) return std::nullopt;
  return *order < 0 ? -1 : *order > 0 ? 1 : 0;
}

bool Comparable(std::string_view left, std::string_view right) {
  if (UnitOrOne(left) == UnitOrOne(right)) return true;
  if (IsCalendarWord(left) && IsCalendarWord(right)) return true;
  const std::optional<std::string_view> x = FixedUnit(left);
  const std::optional<std::string_view> y = FixedUnit(right);
  return x && y && (*x == *y || ucum::Convertible(*x, *y));
}

bool NumbersEquivalent(const Number& left, const Number& right) {
  const int places = std::min(left.Normalized().scale(), right.Normalized().scale());
  return Number::Compare(left.Rounded(places, Number::Rounding::kHalfAwayFromZero),
                         right.Rounded(places, Number::Rounding::kHalfAwayFromZero)) == 0;
}

bool MeasuresEquivalent(const Measure& left, const Measure& right) {
  const auto unit_of = [](std::string_view unit) {
    const CalendarRow* const row = FindCalendar(unit);
    return row == nullptr ? UnitOrOne(unit) : row->ucum;
  };
  const std::string_view unit = unit_of(left.unit);
  const std::string_view other = unit_of(right.unit);
  std::string converted(right.value);
  if (unit != other) {
    auto value = ucum::Convert({right.value, other}, unit);
    if (!value) return false;
    converted = *std::move(value);
  }
  const std::optional<Number> x = Number::Parse(left.value);
  const std::optional<Number> y = Number::Parse(converted);
  return x && y && NumbersEquivalent(*x, *y);
}

std::optional<std::string> ConvertMeasure(const Measure& measure, std::string_view unit) {
  const std::optional<std::string_view> from = FixedUnit(measure.unit);
  const std::optional<std::string_view> to = FixedUnit(unit);
  if (UnitOrOne(measure.unit) == UnitOrOne(unit) || (from && to && *from == *to)) return std::string(measure.value);
  if (!from || !to) {
    const CalendarRow* const a = FindCalendar(measure.unit);
    const CalendarRow* const b = FindCalendar(unit);
    const std::optional<Number> value = Number::Parse(measure.value);
    if (a == nullptr || b == nullptr || a->months == 0 || b->months == 0 || !value) return std::nullopt;
    const std::optional<Number> months = Number::Multiply(*value, Number(a->months));
    const std::optional<Number> result = months ? Number::Divide(*months, Number(b->months)) : std::nullopt;
    return result ? std::optional(result->ToString()) : std::nullopt;
  }
  auto converted = ucum::Convert({measure.value, *from}, *to);
  if (!converted) return std::nullopt;
  return *std::move(converted);
}

std::optional<ComputedMeasure> AddMeasures(const Measure& left, const Measure& right, bool subtract) {
  Measure a = left;
  Measure b = right;
  std::string unit(UnitOrOne(left.unit));
  std::optional<std::string> converted;
  if (UnitOrOne(left.unit) != UnitOrOne(right.unit)) {
    const std::optional<int> order = CompareMeasures({"1", left.unit}, {"1", right.unit});
    if (!order) return std::nullopt;
    if (*order > 0) {
      unit = UnitOrOne(right.unit);
      converted = ConvertMeasure(left, unit);
      a.value = converted ? std::string_view(*converted) : std::string_view();
    } else {
      converted = ConvertMeasure(right, unit);
      b.value = converted ? std::string_view(*converted) : std::string_view();
    }
  }
  const std::optional<Number> x = Number::Parse(a.value);
  const std::optional<Number> y = Number::Parse(b.value);
  if (!x || !y) return std::nullopt;
  return Computed(subtract ? Number::Subtract(*x, *y) : Number::Add(*x, *y), unit);
}

std::optional<ComputedMeasure> MultiplyMeasures(const Measure& left, const Measure& right) {
  const std::optional<Number> a = Number::Parse(left.value);
  const std::optional<Number> b = Number::Parse(right.value);
  if (!a || !b) return std::nullopt;
  const std::optional<Number> product = Number::Multiply(*a, *b);
  const std::string_view one = UnitOrOne(left.unit);
  const std::string_view other = UnitOrOne(right.unit);
  if (other == "1") return Computed(product, one);
  if (one == "1") return Computed(product, other);
  const std::optional<std::string_view> x = FixedUnit(one);
  const std::optional<std::string_view> y = FixedUnit(other);
  if (!x || !y) return std::nullopt;
  return Computed(product, fmt::format("{}.{}", AsOperand(*x), AsOperand(*y)));
}

std::optional<ComputedMeasure> DivideMeasures(const Measure& left, const Measure& right) {
  const std::optional<Number> a = Number::Parse(left.value);
  const std::optional<Number> b = Number::Parse(right.value);
  if (!a || !b) return std::nullopt;
  const std::optional<Number> quotient = Number::Divide(*a, *b);
  const std::string_view one = UnitOrOne(left.unit);
  const std::string_view other = UnitOrOne(right.unit);
  if (one == other) return Computed(quotient, "1");
  if (other == "1") return Computed(quotient, one);
  const std::optional<std::string_view> x = FixedUnit(one);
  const std::optional<std::string_view> y = FixedUnit(other);
  if (!x || !y) return std::nullopt;
  return Computed(quotient, fmt::format("{}/{}", AsOperand(*x), AsOperand(*y)));
}

}  // namespace fhir::fhirpath
