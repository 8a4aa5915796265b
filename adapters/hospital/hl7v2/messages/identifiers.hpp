// French national numbers in HL7 v2, and their FHIR spellings.
#pragma once

#include <string>
#include <string_view>

namespace adapters::hospital::hl7v2::messages {

inline constexpr std::string_view kRppsSystem = "https://rpps.esante.gouv.fr";
inline constexpr std::string_view kIdNatPsOid = "1.2.250.1.71.4.2.1";
inline constexpr std::string_view kIdNatPsSystem = "urn:oid:1.2.250.1.71.4.2.1";
inline constexpr std::string_view kFinessSystem = "https://finess.esante.gouv.fr";

struct PractitionerNumber {
  std::string value;
  std::string_view system;  ///< empty: of the authority that issued it
  std::string_view kind;    ///< "RPPS", "IDNPS" or ""
};

/// A doctor's number has two spellings, RPPS (11 digits) and IdNatPS ("8" + RPPS); both are given back as RPPS. Other
/// numbers of the IdNatPS authority stay under it; all others stay as they are, without a system.
PractitionerNumber ReadPractitionerNumber(std::string_view value, std::string_view authority_oid,
                                          std::string_view type);

/// Nine characters, digits but for the 2A and 2B of Corsica. The check digit is not looked at: fictional numbers pass.
bool LooksLikeFiness(std::string_view text);

}  // namespace adapters::hospital::hl7v2::messages
