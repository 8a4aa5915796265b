// Patients of several hospitals who are one person, linked by the national health identity (INS) and by nothing else.
#pragma once

#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::identity {

/// The Patients with an equal qualified INS are one person: the one with the smallest id (the oldest, since ids are
/// time-ordered) is the golden record and carries a link `seealso` to each other one; each other one carries a link
/// `refer` to it. A qualified INS is an identifier of type INS-NIR, INS-NIR-TEST or INS-NIR-DEMO with use official, of
/// a Patient whose identity status, where it is said, is QUAL or VALI. Names and birth dates link nobody, and neither
/// does the INS of a Patient that another one replaces. A Patient who has lost the INS, or is deleted, loses these
/// links; links to anybody else, and of other types, stay. Source: https://hl7.org/fhir/R4/patient.html#link
/// thread-safe.
class IdentityLinks final : public port::Reaction {
 public:
  std::string_view name() const override { return "identity-links"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Patient"; }
  /// Shape: at most 51 Patients share an INS; when there are more, their links are left as they are.
  /// Cost:  nothing for a Patient without a qualified INS, or already linked and changed elsewhere; else a lock on a
  ///        hash of the INS, a search, and a version of each Patient whose links change.
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;
};

}  // namespace adapters::hospital::identity
