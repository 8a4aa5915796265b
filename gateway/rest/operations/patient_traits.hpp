// The strict traits of a patient, by which French identity care compares persons, and how alike two are.
// Source: the French national reference on identity care (RNIV 1, strict traits); fr-core-patient-ins
//
// An identifier that is one person's own decides. Traits alone never do: a person who is born on the same day in the
// same town with the same name is another person, so they end at "probable" and leave the rest to the identity desk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"

namespace gateway::rest::operations {

/// An identifier as far as it tells persons apart.
struct PersonIdentifier {
  std::string system;
  std::string value;
  bool shared = false;  ///< may be several persons': a billing number is that of whoever opened the rights
  bool former = false;  ///< was replaced by another
  bool is_ins = false;  ///< the national identity, which only a qualified status vouches for
};

struct PatientTraits {
  std::vector<PersonIdentifier> identifiers;
  std::string birth_name;   ///< folded; empty when not said, as all that follow
  std::string first_given;  ///< the first of the birth given names, folded
  std::string family_text;  ///< the birth name as written, for searches
  std::string given_text;   ///< the first given name likewise
  std::string birth_date;   ///< as in the resource, year at least
  std::string sex;          ///< code of administrative gender
  std::string birth_place;  ///< INSEE code
  bool doubted = false;     ///< its identity status speaks against its INS
};

PatientTraits TraitsOf(const fhir::model::Node& patient);

/// Codes of http://hl7.org/fhir/ValueSet/match-grade.
enum class MatchGrade : std::uint8_t { kCertain, kProbable, kPossible, kCertainlyNot };
std::string_view Code(MatchGrade grade);

struct PatientMatch {
  MatchGrade grade = MatchGrade::kCertainlyNot;
  int percent = 0;  ///< the score
};

/// How sure it is that both are one person.
PatientMatch Compare(const PatientTraits& asked, const PatientTraits& candidate);

}  // namespace gateway::rest::operations
