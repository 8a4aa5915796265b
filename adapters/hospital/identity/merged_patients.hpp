// Patients that were merged: both records say so, and no circle comes about.
#pragma once

#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::identity {

/// A Patient that gets a link `replaced-by` to another one gives that other one a link `replaces`; with the first the
/// second goes. A hospital's merge (ADT^A40) writes the first alone, and so may anybody else.
/// Source: https://hl7.org/fhir/R4/patient.html#links thread-safe.
class MergedPatients final : public port::Reaction {
 public:
  std::string_view name() const override { return "merged-patients"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Patient"; }
  /// Errors: kInvalid for a Patient that would replace itself, directly or by those between, or by a chain of more than
  ///         100; otherwise those of the store.
  /// Cost:   nothing where no such link comes or goes; else a read for each Patient of the chain, and a version of the
  ///         other Patient.
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;
};

}  // namespace adapters::hospital::identity
