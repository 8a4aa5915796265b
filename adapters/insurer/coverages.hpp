// The coverages that pay for one act, as claims need them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/port/unit_of_work.hpp"

namespace adapters::insurer {

struct CoverageView {
  std::string reference;  ///< "Coverage/<id>"
  std::string payor;      ///< "Organization/<id>"
  std::string exemption;  ///< code of the reason the insured pays no share (IN1-15), "" when none
};

struct PayingCoverages {
  std::optional<CoverageView> amo;
  std::optional<CoverageView> amc;
};

/// Active coverages of the patient in force on `day` (ISO date): the first of type PUBLICPOL as AMO, the first of type
/// EHCPOL as AMC. Errors: those of the search.
fhir::Result<PayingCoverages> FindCoverages(std::string_view patient_id, std::string_view day, port::UnitOfWork& work);

}  // namespace adapters::insurer
