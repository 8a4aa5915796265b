#include "fhir/terminology/gap.hpp"

#include <fmt/format.h>

namespace fhir::terminology {

std::string Describe(Gap gap, std::string_view missing) {
  switch (gap) {
    case Gap::kCodeSystem:
      return fmt::format("the code system {} is not loaded, or not wholly", missing);
    case Gap::kValueSet:
      return fmt::format("the value set {} is not loaded, or is part of itself", missing);
    case Gap::kFilter:
      return fmt::format("the filter \"{}\" is not known for its code system", missing);
    case Gap::kCost:
      return fmt::format("{} has no list of codes, or too long a one", missing);
    case Gap::kNone:
      break;
  }
  return {};
}

}  // namespace fhir::terminology
