// The table of family.hpp.
#include "fhir/validation/family.hpp"

namespace fhir::validation {

std::span<const FamilyRow> Families() {
  return {};
}

}  // namespace fhir::validation
