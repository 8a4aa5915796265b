#include "fhir/search/types/string.hpp"

#include <string>

#include "fhir/base/text.hpp"

namespace fhir::search {
namespace {

void AddStringRow(std::uint16_t parameter, std::string_view text, IndexValues& out) {
  if (text.empty()) return;
  std::string folded = Fold(text);
  if (folded.empty()) return;
  out.strings.push_back({parameter, std::move(folded), std::string(text)});
}

bool IsNamePart(std::string_view name) {
  return name == "text" || name == "family" || name == "given" || name == "prefix" || name == "suffix";
}

bool IsAddressPart(std::string_view name) {
  return name == "text" || name == "line" || name == "city" || name == "district" || name == "state" ||
         name == "postalCode" || name == "country";
}

}  // namespace

void IndexString(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element == nullptr) {
    if (item.kind == fhirpath::ItemKind::kString) AddStringRow(parameter, item.text, out);
    return;
  }
  if (element->HasValue()) return AddStringRow(parameter, element->value, out);
  const bool human_name = element->type == context.types.human_name;
  if (!human_name && element->type != context.types.address) return;
  for (const model::Node& part : element->children()) {
    if (human_name ? IsNamePart(part.name) : IsAddressPart(part.name)) AddStringRow(parameter, part.value, out);
  }
}

bool StringMatches(const StringIndex& row, Modifier modifier, const StringValue& value) {
  if (modifier == Modifier::kExact) return row.exact == value.text;
  const std::string folded = Fold(value.text);
  if (modifier == Modifier::kContains) return row.folded.find(folded) != std::string::npos;
  return row.folded.starts_with(folded);
}

}  // namespace fhir::search
