// Dates and times of expressions, compared as far as both are known.
// Source: http://hl7.org/fhirpath/N1/#datetime-equality
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fhir::fhirpath {

/// A date, dateTime or time with the precision it was written in. Value.
struct Moment {
  enum Part : std::uint8_t { kYear, kMonth, kDay, kHour, kMinute, kMillisecond, kParts };
  std::array<std::int32_t, kParts> parts{};  ///< seconds and fraction are one part, in milliseconds
  std::uint8_t first = kYear;                ///< kHour for a time
  std::uint8_t count = 0;                    ///< parts up to this one (exclusive) are known
  bool seconds_fraction = false;             ///< written with a fraction
  std::optional<int> offset_minutes;         ///< of the zone, when written

  /// Nothing for text that is no date or dateTime.
  static std::optional<Moment> Parse(std::string_view text);
  static std::optional<Moment> ParseTime(std::string_view text);
  std::string ToString() const;

  /// −1, 0, 1; nothing when one is less precise and all common parts are equal, or only one has a zone.
  static std::optional<int> Compare(const Moment& left, const Moment& right);
  /// Equal in all parts and of the same precision.
  static bool Same(const Moment& left, const Moment& right);

  static std::int32_t DaysInMonth(std::int32_t year, std::int32_t month);

  /// Adds a calendar duration. Unit is a calendar word or a UCUM time unit. Nothing for another unit or past year 9999.
  std::optional<Moment> Plus(std::int64_t amount, std::string_view unit) const;

 private:
  Moment InUtc() const;
  bool ShiftMilliseconds(std::int64_t milliseconds);
};

}  // namespace fhir::fhirpath
