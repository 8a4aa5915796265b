#include "adapters/insurer/money.hpp"

#include <fmt/format.h>

namespace adapters::insurer {

Money Money::Percent(int percent) const {
  return {(cents * percent + 50) / 100};
}

std::string Money::Text() const {
  const std::int64_t magnitude = cents < 0 ? -cents : cents;
  return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", magnitude / 100, magnitude % 100);
}

fhir::Result<Money> Money::Parse(std::string_view text) {
  const auto refuse = [] {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "an amount must be like 25 or 25.00, with at most two decimals");
  };
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty() || whole.size() > 12 || fraction.size() > 2 ||
      (point != std::string_view::npos && fraction.empty())) {
    return refuse();
  }
  Money money;
  for (const char digit : whole) {
    if (digit < '0' || digit > '9') {
      return refuse();
    }
    money.cents = money.cents * 10 + (digit - '0');
  }
  money.cents *= 100;
  std::int64_t unit = 10;
  for (const char digit : fraction) {
    if (digit < '0' || digit > '9') {
      return refuse();
    }
    money.cents += unit * (digit - '0');
    unit /= 10;
  }
  return money;
}

}  // namespace adapters::insurer
