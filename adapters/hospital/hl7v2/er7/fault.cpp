#include "adapters/hospital/hl7v2/er7/fault.hpp"

#include <fmt/format.h>

#include "adapters/mapping/address.hpp"

namespace adapters::hospital::hl7v2::er7 {

Location ParsePlace(std::string_view place) {
  const auto address = mapping::ParseAddress(place);
  if (!address) {
    return {};
  }
  Location location;
  location.segment = mapping::GroupName(address->group);
  location.sequence = address->occurrence == 0 ? 1 : address->occurrence;
  location.field = address->field;
  location.repetition = address->field > 0 && address->repetition == 0 ? 1 : address->repetition;
  location.component = address->component;
  location.subcomponent = address->subcomponent;
  return location;
}

std::string ToPlace(const Location& location) {
  std::string place = location.segment;
  if (location.sequence > 1) {
    place += fmt::format("[{}]", location.sequence);
  }
  if (location.field > 0) {
    place += fmt::format("-{}", location.field);
    if (location.repetition > 1) {
      place += fmt::format("[{}]", location.repetition);
    }
    if (location.component > 0) {
      place += fmt::format(".{}", location.component);
      if (location.subcomponent > 0) {
        place += fmt::format(".{}", location.subcomponent);
      }
    }
  }
  return place;
}

}  // namespace adapters::hospital::hl7v2::er7
