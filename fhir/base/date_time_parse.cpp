// The spellings of dates and times. Source: https://hl7.org/fhir/R4/datatypes.html#primitive
#include <array>

#include "fhir/base/date_time.hpp"

namespace fhir {
namespace {

std::unexpected<Error> NotADate() {
  return Fail(ErrorCode::kInvalid, "not a date or time as FHIR writes it");
}

/// Reads fixed-width parts from the left; every call says whether the text went along.
class DateScanner {
 public:
  explicit DateScanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }
  bool Number(std::size_t width, int low, int high, int& out) {
    if (rest_.size() < width) {
      return false;
    }
    int value = 0;
    for (const char c : rest_.substr(0, width)) {
      if (c < '0' || c > '9') {
        return false;
      }
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(width);
    out = value;
    return value >= low && value <= high;
  }
  /// Digits after the point of seconds: at least one; those past the sixth are read and cut.
  bool Fraction(int& microsecond, std::uint8_t& digits) {
    int value = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      if (count < 6) {
        value = value * 10 + (rest_[count] - '0');
      }
    }
    rest_.remove_prefix(count);
    digits = static_cast<std::uint8_t>(count < 6 ? count : 6);
    for (std::size_t i = digits; i < 6; ++i) {
      value *= 10;
    }
    microsecond = value;
    return count > 0;
  }

 private:
  std::string_view rest_;
};

int DaysInMonth(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

bool ScanDate(DateScanner& scan, DateTime& out) {
  if (!scan.Number(4, 1, 9999, out.year)) {
    return false;
  }
  out.precision = DatePrecision::kYear;
  if (!scan.Skip('-')) {
    return true;
  }
  if (!scan.Number(2, 1, 12, out.month)) {
    return false;
  }
  out.precision = DatePrecision::kMonth;
  if (!scan.Skip('-')) {
    return true;
  }
  out.precision = DatePrecision::kDay;
  return scan.Number(2, 1, DaysInMonth(out.year, out.month), out.day);
}

/// Time of day into any struct with hour … fraction_digits.
template <typename Target>
bool ScanTime(DateScanner& scan, DateForm form, int second_max, Target& out) {
  const bool relaxed = form == DateForm::kRelaxed;
  if (!scan.Number(2, 0, 23, out.hour)) {
    return false;
  }
  out.precision = DatePrecision::kHour;
  if (!scan.Skip(':')) {
    return relaxed;
  }
  if (!scan.Number(2, 0, 59, out.minute)) {
    return false;
  }
  out.precision = DatePrecision::kMinute;
  if (!scan.Skip(':')) {
    return relaxed;
  }
  if (!scan.Number(2, 0, second_max, out.second)) {
    return false;
  }
  out.precision = DatePrecision::kSecond;
  if (!scan.Skip('.')) {
    return true;
  }
  out.precision = DatePrecision::kFraction;
  return scan.Fraction(out.microsecond, out.fraction_digits);
}

bool ScanOffset(DateScanner& scan, DateTime& out) {
  if (scan.Skip('Z')) {
    out.offset_minutes = 0;
    return true;
  }
  const bool minus = scan.Skip('-');
  if (!minus && !scan.Skip('+')) {
    return false;
  }
  int hours = 0;
  int minutes = 0;
  if (!scan.Number(2, 0, 14, hours) || !scan.Skip(':') || !scan.Number(2, 0, hours == 14 ? 0 : 59, minutes)) {
    return false;
  }
  const int total = hours * 60 + minutes;
  out.offset_minutes = static_cast<std::int16_t>(minus ? -total : total);
  return true;
}

}  // namespace

Result<DateTime> ParseDate(std::string_view text) {
  DateScanner scan(text);
  DateTime value;
  if (!ScanDate(scan, value) || !scan.done()) {
    return NotADate();
  }
  return value;
}

Result<DateTime> ParseDateTime(std::string_view text, DateForm form) {
  DateScanner scan(text);
  DateTime value;
  if (!ScanDate(scan, value)) {
    return NotADate();
  }
  if (scan.done()) {
    return value;
  }
  if (value.precision != DatePrecision::kDay || !scan.Skip('T') || !ScanTime(scan, form, 60, value)) {
    return NotADate();
  }
  if (scan.done() && form == DateForm::kRelaxed) {
    return value;
  }
  if (!ScanOffset(scan, value) || !scan.done()) {
    return NotADate();
  }
  return value;
}

Result<DateTime> ParseInstant(std::string_view text) {
  GW_ASSIGN(const DateTime value, ParseDateTime(text));
  if (value.precision < DatePrecision::kSecond) {
    return NotADate();
  }
  return value;
}

Result<TimeOfDay> ParseTime(std::string_view text, DateForm form) {
  DateScanner scan(text);
  TimeOfDay value;
  if (!ScanTime(scan, form, 60, value) || !scan.done()) {
    return NotADate();
  }
  return value;
}

}  // namespace fhir
