#include "fhir/fhirpath/moment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace fhir::fhirpath {
namespace {

bool TakeDigits(std::string_view& text, std::size_t count, std::int32_t& out) {
  if (text.size() < count) return false;
  out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool TakeSymbol(std::string_view& text, char symbol) {
  if (!text.starts_with(symbol)) return false;
  text.remove_prefix(1);
  return true;
}

/// "hh[:mm[:ss[.fff]]]"
bool TakeTimeOfDay(std::string_view& text, Moment& moment) {
  if (!TakeDigits(text, 2, moment.parts[Moment::kHour]) || moment.parts[Moment::kHour] > 23) return false;
  moment.count = Moment::kMinute;
  if (!TakeSymbol(text, ':')) return true;
  if (!TakeDigits(text, 2, moment.parts[Moment::kMinute]) || moment.parts[Moment::kMinute] > 59) return false;
  moment.count = Moment::kMillisecond;
  if (!TakeSymbol(text, ':')) return true;
  std::int32_t seconds = 0;
  if (!TakeDigits(text, 2, seconds) || seconds > 60) return false;
  std::int32_t fraction = 0;
  if (TakeSymbol(text, '.')) {
    moment.seconds_fraction = true;
    std::size_t digits = 0;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
      if (digits < 3) fraction = fraction * 10 + (text[0] - '0');
      ++digits;
      text.remove_prefix(1);
    }
    if (digits == 0) return false;
    for (; digits < 3; ++digits) fraction *= 10;
  }
  moment.parts[Moment::kMillisecond] = seconds * 1000 + fraction;
  moment.count = Moment::kParts;
  return true;
}

struct UnitRow {
  std::string_view name;
  Moment::Part part;
  std::int64_t factor;
};

// NB: UCUM's a and mo are absent: they are 365.25 days and a twelfth of that, no calendar years and months.
constexpr UnitRow kTimeUnits[] = {
    {"year", Moment::kYear, 1},
    {"years", Moment::kYear, 1},
    {"month", Moment::kMonth, 1},
    {"months", Moment::kMonth, 1},
    {"week", Moment::kDay, 7},
    {"weeks", Moment::kDay, 7},
    {"wk", Moment::kDay, 7},
    {"day", Moment::kDay, 1},
    {"days", Moment::kDay, 1},
    {"d", Moment::kDay, 1},
    {"hour", Moment::kHour, 1},
    {"hours", Moment::kHour, 1},
    {"h", Moment::kHour, 1},
    {"minute", Moment::kMinute, 1},
    {"minutes", Moment::kMinute, 1},
    {"min", Moment::kMinute, 1},
    {"second", Moment::kMillisecond, 1000},
    {"seconds", Moment::kMillisecond, 1000},
    {"s", Moment::kMillisecond, 1000},
    {"millisecond", Moment::kMillisecond, 1},
    {"milliseconds", Moment::kMillisecond, 1},
    {"ms", Moment::kMillisecond, 1},
};

}  // namespace

std::int32_t Moment::DaysInMonth(std::int32_t year, std::int32_t month) {
  return static_cast<std::int32_t>(static_cast<unsigned>(
      std::chrono::year_month_day_last(std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
                                       std::chrono::last)
          .day()));
}

std::optional<Moment> Moment::Parse(std::string_view text) {
  Moment moment;
  if (!TakeDigits(text, 4, moment.parts[kYear])) return std::nullopt;
  moment.count = kMonth;
  if (TakeSymbol(text, '-')) {
    if (!TakeDigits(text, 2, moment.parts[kMonth]) || moment.parts[kMonth] < 1 || moment.parts[kMonth] > 12) {
      return std::nullopt;
    }
    moment.count = kDay;
    if (TakeSymbol(text, '-')) {
      if (!TakeDigits(text, 2, moment.parts[kDay]) || moment.parts[kDay] < 1 ||
          moment.parts[kDay] > DaysInMonth(moment.parts[kYear], moment.parts[kMonth])) {
        return std::nullopt;
      }
      moment.count = kHour;
    }
  }
  if (TakeSymbol(text, 'T')) {
    if (text.empty()) return moment;
    if (moment.count != kHour || !TakeTimeOfDay(text, moment)) return std::nullopt;
    if (TakeSymbol(text, 'Z')) {
      moment.offset_minutes = 0;
    } else if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
      const int sign = text[0] == '-' ? -1 : 1;
      text.remove_prefix(1);
      std::int32_t hours = 0;
      std::int32_t minutes = 0;
      if (!TakeDigits(text, 2, hours) || !TakeSymbol(text, ':') || !TakeDigits(text, 2, minutes) || minutes > 59 ||
          hours * 60 + minutes > 14 * 60) {
        return std::nullopt;
      }
      moment.offset_minutes = sign * (hours * 60 + minutes);
    }
  }
  if (!text.empty()) return std::nullopt;
  return moment;
}

std::optional<Moment> Moment::ParseTime(std::string_view text) {
  Moment moment;
  moment.first = kHour;
  if (!TakeTimeOfDay(text, moment) || !text.empty()) return std::nullopt;
  return moment;
}

