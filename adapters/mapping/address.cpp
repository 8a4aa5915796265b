#include "adapters/mapping/address.hpp"

#include <fmt/format.h>

#include <cctype>

namespace adapters::mapping {
namespace {

bool TakeNumber(std::string_view& rest, std::uint16_t& number) {
  std::uint32_t value = 0;
  std::size_t digits = 0;
  while (digits < rest.size() && digits < 4 && rest[digits] >= '0' && rest[digits] <= '9') {
    value = value * 10 + static_cast<std::uint32_t>(rest[digits++] - '0');
  }
  rest.remove_prefix(digits);
  number = static_cast<std::uint16_t>(value);
  return digits > 0 && value > 0;
}

bool TakeCharacter(std::string_view& rest, char character) {
  if (rest.empty() || rest.front() != character) {
    return false;
  }
  rest.remove_prefix(1);
  return true;
}

std::unexpected<fhir::Error> NotAnAddress(std::string_view text) {
  return fhir::Fail(fhir::ErrorCode::kConfiguration,
                    fmt::format("'{}' is not a field address such as PID-3[2].4.1 or PID-3[5=PI].1", text));
}

}  // namespace

std::string GroupName(std::uint32_t packed) {
  std::string name;
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (const char character = static_cast<char>((packed >> shift) & 0xFF); character != 0) {
      name += character;
    }
  }
  return name;
}

fhir::Result<Address> ParseAddress(std::string_view text) {
  Address address;
  std::string_view rest = text;
  std::size_t letters = 0;
  while (letters < rest.size() && std::isalnum(static_cast<unsigned char>(rest[letters])) != 0) {
    ++letters;
  }
  if (letters != 3) {
    return NotAnAddress(text);
  }
  address.group = PackGroup(rest.substr(0, letters));
  rest.remove_prefix(letters);
  if (TakeCharacter(rest, '[') && !(TakeNumber(rest, address.occurrence) && TakeCharacter(rest, ']'))) {
    return NotAnAddress(text);
  }
  if (rest.empty()) {
    return address;
  }
  if (!TakeCharacter(rest, '-') || !TakeNumber(rest, address.field)) {
    return NotAnAddress(text);
  }
  if (TakeCharacter(rest, '[')) {
    std::uint16_t number = 0;
    if (!TakeNumber(rest, number)) {
      return NotAnAddress(text);
    }
    if (TakeCharacter(rest, '=')) {
      const auto close = rest.find(']');
      if (close == std::string_view::npos || close == 0) {
        return NotAnAddress(text);
      }
      address.select_component = number;
      address.select_value = std::string(rest.substr(0, close));
      rest.remove_prefix(close);
    } else {
      address.repetition = number;
    }
    if (!TakeCharacter(rest, ']')) {
      return NotAnAddress(text);
    }
  }
  if (TakeCharacter(rest, '.') && !TakeNumber(rest, address.component)) {
    return NotAnAddress(text);
  }
  if (TakeCharacter(rest, '.') && !TakeNumber(rest, address.subcomponent)) {
    return NotAnAddress(text);
  }
  if (!rest.empty()) {
    return NotAnAddress(text);
  }
  return address;
}

std::string Place(const Cell& cell, int component, int subcomponent) {
  std::string place = GroupName(cell.group);
  if (cell.occurrence > 0) {
    place += fmt::format("[{}]", cell.occurrence + 1);
  }
  if (cell.field > 0) {
    place += fmt::format("-{}", cell.field);
    if (cell.repetition > 0) {
      place += fmt::format("[{}]", cell.repetition + 1);
    }
    if (component > 0) {
      place += fmt::format(".{}", component);
      if (subcomponent > 0) {
        place += fmt::format(".{}", subcomponent);
      }
    }
  }
  return place;
}

}  // namespace adapters::mapping
