// Check digits of numbers that people copy by hand. Letters A and B count as 1 and 2 where a rule allows them, which
// the numbers of Corsica need.
#pragma once

#include <string_view>

namespace fhir::validation {

/// The last digit makes the sum right, every second one doubled. Source: ISO/IEC 7812-1, annex B.
/// Shape: digits, A and B alone; false for anything else.
bool LuhnHolds(std::string_view number);

/// The thirteenth digit makes the sum right, every second one tripled. Source: GS1 General Specifications, 7.9.
bool Ean13Holds(std::string_view number);

/// The last two of 15 digits are 97 minus the rest of the first 13 by 97; in the department, 2A counts as 19 and 2B as
/// 18. Letters anywhere else: false. Source: INSEE, numéro d'inscription au répertoire.
bool NirKeyHolds(std::string_view number);

/// Luhn over 14 digits, or for the post office, whose branches have outgrown it, a sum of digits divisible by 5.
/// Source: INSEE, numéro SIRET.
bool SiretHolds(std::string_view number);

}  // namespace fhir::validation
