#include "adapters/insurer/tariff.hpp"

#include <algorithm>

namespace adapters::insurer {
namespace {

/// Last row that had begun on `day`; rows are in ascending order of `from`.
template <typename Row>
const Row* RowOn(const std::vector<Row>& rows, std::string_view day) {
  const auto after = std::upper_bound(rows.begin(), rows.end(), day,
                                      [](std::string_view wanted, const Row& row) { return wanted < row.from; });
  return after == rows.begin() ? nullptr : &*(after - 1);
}

std::optional<int> TariffDigits(std::string_view text) {
  int number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    number = number * 10 + (digit - '0');
  }
  return number;
}

}  // namespace

std::optional<int> AgeOn(std::string_view birth_date, std::string_view day) {
  if (birth_date.size() != 10 || day.size() < 10) {
    return std::nullopt;
  }
  const auto born = TariffDigits(birth_date.substr(0, 4));
  const auto at = TariffDigits(day.substr(0, 4));
  if (!born || !at) {
    return std::nullopt;
  }
  const bool before_birthday = day.substr(5, 5) < birth_date.substr(5, 5);
  return *at - *born - (before_birthday ? 1 : 0);
}

bool Tariff::Knows(std::string_view code) const {
  return std::any_of(acts_.begin(), acts_.end(), [&](const PricedAct& act) { return act.code == code; });
}

std::optional<Shares> Tariff::Price(const Act& act) const {
  const std::string_view day = act.date.substr(0, 10);
  const auto priced =
      std::find_if(acts_.begin(), acts_.end(), [&](const PricedAct& row) { return row.code == act.code; });
  if (priced == acts_.end()) {
    return std::nullopt;
  }
  const DatedAmount* price = RowOn(priced->prices, day);
  const DatedPercent* rate = RowOn(amo_rates_, day);
  if (price == nullptr || rate == nullptr) {
    return std::nullopt;
  }
  Shares shares;
  shares.price = price->amount;
  const bool full_cover = !act.exemption.empty() &&
                          std::find(full_cover_exemptions_.begin(), full_cover_exemptions_.end(), act.exemption) !=
                              full_cover_exemptions_.end();
  shares.amo_percent = full_cover ? 100 : rate->percent;
  shares.amo_gross = shares.price.Percent(shares.amo_percent);
  const std::optional<int> age = AgeOn(act.birth_date, day);
  const bool exempt = age && *age < exempt_age_below_;
  const DatedAmount* flat = RowOn(flat_participation_, day);
  if (flat != nullptr && !exempt) {
    // The participation cannot exceed what the AMO pays.
    shares.flat_participation = std::min(flat->amount, shares.amo_gross);
  }
  shares.amo = shares.amo_gross - shares.flat_participation;
  shares.amc = shares.price - shares.amo_gross;
  shares.patient = shares.price - shares.amo - shares.amc;
  return shares;
}

}  // namespace adapters::insurer
