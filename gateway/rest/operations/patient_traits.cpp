#include "gateway/rest/operations/patient_traits.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/base/text.hpp"

namespace gateway::rest::operations {
namespace {

using fhir::model::Node;

constexpr std::string_view kBirthGivenNames =
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name";
constexpr std::string_view kBirthPlace = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace";
constexpr std::string_view kInseeCode = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code";
constexpr std::string_view kReliability =
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability";

/// Types of identifiers that a family may share: billing number, member number, number of the rights' opener.
constexpr std::array<std::string_view, 4> kSharedTypes{"NH", "MB", "SS", "SN"};
constexpr std::array<std::string_view, 5> kInsSystems{"urn:oid:1.2.250.1.213.1.4.8", "urn:oid:1.2.250.1.213.1.4.9",
                                                      "urn:oid:1.2.250.1.213.1.4.10", "urn:oid:1.2.250.1.213.1.4.11",
                                                      "urn:oid:1.2.250.1.213.1.4.2"};

/// What each trait is worth, in hundredths: what few share counts most.
constexpr int kBirthNameWorth = 30;
constexpr int kBirthDateWorth = 25;
constexpr int kFirstGivenWorth = 20;
constexpr int kBirthPlaceWorth = 15;
constexpr int kSexWorth = 5;  // 95 in all: traits alone are never sure
constexpr int kProbableFrom = 70;
constexpr int kPossibleFrom = 40;

const Node* TraitExtension(const Node& node, std::string_view url) {
  for (const Node& child : node.children()) {
    if (child.name == "extension" && child.ChildValue("url") == url) {
      return &child;
    }
  }
  return nullptr;
}

bool HasSharedType(const Node& identifier) {
  const Node* type = identifier.Child("type");
  if (type == nullptr) {
    return false;
  }
  for (const Node& coding : type->children()) {
    if (std::ranges::find(kSharedTypes, coding.ChildValue("code")) != kSharedTypes.end()) {
      return true;
    }
  }
  return false;
}

/// The name at birth: the official one, else the maiden one, else the first there is.
const Node* BirthName(const Node& patient) {
  const Node* maiden = nullptr;
  const Node* first = nullptr;
  for (const Node& child : patient.children()) {
    if (child.name != "name") {
      continue;
    }
    if (child.ChildValue("use") == "official") {
      return &child;
    }
    maiden = maiden == nullptr && child.ChildValue("use") == "maiden" ? &child : maiden;
    first = first == nullptr ? &child : first;
  }
  return maiden != nullptr ? maiden : first;
}

/// Names compare without accents, case, hyphens and apostrophes.
std::string FoldName(std::string_view name) {
  std::string plain(name);
  std::ranges::replace_if(plain, [](char c) { return c == '-' || c == '\'' || c == '.'; }, ' ');
  return fhir::Fold(plain);
}

std::string FirstWord(const std::string& text) {
  return text.substr(0, text.find(' '));
}

/// Equal as far as both say: "1979" agrees with "1979-03-28".
bool DatesAgree(std::string_view a, std::string_view b) {
  const std::size_t length = std::min(a.size(), b.size());
  return length >= 4 && a.substr(0, length) == b.substr(0, length);
}

enum class Agreement { kUnknown, kSame, kOther };

Agreement AgreementOf(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? Agreement::kUnknown : a == b ? Agreement::kSame : Agreement::kOther;
}

int WorthOf(Agreement agreement, int worth) {
  switch (agreement) {
    case Agreement::kSame:
      return worth;
    case Agreement::kOther:
      return -worth;
    case Agreement::kUnknown:
      break;
  }
  return 0;
}

Agreement DateAgreement(const PatientTraits& a, const PatientTraits& b) {
  return a.birth_date.empty() || b.birth_date.empty() ? Agreement::kUnknown
         : DatesAgree(a.birth_date, b.birth_date)     ? Agreement::kSame
                                                      : Agreement::kOther;
}

/// The best that an equal identifier says.
MatchGrade GradeByIdentifier(const PatientTraits& asked, const PatientTraits& candidate) {
  MatchGrade best = MatchGrade::kCertainlyNot;
  for (const PersonIdentifier& a : asked.identifiers) {
    for (const PersonIdentifier& b : candidate.identifiers) {
      if (a.shared || b.shared || a.system.empty() || a.system != b.system || a.value != b.value) {
        continue;
      }
      const bool vouched = !a.former && !b.former && !(b.is_ins && (candidate.doubted || asked.doubted));
      best = std::min(best, vouched ? MatchGrade::kCertain : MatchGrade::kProbable);
    }
  }
  return best;
}

}  // namespace

PatientTraits TraitsOf(const Node& patient) {
  PatientTraits traits;
  for (const Node& child : patient.children()) {
    if (child.name == "identifier" && !child.ChildValue("value").empty()) {
      PersonIdentifier identifier;
      identifier.system = child.ChildValue("system");
      identifier.value = child.ChildValue("value");
      identifier.shared = HasSharedType(child);
      identifier.former = child.ChildValue("use") == "old";
      identifier.is_ins = std::ranges::find(kInsSystems, identifier.system) != kInsSystems.end();
      traits.identifiers.push_back(std::move(identifier));
    }
  }
  if (const Node* name = BirthName(patient)) {
    traits.family_text = name->ChildValue("family");
    traits.given_text = name->ChildValue("given");
    traits.birth_name = FoldName(traits.family_text);
    const Node* list = TraitExtension(*name, kBirthGivenNames);
    const std::string_view given = list != nullptr ? list->ChildValue("valueString") : std::string_view();
    traits.first_given = FirstWord(FoldName(given.empty() ? traits.given_text : given));
  }
  traits.birth_date = patient.ChildValue("birthDate");
  traits.sex = patient.ChildValue("gender") == "unknown" ? std::string_view() : patient.ChildValue("gender");
  if (const Node* place = TraitExtension(patient, kBirthPlace)) {
    const Node* address = place->Child("valueAddress");
    const Node* code = address != nullptr ? TraitExtension(*address, kInseeCode) : nullptr;
    traits.birth_place = code != nullptr ? code->FindValue("valueCoding.code") : std::string_view();
  }
  const Node* reliability = TraitExtension(patient, kReliability);
  const Node* status = reliability != nullptr ? TraitExtension(*reliability, "identityStatus") : nullptr;
  if (status != nullptr) {
    const std::string_view code = status->FindValue("valueCoding.code");
    traits.doubted = code != "QUAL" && code != "VALI";
  }
  return traits;
}

std::string_view Code(MatchGrade grade) {
  switch (grade) {
    case MatchGrade::kCertain:
      return "certain";
    case MatchGrade::kProbable:
      return "probable";
    case MatchGrade::kPossible:
      return "possible";
    case MatchGrade::kCertainlyNot:
      break;
  }
  return "certainly-not";
}

PatientMatch Compare(const PatientTraits& asked, const PatientTraits& candidate) {
  const Agreement dates = DateAgreement(asked, candidate);
  const Agreement sexes = AgreementOf(asked.sex, candidate.sex);
  const int traits = WorthOf(AgreementOf(asked.birth_name, candidate.birth_name), kBirthNameWorth) +
                     WorthOf(AgreementOf(asked.first_given, candidate.first_given), kFirstGivenWorth) +
                     WorthOf(AgreementOf(asked.birth_place, candidate.birth_place), kBirthPlaceWorth) +
                     WorthOf(dates, kBirthDateWorth) + WorthOf(sexes, kSexWorth);
  const int percent = std::clamp(traits, 0, 95);
  switch (GradeByIdentifier(asked, candidate)) {
    case MatchGrade::kCertain:
      // An identifier on a person of another birth date or sex was given to the wrong one, here or there.
      if (dates == Agreement::kOther || sexes == Agreement::kOther) {
        return {MatchGrade::kPossible, std::clamp(percent, kPossibleFrom, kProbableFrom - 1)};
      }
      return {MatchGrade::kCertain, 100};
    case MatchGrade::kProbable:
      if (dates == Agreement::kOther || sexes == Agreement::kOther) {
        return {MatchGrade::kPossible, std::clamp(percent, kPossibleFrom, kProbableFrom - 1)};
      }
      return {MatchGrade::kProbable, std::max(percent, kProbableFrom)};
    default:
      break;
  }
  if (percent >= kProbableFrom) {
    return {MatchGrade::kProbable, percent};
  }
  return {percent >= kPossibleFrom ? MatchGrade::kPossible : MatchGrade::kCertainlyNot, percent};
}

}  // namespace gateway::rest::operations
