// Corrections of an identity that come from elsewhere: the hospital is the authority on who its patients are.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::identity {

/// A hospital and the system of its patients' numbers.
struct IdentityAuthority {
  std::string partner;
  std::string patient_system;
};

/// When somebody else changes the strict traits of a hospital's patient (name, birth date, sex, place of birth, INS), a
/// Task asks its identity desk to look at it: `code` identity-correction, `focus` and `for` the Patient, and as inputs
/// the elements that changed and the versions before and after. It names no value. One Task for each such version.
/// thread-safe.
class IdentityCorrections final : public port::Reaction {
 public:
  explicit IdentityCorrections(std::vector<IdentityAuthority> authorities) : authorities_(std::move(authorities)) {}

  std::string_view name() const override { return "identity-corrections"; }
  bool Wants(std::string_view resource_type) const override {
    return resource_type == "Patient" && !authorities_.empty();
  }
  /// Cost: nothing where no trait has changed; else a Task.
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  std::vector<IdentityAuthority> authorities_;
};

}  // namespace adapters::hospital::identity
