// Turns a finished video visit into the money side: for the compulsory insurer (AMO) and the complementary one (AMC)
// each a Claim, its ClaimResponse and ExplanationOfBenefit, priced by the tariff. All are estimates
// (use = predetermination) until a payer's own answer confirms them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/insurer/tariff.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::insurer {

struct ClaimedVisit;  // module-private, see issued_claims.hpp

/// Follows Encounter: keeps the claims of a visit of class VR equal to what the visit calls for.
///
/// A finished visit with an act of the tariff, whose patient has an AMO Coverage in force on the day of the act, calls
/// for one set of claims. What was issued is never rewritten, as FHIR's financial module asks
/// (https://hl7.org/fhir/R4/financial-module.html): a visit that is corrected has its claims cancelled and others
/// issued that name them as prior; one that is taken back, cancelled, entered in error or deleted has them cancelled.
/// The same visit told twice changes nothing. The day of the act is that of period.start in `zone`. thread-safe.
class VisitClaims final : public port::Reaction {
 public:
  VisitClaims(std::vector<Tariff> tariffs, std::string zone) : tariffs_(std::move(tariffs)), zone_(std::move(zone)) {}

  std::string_view name() const override { return "visit-claims"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Encounter"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  /// Unset when the visit calls for no claim.
  fhir::Result<std::optional<ClaimedVisit>> PriceVisit(const port::Applied& applied, port::UnitOfWork& work) const;

  std::vector<Tariff> tariffs_;
  std::string zone_;
};

}  // namespace adapters::insurer
