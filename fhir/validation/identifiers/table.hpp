// The generated rows of fhir/definitions/national_identifiers.txt.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fhir::validation {

enum class CheckAlgorithm : std::uint8_t { kNone, kLuhn, kNir, kSiret, kEan13 };

/// The form of a number.
struct NumberRule {
  std::string_view name;
  CheckAlgorithm algorithm;
  std::uint8_t length;
  bool letters;            ///< A and B may stand among the digits
  std::string_view first;  ///< what it may begin with, separated by '|'; empty for anything
};

/// A system or type and one of its rules, as index of `rules`. A key may stand in several rows, of different lengths.
struct RuleOfKey {
  std::string_view key;
  std::uint8_t rule;
};

/// A number within a number: IdNatPS "8" + RPPS.
struct InnerNumber {
  std::string_view system;
  std::string_view prefix;
  std::uint8_t rule;
  std::string_view inner_system;  ///< empty when the inner number has no system of its own
};

struct IdentifierTable {
  std::span<const NumberRule> rules;
  std::span<const RuleOfKey> systems;
  std::span<const std::string_view> type_systems;
  std::span<const RuleOfKey> types;
  std::span<const InnerNumber> inner;
};

extern const IdentifierTable kIdentifierTable;

}  // namespace fhir::validation
