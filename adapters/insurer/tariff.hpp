// Dated tariff rules, read from YAML under config/tariffs: what an act costs on a day, and who pays which part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/insurer/money.hpp"
#include "fhir/base/error.hpp"

namespace adapters::insurer {

/// What pricing needs to know of an act and its patient. Dates are ISO calendar days ("2024-05-15"), French local time.
struct Act {
  std::string_view code;  ///< NGAP, e.g. "TCG"
  std::string_view date;
  std::string_view birth_date;  ///< "" or partial: treated as an adult of unknown age
  std::string_view exemption;   ///< IN1-15 of the AMO, "" when none
};

/// price = amo + amc + patient, always.
struct Shares {
  Money price;
  Money amo_gross;  ///< before the flat participation is taken off
  Money flat_participation;
  Money amo;
  Money amc;
  Money patient;
  int amo_percent = 0;
};

/// An immutable set of tariff rules. thread-safe.
class Tariff {
 public:
  /// Reads one YAML file. Errors: kConfiguration with "file:line: rule" as public text.
  static fhir::Result<Tariff> Load(const std::string& path);

  /// Unset when the code is not an act of this tariff or had no price on that day.
  std::optional<Shares> Price(const Act& act) const;
  bool Knows(std::string_view code) const;
  const std::string& code_system() const { return code_system_; }
  const std::string& version() const { return version_; }

 private:
  struct DatedAmount {
    std::string from;
    Money amount;
  };
  struct DatedPercent {
    std::string from;
    int percent = 0;
  };
  struct PricedAct {
    std::string code;
    std::vector<DatedAmount> prices;
  };

  std::string version_;
  std::string code_system_;
  std::vector<PricedAct> acts_;
  std::vector<DatedPercent> amo_rates_;
  std::vector<std::string> full_cover_exemptions_;
  std::vector<DatedAmount> flat_participation_;
  int exempt_age_below_ = 0;

  friend class TariffReader;
};

/// Whole years between two ISO days, as people count them; unset when birth_date is not a full day.
std::optional<int> AgeOn(std::string_view birth_date, std::string_view day);

}  // namespace adapters::insurer
