// Quantities of expressions: numbers with a UCUM unit or a calendar word.
// Source: http://hl7.org/fhirpath/N1/#quantity
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/fhirpath/number.hpp"

namespace fhir::fhirpath {

/// The number as decimal text, and the unit; an empty unit counts as "1".
struct Measure {
  std::string_view value;
  std::string_view unit;
};
struct ComputedMeasure {
  std::string value;
  std::string unit;
};

/// "year", "days" …: durations of the calendar.
bool IsCalendarWord(std::string_view unit);

/// −1, 0, 1; nothing when the units have no common measure. Weeks and smaller words are their UCUM units; years and
/// months compare with calendar words alone (a year as 12 months or 365 days, a month as 30 days).
std::optional<int> CompareMeasures(const Measure& left, const Measure& right);
/// Whether values of the two units can be compared.
bool Comparable(std::string_view left, std::string_view right);
/// `~`: in the unit of `left`, at the precision of the less precise number. A year is equivalent to 1 'a', a month to
/// 1 'mo'.
bool MeasuresEquivalent(const Measure& left, const Measure& right);
/// `~` of numbers: equal at the precision of the less precise one, trailing zeros left aside.
bool NumbersEquivalent(const Number& left, const Number& right);

/// In the smaller of the two units. Nothing when they have no common measure, or the number does not fit.
std::optional<ComputedMeasure> AddMeasures(const Measure& left, const Measure& right, bool subtract);
std::optional<ComputedMeasure> MultiplyMeasures(const Measure& left, const Measure& right);
/// Nothing also on division by zero.
std::optional<ComputedMeasure> DivideMeasures(const Measure& left, const Measure& right);
/// The value in another unit, for toQuantity(unit).
std::optional<std::string> ConvertMeasure(const Measure& measure, std::string_view unit);

}  // namespace fhir::fhirpath
