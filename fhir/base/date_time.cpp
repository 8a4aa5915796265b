#include "fhir/base/date_time.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <tuple>

#include <fmt/format.h>

namespace fhir {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kMinuteUs = 60 * kSecondUs;
constexpr std::int64_t kHourUs = 60 * kMinuteUs;
constexpr std::int64_t kDayUs = 24 * kHourUs;

std::int64_t FloorDivide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

int LastDayOfMonth(int year, int month) {
  const bool december = month == 12;
  return static_cast<int>(DaysFromCivil(december ? year + 1 : year, december ? 1 : month + 1, 1) -
                          DaysFromCivil(year, month, 1));
}

std::int64_t FractionUnitUs(int digits) {
  std::int64_t unit = kSecondUs;
  for (int i = 0; i < digits; ++i) {
    unit /= 10;
  }
  return std::max<std::int64_t>(unit, 1);
}

/// First microsecond of the value as its own clock reads.
std::int64_t LocalLow(const DateTime& value) {
  return DaysFromCivil(value.year, value.month, value.day) * kDayUs + value.hour * kHourUs + value.minute * kMinuteUs +
         value.second * kSecondUs + value.microsecond;
}

/// First microsecond after it.
std::int64_t LocalHigh(const DateTime& value) {
  const std::int64_t low_us = LocalLow(value);
  switch (value.precision) {
    case DatePrecision::kYear:
      return DaysFromCivil(value.year + 1, 1, 1) * kDayUs;
    case DatePrecision::kMonth:
      return low_us + LastDayOfMonth(value.year, value.month) * kDayUs;
    case DatePrecision::kDay:
      return low_us + kDayUs;
    case DatePrecision::kHour:
      return low_us + kHourUs;
    case DatePrecision::kMinute:
      return low_us + kMinuteUs;
    case DatePrecision::kSecond:
      return low_us + kSecondUs;
    case DatePrecision::kFraction:
      return low_us + FractionUnitUs(value.fraction_digits);
  }
  return low_us;
}

DateTime FromLocal(std::int64_t local_us) {
  const std::int64_t days = FloorDivide(local_us, kDayUs);
  std::int64_t rest = local_us - days * kDayUs;
  DateTime value = CivilFromDays(days);
  value.hour = static_cast<int>(rest / kHourUs);
  rest %= kHourUs;
  value.minute = static_cast<int>(rest / kMinuteUs);
  rest %= kMinuteUs;
  value.second = static_cast<int>(rest / kSecondUs);
  value.microsecond = static_cast<int>(rest % kSecondUs);
  value.precision = value.microsecond == 0 ? DatePrecision::kSecond : DatePrecision::kFraction;
  value.fraction_digits = value.microsecond == 0 ? 0 : (value.microsecond % 1000 == 0 ? 3 : 6);
  return value;
}

std::string FormatAt(std::int64_t us, std::int16_t offset_minutes, int fraction_digits) {
  DateTime value = FromLocal(us + offset_minutes * kMinuteUs);
  value.precision = fraction_digits > 0 ? DatePrecision::kFraction : DatePrecision::kSecond;
  value.fraction_digits = static_cast<std::uint8_t>(std::clamp(fraction_digits, 0, 6));
  value.offset_minutes = offset_minutes;
  return ToString(value);
}

/// Offsets before standard time had seconds; FHIR writes whole minutes, so the reading is given in the nearest.
std::int16_t OffsetMinutes(std::int64_t us, const TimeZone& zone) {
  return static_cast<std::int16_t>(FloorDivide(zone.OffsetSeconds(us) + 30, 60));
}

std::unexpected<Error> OutOfCalendar() {
  return Fail(ErrorCode::kInvalid, "a date lies outside the years 1 to 9999");
}

int CompletedYears(int year, int month, int day, const DateTime& on) {
  return on.year - year - (std::tie(on.month, on.day) < std::tie(month, day) ? 1 : 0);
}

/// The last day a value may mean, at kDay precision.
DateTime LastDay(const DateTime& value) {
  DateTime last = value;
  if (value.precision == DatePrecision::kYear) {
    last.month = 12;
  }
  if (value.precision <= DatePrecision::kMonth) {
    last.day = LastDayOfMonth(last.year, last.month);
  }
  return last;
}

}  // namespace

