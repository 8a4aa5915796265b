#include "adapters/hospital/hl7v2/er7/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace adapters::hospital::hl7v2::er7 {
namespace {

using fhir::DatePrecision;

constexpr std::int64_t kSecondUs = 1'000'000;

std::unexpected<fhir::Error> BadTimestamp() {
  return fhir::Fail(fhir::ErrorCode::kInvalid, "a time stamp YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ] is expected");
}

bool TakeDigits(std::string_view& rest, std::size_t count, int low, int high, int& value) {
  if (rest.size() < count) {
    return false;
  }
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (rest[i] < '0' || rest[i] > '9') {
      return false;
    }
    value = value * 10 + (rest[i] - '0');
  }
  rest.remove_prefix(count);
  return value >= low && value <= high;
}

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool TakeFraction(std::string_view& rest, fhir::DateTime& value) {
  rest.remove_prefix(1);
  std::size_t digits = 0;
  int scale = 100'000;
  while (digits < rest.size() && digits < 4 && rest[digits] >= '0' && rest[digits] <= '9') {
    value.microsecond += (rest[digits++] - '0') * scale;
    scale /= 10;
  }
  rest.remove_prefix(digits);
  value.precision = DatePrecision::kFraction;
  value.fraction_digits = static_cast<std::uint8_t>(digits);
  return digits > 0;
}

bool TakeOffset(std::string_view& rest, fhir::DateTime& value) {
  const int sign = rest.front() == '-' ? -1 : 1;
  rest.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!TakeDigits(rest, 2, 0, 14, hours)) {
    return false;
  }
  if (!rest.empty() && !TakeDigits(rest, 2, 0, 59, minutes)) {  // some senders write the hours alone
    return false;
  }
  value.offset_minutes = static_cast<std::int16_t>(sign * (hours * 60 + minutes));
  return true;
}

}  // namespace

fhir::Result<fhir::DateTime> ParseTimestamp(std::string_view text) {
  fhir::DateTime value;
  std::string_view rest = text;
  value.precision = DatePrecision::kYear;
  if (!TakeDigits(rest, 4, 1, 9999, value.year)) {
    return BadTimestamp();
  }
  struct Place {
    int* slot;
    int low, high;
    DatePrecision precision;
  };
  const Place parts[] = {{&value.month, 1, 12, DatePrecision::kMonth},
                         {&value.day, 1, 31, DatePrecision::kDay},
                         {&value.hour, 0, 23, DatePrecision::kHour},
                         {&value.minute, 0, 59, DatePrecision::kMinute},
                         {&value.second, 0, 59, DatePrecision::kSecond}};
  for (const auto& part : parts) {
    if (rest.empty() || rest.front() == '+' || rest.front() == '-') {
      break;
    }
    if (!TakeDigits(rest, 2, part.low, part.high, *part.slot)) {
      return BadTimestamp();
    }
    value.precision = part.precision;
  }
  if (value.precision >= DatePrecision::kDay && value.day > DaysInMonth(value.year, value.month)) {
    return BadTimestamp();
  }
  if (value.precision == DatePrecision::kSecond && rest.starts_with('.') && !TakeFraction(rest, value)) {
    return BadTimestamp();
  }
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-') && !TakeOffset(rest, value)) {
    return BadTimestamp();
  }
  if (!rest.empty()) {
    return BadTimestamp();
  }
  return value;
}

std::string ToFhirDateTime(fhir::DateTime value, const ZoneRule& rule) {
  if (value.precision < DatePrecision::kMinute) {
    return ToFhirDate(value);
  }
  if (value.precision == DatePrecision::kMinute) {
    value.precision = DatePrecision::kSecond;
  }
  if (!value.offset_minutes) {
    value.offset_minutes = rule.header_offset_minutes;
  }
  if (!value.offset_minutes && rule.zone != nullptr) {
    const std::int64_t local_s = fhir::DaysFromCivil(value.year, value.month, value.day) * 86'400 + value.hour * 3'600 +
                                 value.minute * 60 + value.second;
    const std::int64_t utc_us = rule.zone->EarliestUtc(local_s * kSecondUs);
    value.offset_minutes = static_cast<std::int16_t>(rule.zone->OffsetSeconds(utc_us) / 60);
  }
  return value.offset_minutes ? fhir::ToString(value) : ToFhirDate(value);
}

std::string ToFhirDate(fhir::DateTime value) {
  value.precision = std::min(value.precision, DatePrecision::kDay);
  value.offset_minutes.reset();
  return fhir::ToString(value);
}

std::string FormatTimestamp(std::int64_t us, const fhir::TimeZone& zone) {
  const auto local = fhir::ToLocal(us, zone);
  const int offset = local.offset_minutes.value_or(0);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}{}{:02}{:02}", local.year, local.month, local.day, local.hour,
                     local.minute, local.second, offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
}

std::string FormatTimestamp(std::string_view fhir_date_time) {
  const auto value = fhir::ParseDateTime(fhir_date_time);
  if (!value) {
    return {};
  }
  std::string text = fmt::format("{:04}", value->year);
  if (value->precision >= DatePrecision::kMonth) {
    text += fmt::format("{:02}", value->month);
  }
  if (value->precision >= DatePrecision::kDay) {
    text += fmt::format("{:02}", value->day);
  }
  if (value->precision >= DatePrecision::kHour) {
    text += fmt::format("{:02}{:02}{:02}", value->hour, value->minute, value->second);
    if (value->offset_minutes) {
      const int offset = *value->offset_minutes;
      text += fmt::format("{}{:02}{:02}", offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
    }
  }
  return text;
}

}  // namespace adapters::hospital::hl7v2::er7
