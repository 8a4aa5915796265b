#include "fhir/search/types/reference.hpp"

#include <algorithm>
#include <string>

#include "fhir/fhirpath/reference_resolver.hpp"
#include "fhir/search/contained.hpp"
#include "fhir/search/types/token.hpp"

namespace fhir::search {
namespace {

/// "#m1", said within the resource that is stored or in one that it contains; "#" is said by the latter.
void AddInsideRow(const IndexContext& context, std::uint16_t parameter, const model::Node& element,
                  std::string_view text, IndexValues& out) {
  const model::Node& container = fhirpath::OutermostResource(element);
  const std::string_view container_id = container.ChildValue("id");
  if (container.parent != nullptr || container_id.empty()) return;  // inside a Bundle, or of no place yet
  const std::string_view container_type = context.definitions.TypeName(container.type);
  if (text.size() == 1) {
    if (&fhirpath::EnclosingResource(element) != &container) {
      out.references.push_back({parameter, std::string(container_type), std::string(container_id), {}});
    }
  } else if (const model::Node* const found = FindContained(container, text.substr(1))) {
    out.references.push_back({parameter,
                              std::string(context.definitions.TypeName(found->type)),
                              ContainedName(container_type, container_id, text.substr(1)),
                              {}});
  }
}

void AddReferenceRow(const IndexContext& context, std::uint16_t parameter, const model::Node& element,
                     std::string_view text, IndexValues& out) {
  if (text.starts_with('#')) return AddInsideRow(context, parameter, element, text, out);
  const auto parts = SplitReference(text, context.base_url, context.definitions);
  if (!parts) return;
  out.references.push_back({parameter, std::string(parts->type), std::string(parts->id), std::string(parts->url)});
}

}  // namespace

bool IsLogicalId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

std::optional<ReferenceParts> SplitReference(std::string_view text, std::string_view base_url,
                                             const metadata::Definitions& definitions) {
  if (text.empty() || text.starts_with('#')) return std::nullopt;
  std::string_view relative = text;
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  if (!base_url.empty() && text.size() > base_url.size() && text.starts_with(base_url) &&
      text[base_url.size()] == '/') {
    relative = text.substr(base_url.size() + 1);
  }
  const std::size_t slash = relative.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view type = relative.substr(0, slash);
    std::string_view id = relative.substr(slash + 1);
    if (const std::size_t history = id.find("/_history/"); history != std::string_view::npos)
      id = id.substr(0, history);
    if (IsLogicalId(id) && definitions.IsResource(definitions.FindType(type))) return ReferenceParts{type, id, {}};
  }
  return ReferenceParts{{}, {}, text};
}

void IndexReference(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item,
                    IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element == nullptr) return;
  if (element->type == context.types.reference) {
    AddReferenceRow(context, parameter, *element, element->ChildValue("reference"), out);
    if (const model::Node* const identifier = element->Child("identifier"))
      IndexIdentifier(parameter, *identifier, out);
  } else if (element->HasValue()) {
    AddReferenceRow(context, parameter, *element, element->value, out);
    if (const std::size_t bar = element->value.find('|');
        bar != std::string_view::npos && element->type == context.types.canonical) {
      AddReferenceRow(context, parameter, *element, element->value.substr(0, bar), out);
    }
  } else if (element->type != metadata::kNoType && context.definitions.IsResource(element->type)) {
    // Bundle?composition and Bundle?message: the resource itself stands there.
    const std::string_view id = element->ChildValue("id");
    if (IsLogicalId(id)) {
      out.references.push_back(
          {parameter, std::string(context.definitions.TypeName(element->type)), std::string(id), {}});
    }
  }
}

bool ReferenceMatches(const ReferenceIndex& row, const ReferenceValue& value) {
  if (value.id.empty()) return row.id.empty() && row.url == value.url;
  return row.id == value.id && (value.type.empty() || value.type == row.type);
}

}  // namespace fhir::search
