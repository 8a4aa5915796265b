#include "adapters/hospital/identity/identity_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "adapters/mapping/digest.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::hospital::identity {
namespace {

using fhir::model::Document;
using fhir::model::Node;

constexpr std::size_t kPatientsMax = 51;  // of one INS: the golden record and 50 others

// The first of these that a Patient has decides, so that every Patient belongs to one person.
constexpr std::array<std::string_view, 3> kQualifiedTypes{"INS-NIR", "INS-NIR-TEST", "INS-NIR-DEMO"};
constexpr std::string_view kReliability =
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability";

struct Ins {
  std::string system;
  std::string value;
  bool empty() const { return value.empty(); }
  bool operator==(const Ins&) const = default;
};

struct Link {
  std::string type;
  std::string target;  ///< reference
  bool operator==(const Link&) const = default;
};

const Node* ExtensionOf(const Node& node, std::string_view url) {
  for (const Node& child : node.children()) {
    if (child.name == "extension" && child.ChildValue("url") == url) {
      return &child;
    }
  }
  return nullptr;
}

/// Whether the Patient's own status speaks against its INS.
bool IsDoubted(const Node& patient) {
  const Node* const reliability = ExtensionOf(patient, kReliability);
  const Node* const status = reliability != nullptr ? ExtensionOf(*reliability, "identityStatus") : nullptr;
  if (status == nullptr) {
    return false;
  }
  const auto code = status->FindValue("valueCoding.code");
  return code != "QUAL" && code != "VALI";
}

bool HasTypeCode(const Node& identifier, std::string_view code) {
  const Node* const type = identifier.Child("type");
  if (type == nullptr) {
    return false;
  }
  const auto codings = type->children();
  return std::any_of(codings.begin(), codings.end(),
                     [&](const Node& coding) { return coding.ChildValue("code") == code; });
}

/// Whether another record stands for this one: that one is who is linked.
bool IsReplaced(const Node& patient) {
  const auto children = patient.children();
  return std::any_of(children.begin(), children.end(), [](const Node& child) {
    return child.name == "link" && child.ChildValue("type") == "replaced-by";
  });
}

Ins QualifiedIns(const Node* patient) {
  if (patient == nullptr || IsDoubted(*patient) || IsReplaced(*patient)) {
    return {};
  }
  for (const auto code : kQualifiedTypes) {
    for (const Node& child : patient->children()) {
      if (child.name == "identifier" && child.ChildValue("use") == "official" && HasTypeCode(child, code) &&
          !child.ChildValue("system").empty() && !child.ChildValue("value").empty()) {
        return {std::string(child.ChildValue("system")), std::string(child.ChildValue("value"))};
      }
    }
  }
  return {};
}

std::vector<Link> LinksOf(const Node* patient) {
  std::vector<Link> links;
  if (patient != nullptr) {
    for (const Node& child : patient->children()) {
      if (child.name == "link") {
        links.push_back({std::string(child.ChildValue("type")), std::string(child.FindValue("other.reference"))});
      }
    }
  }
  return links;
}

fhir::search::Query WithIdentifier(fhir::metadata::TypeId patient, const Ins& ins) {
  fhir::search::Query query;
  query.type = patient;
  fhir::search::Criterion criterion;
  criterion.parameter = fhir::metadata::Definitions::R4().FindSearchParameter(patient, "identifier");
  criterion.values.push_back(fhir::search::TokenValue{ins.system, ins.value});
  query.criteria.push_back(std::move(criterion));
  return query;
}

/// Whether a link is one that an INS made, to one of `ids`.
bool IsOurs(const Node& link, const std::set<std::string, std::less<>>& ids) {
  const auto type = link.ChildValue("type");
  const auto other = port::SplitReference(link.FindValue("other.reference"));
  return (type == "seealso" || type == "refer") && other.type == "Patient" && ids.contains(other.id);
}

/// The change that gives a Patient the links `wanted` instead of those to any of `ids`; unset when it has them.
std::optional<port::Change> Relink(const Node& patient, const std::set<std::string, std::less<>>& ids,
                                   const std::vector<Link>& wanted) {
  port::Change change;
  change.verb = port::Verb::kMerge;
  change.type = patient.type;
  change.id = std::string(patient.ChildValue("id"));
  change.resource.emplace(patient.type);
  Document& document = *change.resource;
  for (const Node& child : patient.children()) {
    if (child.name == "link" && !IsOurs(child, ids)) {
      document.CopyInto(document.root(), "link", child);
    }
  }
  for (const auto& link : wanted) {
    Node& node = document.Add(document.root(), "link");
    document.Add(document.Add(node, "other"), "reference", link.target);
    document.Add(node, "type", link.type);
  }
  if (LinksOf(&document.root()) == LinksOf(&patient)) {
    return std::nullopt;
  }
  if (document.root().Child("link") == nullptr) {
    change.removals.emplace_back("link");
  }
  return change;
}

/// Brings the links among the Patients of one INS into order. `leaving`: a Patient who had it until this change.
fhir::Result<void> LinkPersons(const Ins& ins, const port::Applied& applied, const Node* leaving,
                               port::UnitOfWork& work) {
  GW_TRY(work.Lock(mapping::DigestUuid(fmt::format("identity\x1f{}|{}", ins.system, ins.value))));
  auto found = work.Search(WithIdentifier(applied.type, ins), kPatientsMax);
  if (!found) {
    // More holders than one person can have records: a placeholder that many share. Nobody is linked by it.
    return found.error().code == fhir::ErrorCode::kTooLarge ? fhir::Result<void>()
                                                            : std::unexpected(std::move(found).error());
  }
  std::vector<Document> patients;
  std::set<std::string, std::less<>> ids{std::string(applied.id)};
  std::string golden;
  for (const auto& stored : *found) {
    fhir::IssueList issues;
    GW_ASSIGN(auto patient, fhir::json::ReadJson(stored.body, {}, issues));
    ids.insert(stored.id);
    if (QualifiedIns(&patient.root()) == ins) {
      golden = golden.empty() ? stored.id : std::min(golden, stored.id);
      patients.push_back(std::move(patient));
    }
  }
  std::sort(patients.begin(), patients.end(),
            [](const Document& left, const Document& right) { return left.id() < right.id(); });
  std::vector<port::Change> changes;
  for (const auto& patient : patients) {
    std::vector<Link> wanted;
    if (patient.id() != golden) {
      wanted.push_back({"refer", port::MakeReference("Patient", golden)});
    } else {
      for (const auto& other : patients) {
        if (other.id() != golden) {
          wanted.push_back({"seealso", port::MakeReference("Patient", other.id())});
        }
      }
    }
    if (auto change = Relink(patient.root(), ids, wanted)) {
      changes.push_back(*std::move(change));
    }
  }
  if (leaving != nullptr) {
    if (auto change = Relink(*leaving, ids, {})) {
      changes.push_back(*std::move(change));
    }
  }
  if (changes.empty()) {
    return {};
  }
  fhir::IssueList issues;
  GW_TRY(work.Apply(std::move(changes), issues));
  return {};
}

}  // namespace

fhir::Result<void> IdentityLinks::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (applied.effect == port::Effect::kUnchanged) {
    return {};
  }
  const Ins before = QualifiedIns(applied.before);
  const Ins after = QualifiedIns(applied.after);
  const auto links = LinksOf(applied.after);
  // Linked before, and neither the INS nor the links have changed: the person is as it was.
  if (before == after && !links.empty() && links == LinksOf(applied.before)) {
    return {};
  }
  if (!before.empty() && before != after) {
    GW_TRY(LinkPersons(before, applied, applied.after, work));
  }
  return after.empty() ? fhir::Result<void>() : LinkPersons(after, applied, nullptr, work);
}

}  // namespace adapters::hospital::identity