std::int64_t DaysFromCivil(int year, int month, int day) {
  // Years counted from March, so that the leap day is the last of its year; 400 years are 146,097 days.
  const std::int64_t shifted = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = FloorDivide(shifted, 400);
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

DateTime CivilFromDays(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = FloorDivide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  DateTime value;
  value.day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  value.month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  value.year = static_cast<int>(year_of_era + era * 400 + (value.month <= 2 ? 1 : 0));
  return value;
}

std::string ToString(const DateTime& value) {
  std::string text = fmt::format("{:04}", value.year);
  const auto out = std::back_inserter(text);
  if (value.precision >= DatePrecision::kMonth) {
    fmt::format_to(out, "-{:02}", value.month);
  }
  if (value.precision >= DatePrecision::kDay) {
    fmt::format_to(out, "-{:02}", value.day);
  }
  if (value.precision < DatePrecision::kHour) {
    return text;
  }
  fmt::format_to(out, "T{:02}", value.hour);
  if (value.precision >= DatePrecision::kMinute) {
    fmt::format_to(out, ":{:02}", value.minute);
  }
  if (value.precision >= DatePrecision::kSecond) {
    fmt::format_to(out, ":{:02}", value.second);
  }
  if (value.precision == DatePrecision::kFraction) {
    fmt::format_to(out, ".{:0{}}", value.microsecond / FractionUnitUs(value.fraction_digits), value.fraction_digits);
  }
  if (value.offset_minutes == 0) {
    text += 'Z';
  } else if (value.offset_minutes) {
    const int minutes = std::abs(*value.offset_minutes);
    fmt::format_to(out, "{}{:02}:{:02}", *value.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
  }
  return text;
}

UsRange ToRange(const DateTime& value, const TimeZone& zone) {
  const std::int64_t low_us = LocalLow(value);
  const std::int64_t high_us = LocalHigh(value);
  if (value.offset_minutes) {
    return {low_us - *value.offset_minutes * kMinuteUs, high_us - *value.offset_minutes * kMinuteUs};
  }
  // The end is taken from the last microsecond inside: the first one outside may already be the repeated hour.
  return {zone.EarliestUtc(low_us), zone.LatestUtc(high_us - 1) + 1};
}

Result<UsRange> ToRange(const DateTime& value, std::string_view zone_name) {
  if (value.offset_minutes) {
    return ToRange(value, TimeZone::Utc());
  }
  GW_ASSIGN(const TimeZone* zone, TimeZone::Find(zone_name));
  return ToRange(value, *zone);
}

std::string FormatInstant(std::int64_t us, int fraction_digits) {
  return FormatAt(us, 0, fraction_digits);
}

std::string FormatInstantIn(std::int64_t us, const TimeZone& zone, int fraction_digits) {
  return FormatAt(us, OffsetMinutes(us, zone), fraction_digits);
}

DateTime ToLocal(std::int64_t us, const TimeZone& zone) {
  const std::int16_t offset_minutes = OffsetMinutes(us, zone);
  DateTime value = FromLocal(us + offset_minutes * kMinuteUs);
  value.offset_minutes = offset_minutes;
  return value;
}

Result<DateTime> AddDays(const DateTime& value, std::int64_t days) {
  constexpr std::int64_t kDaysMax = 4'000'000;
  if (days > kDaysMax || days < -kDaysMax) {
    return OutOfCalendar();
  }
  const DateTime moved = CivilFromDays(DaysFromCivil(value.year, value.month, value.day) + days);
  if (moved.year < 1 || moved.year > 9999) {
    return OutOfCalendar();
  }
  DateTime result = value;
  result.year = moved.year;
  result.month = moved.month;
  result.day = moved.day;
  return result;
}

Result<DateTime> AddMonths(const DateTime& value, std::int64_t months) {
  constexpr std::int64_t kMonthsMax = 120'000;
  if (months > kMonthsMax || months < -kMonthsMax) {
    return OutOfCalendar();
  }
  const std::int64_t total = value.year * 12 + (value.month - 1) + months;
  const std::int64_t year = FloorDivide(total, 12);
  if (year < 1 || year > 9999) {
    return OutOfCalendar();
  }
  DateTime result = value;
  result.year = static_cast<int>(year);
  result.month = static_cast<int>(total - year * 12) + 1;
  result.day = std::min(value.day, LastDayOfMonth(result.year, result.month));
  return result;
}

std::optional<AgeYears> AgeAt(const DateTime& birth, const DateTime& on) {
  const DateTime birth_last = LastDay(birth);
  const DateTime on_last = LastDay(on);
  const int most = CompletedYears(birth.year, birth.month, birth.day, on_last);
  if (most < 0) {
    return std::nullopt;
  }
  const int least = CompletedYears(birth_last.year, birth_last.month, birth_last.day, on);
  return AgeYears{std::max(least, 0), most};
}

}  // namespace fhir
