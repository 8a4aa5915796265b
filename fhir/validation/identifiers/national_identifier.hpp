// National identifiers: whether a number has the form and the check digit of its kind, and whether two are the same.
// The kinds are data (fhir/definitions/national_identifiers.txt).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace fhir::validation {

enum class NumberVerdict : std::uint8_t {
  kGood,
  kUnknown,          ///< nothing is known of the system, or of numbers that begin like this
  kWrongForm,        ///< another length, other characters, or another beginning than the kind has
  kWrongCheckDigit,  ///< right form, but mistyped or made up
};

/// The verdict on a value of a system. Blanks between digits do not count; letters may be small.
/// Cost: a look through a table of some twenty rows, no allocation.
NumberVerdict CheckNumber(std::string_view system, std::string_view value);

/// The same by an identifier's type, for systems that tell nothing.
NumberVerdict CheckNumberOfType(std::string_view type_system, std::string_view type_code, std::string_view value);

/// How findings are reported. Official examples are full of made-up numbers, so the default warns.
struct NationalIdentifierOptions {
  std::optional<Severity> severity = Severity::kWarning;  ///< none: no findings
};

/// Checks an Identifier by its system or type, or a Coding by its system.
/// Shape: node has children system and value, or system and code.  Errors: issues at value or code.
void CheckNationalIdentifier(const model::Node& node, const NationalIdentifierOptions& options, IssueList& issues);

/// A number in the system that it has by itself, without blanks and in capitals: IdNatPS "8" + RPPS is that RPPS, and
/// IdNatSt "1", "2", "3" are FINESS, SIREN and SIRET. Others stay in their system.
struct NationalNumber {
  std::string system;
  std::string value;
  bool operator==(const NationalNumber&) const = default;
};
/// Nothing for systems that the table does not know, whose values are compared as they are.
std::optional<NationalNumber> OwnNumber(std::string_view system, std::string_view value);

}  // namespace fhir::validation
