#include "adapters/hospital/identity/moved_stays.hpp"

#include <string>
#include <utility>
#include <vector>

#include "adapters/port/reference.hpp"

namespace adapters::hospital::identity {
namespace {

using fhir::metadata::Definitions;
using fhir::model::Document;
using fhir::model::Node;

constexpr std::size_t kMovedMax = 1000;  // of one type

/// Reference to the patient that a stay or an account is about; "" for none and for several.
std::string_view PatientOf(const Node& resource) {
  std::string_view found;
  for (const Node& child : resource.children()) {
    if (child.name == "subject" && port::SplitReference(child.ChildValue("reference")).type == "Patient") {
      if (!found.empty()) {
        return {};
      }
      found = child.ChildValue("reference");
    }
  }
  return found;
}

void Rename(Document& document, Node& node, std::string_view from, std::string_view to) {
  for (Node& child : node.children()) {
    if (child.name == "reference" && child.value == from) {
      document.SetValue(child, to);
    }
    Rename(document, child, from, to);
  }
}

/// Parameters by which a type refers to what moves: the account of a stay; any of a stay's own contents.
const fhir::metadata::SearchParameter* ParameterTo(fhir::metadata::TypeId type, std::string_view owner) {
  const auto& definitions = Definitions::R4();
  if (owner == "Account") {
    return definitions.TypeName(type) == "Encounter" ? definitions.FindSearchParameter(type, "account") : nullptr;
  }
  // An Encounter that is part of another one is a stay of its own.
  return definitions.TypeName(type) == "Encounter" ? nullptr : definitions.FindSearchParameter(type, "encounter");
}

port::Change MoveChange(const port::StoredResource& stored, std::string from, std::string to) {
  port::Change change;
  change.verb = port::Verb::kPatch;
  change.type = stored.type;
  change.id = stored.id;
  change.patch = [from = std::move(from), to = std::move(to)](const Node& resource,
                                                              std::string_view) -> fhir::Result<Document> {
    Document moved = Document::CloneResource(resource);
    Rename(moved, moved.root(), from, to);
    return moved;
  };
  return change;
}

}  // namespace

fhir::Result<void> MovedStays::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (applied.before == nullptr || applied.after == nullptr) {
    return {};
  }
  const std::string from(PatientOf(*applied.before));
  const std::string to(PatientOf(*applied.after));
  if (from.empty() || to.empty() || from == to) {
    return {};
  }
  const auto& definitions = Definitions::R4();
  const std::string_view owner = definitions.TypeName(applied.type);
  std::vector<port::Change> changes;
  for (const auto type : definitions.ResourceTypes()) {
    const auto* parameter = ParameterTo(type, owner);
    if (parameter == nullptr || parameter->type != fhir::metadata::SearchType::kReference) {
      continue;
    }
    fhir::search::Query query;
    query.type = type;
    fhir::search::Criterion criterion;
    criterion.parameter = parameter;
    criterion.values.push_back(
        fhir::search::ReferenceValue{.type = std::string(owner), .id = std::string(applied.id), .url = {}});
    query.criteria.push_back(std::move(criterion));
    GW_ASSIGN(const auto found, work.Search(query, kMovedMax));
    for (const auto& stored : found) {
      changes.push_back(MoveChange(stored, from, to));
    }
  }
  if (changes.empty()) {
    return {};
  }
  fhir::IssueList issues;
  GW_TRY(work.Apply(std::move(changes), issues));
  return {};
}

}  // namespace adapters::hospital::identity
