// FHIR dates and times with the precision they were written in, and the stretch of time that such a value covers.
// Pure arithmetic on the proleptic Gregorian calendar; no clock. Source: https://hl7.org/fhir/R4/datatypes.html#date
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/time_zone.hpp"

namespace fhir {

enum class DatePrecision : std::uint8_t { kYear, kMonth, kDay, kHour, kMinute, kSecond, kFraction };

/// A point in the calendar as written. Parts finer than `precision` hold their least value.
struct DateTime {
  int year = 1;  ///< 1 to 9999
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;       ///< 60 for a leap second
  int microsecond = 0;  ///< further digits of the fraction are cut
  DatePrecision precision = DatePrecision::kDay;
  std::uint8_t fraction_digits = 0;            ///< 1 to 6 with kFraction: digits kept
  std::optional<std::int16_t> offset_minutes;  ///< unset: no zone was written

  bool operator==(const DateTime&) const = default;
};

struct TimeOfDay {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
  DatePrecision precision = DatePrecision::kSecond;  ///< kHour to kFraction
  std::uint8_t fraction_digits = 0;

  bool operator==(const TimeOfDay&) const = default;
};

/// Which spellings are accepted. kStrict is the FHIR data type; kRelaxed also takes minutes without seconds and times
/// without a zone, as search values and FHIRPath literals have them.
enum class DateForm : std::uint8_t { kStrict, kRelaxed };

/// "2024", "2024-05", "2024-05-15". Errors of all parsers: kInvalid; the text never quotes the value.
Result<DateTime> ParseDate(std::string_view text);
/// A date, or a date with a time: "2024-05-15T10:00:00+02:00".
Result<DateTime> ParseDateTime(std::string_view text, DateForm form = DateForm::kStrict);
/// A full dateTime with seconds and zone.
Result<DateTime> ParseInstant(std::string_view text);
/// "10:00:00", "10:00:00.5"; kRelaxed also "10:00" and "10".
Result<TimeOfDay> ParseTime(std::string_view text, DateForm form = DateForm::kStrict);

/// The value at its own precision, as FHIR writes it; fractions with fraction_digits digits, offset 0 as "Z".
std::string ToString(const DateTime& value);

/// Microseconds since 1970-01-01T00:00:00Z, half-open.
struct UsRange {
  std::int64_t low_us = 0;
  std::int64_t high_us = 0;

  bool operator==(const UsRange&) const = default;
};

/// All instants that `value` may mean: "2024-05" is the whole month. A value without an offset is local to `zone`: a
/// day of a clock change has 23 or 25 hours, a local time that occurs twice covers both, one that is skipped is read
/// with the offset before the change.
UsRange ToRange(const DateTime& value, const TimeZone& zone);
/// The same with the zone by name. Errors: kInvalid for a zone that does not exist.
Result<UsRange> ToRange(const DateTime& value, std::string_view zone_name);

/// The instant in UTC with `fraction_digits` (0, 3 or 6) digits, cut: "2024-05-15T10:00:00.123Z".
std::string FormatInstant(std::int64_t us, int fraction_digits = 3);
/// The instant with the offset of a zone: "2024-05-15T12:00:00.123+02:00".
std::string FormatInstantIn(std::int64_t us, const TimeZone& zone, int fraction_digits = 3);

/// The wall-clock reading of an instant: kSecond precision (kFraction when there is one), with the zone's offset.
DateTime ToLocal(std::int64_t us, const TimeZone& zone);

/// Moves by calendar days or months, keeping the time of day and the precision; a day that the month lacks becomes its
/// last one (31 January + 1 month = 29 February 2024). Adding days to a year or a month leaves coarser parts as they
/// come out. Errors: kInvalid when the result leaves the years 1 to 9999.
Result<DateTime> AddDays(const DateTime& value, std::int64_t days);
Result<DateTime> AddMonths(const DateTime& value, std::int64_t months);

/// Completed years between two dates. They differ when the birth date has no month or day.
struct AgeYears {
  int least = 0;
  int most = 0;

  bool operator==(const AgeYears&) const = default;
};

/// The age on a day; someone born on 29 February turns older on 1 March in common years. Unset when `on` lies before
/// the birth. Times of day are not looked at.
std::optional<AgeYears> AgeAt(const DateTime& birth, const DateTime& on);

/// Days since 1970-01-01 of a calendar date, and back (year, month, day at kDay precision).
std::int64_t DaysFromCivil(int year, int month, int day);
DateTime CivilFromDays(std::int64_t days);

}  // namespace fhir
