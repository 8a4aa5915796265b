// Turns a finished video visit into the money side: for the compulsory insurer (AMO) and the complementary one (AMC)
// each a Claim, its ClaimResponse and ExplanationOfBenefit, priced by the tariff. All are estimates
// (use = predetermination) until a payer's own answer confirms them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/insurer/tariff.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::insurer {

/// Follows Encounter: when one of class VR with an act of the tariff becomes finished, and its patient has an AMO
/// Coverage in force on the day of the act, creates the resources, keyed by (encounter, payer kind), so that the same
/// visit told twice is claimed once. The day of the act is that of period.start in `zone`. thread-safe.
class VisitClaims final : public port::Reaction {
 public:
  VisitClaims(std::vector<Tariff> tariffs, std::string zone) : tariffs_(std::move(tariffs)), zone_(std::move(zone)) {}

  std::string_view name() const override { return "visit-claims"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Encounter"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  std::vector<Tariff> tariffs_;
  std::string zone_;
};

}  // namespace adapters::insurer
