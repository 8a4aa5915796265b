#include "fhir/search/types/string.hpp"

#include <string>

#include "fhir/base/text.hpp"
#include "fhir/search/phonetic.hpp"

namespace fhir::search {
namespace {

void AddStringRow(const metadata::SearchParameter& parameter, std::string_view text, IndexValues& out) {
  if (text.empty()) return;
  if (IsPhonetic(parameter)) {
    for (std::string& key : PhoneticKeys(text)) out.strings.push_back({parameter.id, std::move(key), {}});
    return;
  }
  std::string folded = Fold(text);
  if (folded.empty()) return;
  out.strings.push_back({parameter.id, std::move(folded), std::string(text)});
}

bool IsNamePart(std::string_view name) {
  return name == "text" || name == "family" || name == "given" || name == "prefix" || name == "suffix";
}

bool IsAddressPart(std::string_view name) {
  return name == "text" || name == "line" || name == "city" || name == "district" || name == "state" ||
         name == "postalCode" || name == "country";
}

}  // namespace

bool IsPhonetic(const metadata::SearchParameter& parameter) {
  return parameter.code == "phonetic";
}

void IndexString(const IndexContext& context, const metadata::SearchParameter& parameter, const fhirpath::Item& item,
                 IndexValues& out) {
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
  if (modifier == Modifier::kEquals) return row.folded == folded;
  if (modifier == Modifier::kEndsWith) return row.folded.ends_with(folded);
  return row.folded.starts_with(folded);
}

}  // namespace fhir::search
