// What belongs to a stay goes with it when it turns out to be another patient's.
#pragma once

#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::identity {

/// An Account that gets another Patient takes its Encounters there; an Encounter, all that refers to it. Whatever of
/// these names the first patient then names the second: an account that was opened for the wrong patient (ADT^A44) and
/// a visit that was (ADT^A45) are corrected as a whole. thread-safe.
class MovedStays final : public port::Reaction {
 public:
  std::string_view name() const override { return "moved-stays"; }
  bool Wants(std::string_view resource_type) const override {
    return resource_type == "Account" || resource_type == "Encounter";
  }
  /// Errors: kTooLarge when more than 1,000 resources of one type would move; otherwise those of the store.
  /// Cost:   nothing where the patient stays the same; else a search for each type that refers to a stay, and a version
  /// of
  ///         each resource that moves.
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;
};

}  // namespace adapters::hospital::identity
