// The claims that were issued for a visit, and what changes when the visit calls for others. Module-private.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/insurer/claim_resources.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::insurer {

/// What a visit calls for: the payers in the order in which they pay.
struct ClaimedVisit {
  Visit visit;
  std::vector<Payer> payers;  ///< kind, coverage and benefit; the rest is filled when claims are issued
};

/// One Claim as stored, with the ExplanationOfBenefit of the same key.
struct IssuedClaim {
  std::string kind;  ///< "AMO" | "AMC"
  int number = 1;    ///< 1 for the first of its kind, one more for each that replaced it
  bool active = false;
  std::string claim_id;
  std::string benefit_id;
  std::optional<fhir::model::Document> benefit;  ///< without id and meta
};

/// All claims that were ever issued for one visit.
class IssuedClaims {
 public:
  /// `encounter` is "Encounter/<id>". Errors: those of the search.
  static fhir::Result<IssuedClaims> Find(std::string_view encounter, port::UnitOfWork& work);

  /// Whether the active ones are just what the visit calls for.
  bool Equal(const ClaimedVisit& wanted) const;
  /// Cancels the active ones and all that belongs to them.
  fhir::Result<std::vector<port::Change>> Cancel(port::UnitOfWork& work) const;
  /// Issues those that the visit calls for, each naming the last of its kind as prior.
  std::vector<port::Change> Issue(ClaimedVisit wanted, std::string_view created, port::UnitOfWork& work) const;

 private:
  const IssuedClaim* Last(std::string_view kind) const;

  std::vector<IssuedClaim> claims_;
};

}  // namespace adapters::insurer
