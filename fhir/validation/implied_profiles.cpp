#include "fhir/validation/implied_profiles.hpp"

#include <algorithm>

namespace fhir::validation {
namespace {

struct ImpliedProfile {
  std::string_view type;
  std::string_view system;
  std::string_view code;
  std::string_view profile;
};

constexpr std::string_view kLoinc = "http://loinc.org";
constexpr std::string_view kSnomed = "http://snomed.info/sct";

/// The codes of the vital signs page, which says that Observations with them SHALL conform, and codes of
/// the same observations, which the reference validator holds to the same.
constexpr ImpliedProfile kProfiles[] = {
    {"Observation", kLoinc, "85353-1", "http://hl7.org/fhir/StructureDefinition/vitalspanel"},
    {"Observation", kLoinc, "9279-1", "http://hl7.org/fhir/StructureDefinition/resprate"},
    {"Observation", kLoinc, "8867-4", "http://hl7.org/fhir/StructureDefinition/heartrate"},
    {"Observation", kLoinc, "2708-6", "http://hl7.org/fhir/StructureDefinition/oxygensat"},
    {"Observation", kLoinc, "8310-5", "http://hl7.org/fhir/StructureDefinition/bodytemp"},
    {"Observation", kLoinc, "8302-2", "http://hl7.org/fhir/StructureDefinition/bodyheight"},
    {"Observation", kLoinc, "9843-4", "http://hl7.org/fhir/StructureDefinition/headcircum"},
    {"Observation", kLoinc, "29463-7", "http://hl7.org/fhir/StructureDefinition/bodyweight"},
    {"Observation", kLoinc, "39156-5", "http://hl7.org/fhir/StructureDefinition/bmi"},
    {"Observation", kLoinc, "85354-9", "http://hl7.org/fhir/StructureDefinition/bp"},
    {"Observation", kLoinc, "76534-7", "http://hl7.org/fhir/StructureDefinition/bp"},
    {"Observation", kSnomed, "86290005", "http://hl7.org/fhir/StructureDefinition/resprate"},
    {"Observation", kSnomed, "364075005", "http://hl7.org/fhir/StructureDefinition/heartrate"},
    {"Observation", kSnomed, "386725007", "http://hl7.org/fhir/StructureDefinition/bodytemp"},
    {"Observation", kSnomed, "276885007", "http://hl7.org/fhir/StructureDefinition/bodytemp"},
    {"Observation", kSnomed, "50373000", "http://hl7.org/fhir/StructureDefinition/bodyheight"},
    {"Observation", kSnomed, "27113001", "http://hl7.org/fhir/StructureDefinition/bodyweight"},
    {"Observation", kSnomed, "60621009", "http://hl7.org/fhir/StructureDefinition/bmi"},
    {"Observation", kSnomed, "75367002", "http://hl7.org/fhir/StructureDefinition/bp"},
};

}  // namespace

std::vector<std::string_view> ImpliedProfilesOf(const model::Node& resource) {
  std::vector<std::string_view> profiles;
  const std::string_view type = metadata::Definitions::R4().TypeName(resource.type);
  if (type != kProfiles[0].type) {
    return profiles;
  }
  const model::Node* code = resource.Child("code");
  if (code == nullptr) {
    return profiles;
  }
  for (const model::Node& coding : code->children()) {
    if (coding.name != "coding") {
      continue;
    }
    const std::string_view system = coding.ChildValue("system");
    const std::string_view text = coding.ChildValue("code");
    for (const ImpliedProfile& row : kProfiles) {
      if (row.code == text && row.system == system &&
          std::find(profiles.begin(), profiles.end(), row.profile) == profiles.end()) {
        profiles.push_back(row.profile);
      }
    }
  }
  return profiles;
}

}  // namespace fhir::validation
