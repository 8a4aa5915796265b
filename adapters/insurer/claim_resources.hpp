// The resources of one payer's side of a visit: Claim, ClaimResponse and ExplanationOfBenefit, as FHIR wants them.
#pragma once

#include <string>
#include <string_view>

#include "adapters/insurer/coverages.hpp"
#include "adapters/insurer/tariff.hpp"
#include "fhir/model/document.hpp"

namespace adapters::insurer {

/// Of the identifiers by which the gateway finds the claims that it made.
inline constexpr std::string_view kClaimKeySystem = "https://passerelle.example/fhir/identifier/claim";

/// Everything that all of them say alike.
struct Visit {
  std::string encounter;  ///< "Encounter/<id>"
  std::string patient;
  std::string provider;  ///< practitioner, else the organisation
  std::string day;       ///< of the act
  std::string start;
  std::string end;
  std::string act_system;
  std::string act_code;
  Shares shares;
};

/// One payer's side of the visit.
struct Payer {
  std::string_view kind;  ///< "AMO" | "AMC"
  CoverageView coverage;
  Money benefit;
  std::string key;           ///< value of the identifiers
  std::string created;       ///< instant
  std::string claim_url;     ///< reference to this payer's Claim: literal, or the urn:uuid of one to be made
  std::string response_url;  ///< the same for its ClaimResponse
  std::string prior_claim;   ///< reference to the cancelled Claim that this one replaces, "" when none
};

/// `before` is the payer who pays before this one, null for the first: its answer is part of this one's claim.
fhir::model::Document MakeClaim(const Visit& visit, const Payer& payer, const Payer* before);
fhir::model::Document MakeResponse(const Visit& visit, const Payer& payer, const Payer* before);
fhir::model::Document MakeBenefit(const Visit& visit, const Payer& payer, const Payer* before);

}  // namespace adapters::insurer