std::string Moment::ToString() const {
  std::string text;
  if (first == kYear) {
    text = fmt::format("{:04}", parts[kYear]);
    if (count > kMonth) text += fmt::format("-{:02}", parts[kMonth]);
    if (count > kDay) text += fmt::format("-{:02}", parts[kDay]);
    if (count > kHour) text += "T";
  }
  if (count > kHour) text += fmt::format("{:02}", parts[kHour]);
  if (count > kMinute) text += fmt::format(":{:02}", parts[kMinute]);
  if (count > kMillisecond) {
    text += fmt::format(":{:02}", parts[kMillisecond] / 1000);
    if (seconds_fraction) text += fmt::format(".{:03}", parts[kMillisecond] % 1000);
  }
  if (offset_minutes) {
    const int offset = *offset_minutes;
    if (offset == 0)
      text += "Z";
    else
      text += fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
  }
  return text;
}

bool Moment::ShiftMilliseconds(std::int64_t milliseconds) {
  namespace chrono = std::chrono;
  constexpr std::int64_t kDayMs = 86'400'000;
  std::int64_t day = 0;
  if (first == kYear) {
    day =
        chrono::sys_days(chrono::year(parts[kYear]) / chrono::month(static_cast<unsigned>(std::max(parts[kMonth], 1))) /
                         chrono::day(static_cast<unsigned>(std::max(parts[kDay], 1))))
            .time_since_epoch()
            .count();
  }
  std::int64_t total = parts[kHour] * 3'600'000LL + parts[kMinute] * 60'000LL + parts[kMillisecond];
  if (__builtin_add_overflow(total, milliseconds, &total)) return false;
  std::int64_t days = total / kDayMs;
  std::int64_t rest = total % kDayMs;
  if (rest < 0) {
    rest += kDayMs;
    --days;
  }
  if (first == kYear) {
    if (days > 4'000'000 || days < -4'000'000) return false;
    const chrono::year_month_day date{chrono::sys_days(chrono::days(day + days))};
    if (static_cast<int>(date.year()) < 1 || static_cast<int>(date.year()) > 9999) return false;
    parts[kYear] = static_cast<int>(date.year());
    parts[kMonth] = static_cast<std::int32_t>(static_cast<unsigned>(date.month()));
    parts[kDay] = static_cast<std::int32_t>(static_cast<unsigned>(date.day()));
  }
  parts[kHour] = static_cast<std::int32_t>(rest / 3'600'000);
  parts[kMinute] = static_cast<std::int32_t>(rest / 60'000 % 60);
  parts[kMillisecond] = static_cast<std::int32_t>(rest % 60'000);
  return true;
}

Moment Moment::InUtc() const {
  Moment result = *this;
  result.ShiftMilliseconds(-*offset_minutes * 60'000LL);
  result.offset_minutes = 0;
  return result;
}

std::optional<int> Moment::Compare(const Moment& left, const Moment& right) {
  if (left.first != right.first) return std::nullopt;
  Moment a = left;
  Moment b = right;
  const bool both_timed = a.count > kHour && b.count > kHour;
  if (a.offset_minutes && b.offset_minutes) {
    a = a.InUtc();
    b = b.InUtc();
  } else if (both_timed && a.offset_minutes.has_value() != b.offset_minutes.has_value()) {
    return std::nullopt;
  }
  for (std::uint8_t part = a.first; part < std::min(a.count, b.count); ++part) {
    if (a.parts[part] != b.parts[part]) return a.parts[part] < b.parts[part] ? -1 : 1;
  }
  if (a.count != b.count) return std::nullopt;
  return 0;
}

bool Moment::Same(const Moment& left, const Moment& right) {
  return left.count == right.count && Compare(left, right) == 0;
}

std::optional<Moment> Moment::Plus(std::int64_t amount, std::string_view unit) const {
  const auto* const row = std::ranges::find(kTimeUnits, unit, &UnitRow::name);
  if (row == std::end(kTimeUnits)) return std::nullopt;
  if (first == kHour && row->part < kHour) return std::nullopt;
  if (amount > 1'000'000'000'000LL || amount < -1'000'000'000'000LL) return std::nullopt;
  Moment result = *this;
  std::int64_t value = amount * row->factor;
  Part part = row->part;
  // A less precise moment takes whole units of its own precision: @2014 + 24 months is @2016.
  if (part == kMillisecond && count <= kMillisecond) {
    value /= 60'000;
    part = kMinute;
  }
  if (part == kMinute && count <= kMinute) {
    value /= 60;
    part = kHour;
  }
  if (part == kHour && count <= kHour) {
    value /= 24;
    part = kDay;
  }
  if (part == kDay && count <= kMonth) {
    value /= 365;
    part = kYear;
  }
  if (part == kDay && count <= kDay) {
    value /= 30;
    part = kMonth;
  }
  if (part == kMonth && count <= kMonth) {
    value /= 12;
    part = kYear;
  }
  if (part == kYear || part == kMonth) {
    const std::int64_t months =
        parts[kYear] * 12LL + std::max(parts[kMonth], 1) - 1 + (part == kYear ? value * 12 : value);
    if (months < 12 || months >= 120'000) return std::nullopt;
    result.parts[kYear] = static_cast<std::int32_t>(months / 12);
    if (count > kMonth) result.parts[kMonth] = static_cast<std::int32_t>(months % 12 + 1);
    if (count > kDay) {
      result.parts[kDay] = std::min(result.parts[kDay], DaysInMonth(result.parts[kYear], result.parts[kMonth]));
    }
    return result;
  }
  const std::int64_t unit_ms = part == kDay ? 86'400'000 : part == kHour ? 3'600'000 : part == kMinute ? 60'000 : 1;
  std::int64_t shift = 0;
  if (__builtin_mul_overflow(value, unit_ms, &shift) || !result.ShiftMilliseconds(shift)) return std::nullopt;
  return result;
}

}  // namespace fhir::fhirpath
