#include "fhir/validation/families/search_definition.hpp"

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"

namespace fhir::validation {
namespace {

/// Source: https://hl7.org/fhir/R4/valueset-search-param-type.html
std::string_view TypeCode(metadata::SearchType type) {
  switch (type) {
    case metadata::SearchType::kNumber:
      return "number";
    case metadata::SearchType::kDate:
      return "date";
    case metadata::SearchType::kString:
      return "string";
    case metadata::SearchType::kToken:
      return "token";
    case metadata::SearchType::kReference:
      return "reference";
    case metadata::SearchType::kComposite:
      return "composite";
    case metadata::SearchType::kQuantity:
      return "quantity";
    case metadata::SearchType::kUri:
      return "uri";
    case metadata::SearchType::kSpecial:
      return "special";
  }
  return {};
}

}  // namespace

std::set<std::string_view> SearchBasesOf(const model::Node& parameter) {
  std::set<std::string_view> bases;
  for (const model::Node& base : parameter.children()) {
    if (base.name == "base" && base.HasValue()) {
      bases.insert(base.value);
    }
  }
  return bases;
}

SearchDefinition FindSearchDefinition(std::string_view canonical, const FamilyContext& context) {
  if (const model::Node* loaded = context.registry.Find("SearchParameter", canonical)) {
    return {.bases = SearchBasesOf(*loaded), .type = loaded->ChildValue("type")};
  }
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  SearchDefinition found;
  for (const metadata::TypeId type : definitions.ResourceTypes()) {
    for (const metadata::SearchParameter& parameter : definitions.SearchParameters(type)) {
      if (parameter.url == canonical) {
        found.bases.insert(definitions.TypeName(parameter.base));
        found.type = TypeCode(parameter.type);
      }
    }
  }
  return found;
}

}  // namespace fhir::validation
