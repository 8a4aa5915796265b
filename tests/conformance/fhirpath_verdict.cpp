#include "tests/conformance/fhirpath_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace fhir::conformance {
namespace {

using fhirpath::Item;

/// Dates are written with @ in the suite, and in our answers without.
std::string_view WithoutMark(std::string_view text) {
  if (text.starts_with("@T")) return text.substr(2);
  if (text.starts_with('@')) return text.substr(1);
  return text;
}

/// "System.Integer" and "integer" are one type to the suite; dates and dateTimes are not told apart by it.
std::string PlainType(std::string_view type) {
  if (type.starts_with("System.")) type.remove_prefix(7);
  std::string plain;
  for (const char c : type) plain.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  return plain == "datetime" || plain == "instant" ? "date" : plain;
}

bool SameItem(const Item& item, const SuiteOutput& output) {
  const std::string type = PlainType(fhirpath::ItemTypeName(item, metadata::Definitions::R4()));
  if (!output.type.empty() && PlainType(output.type) != type) return false;
  return fhirpath::ItemText(item) == WithoutMark(output.text) || fhirpath::ItemText(item) == output.text;
}

std::string Describe(const fhirpath::Collection& items) {
  std::string text;
  for (const Item& item : items) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", fhirpath::ItemTypeName(item, metadata::Definitions::R4()),
                        fhirpath::ItemText(item));
  }
  return text.empty() ? "nothing" : text;
}

bool SameItems(const fhirpath::Collection& items, const SuiteCase& each) {
  if (items.size() != each.outputs.size()) return false;
  if (each.ordered) return std::equal(items.begin(), items.end(), each.outputs.begin(), SameItem);
  return std::ranges::all_of(each.outputs, [&](const SuiteOutput& output) {
    return std::ranges::any_of(items, [&](const Item& item) { return SameItem(item, output); });
  });
}

}  // namespace

SuiteVerdict Judge(const SuiteCase& each, const model::Node& focus, const fhirpath::EvaluationContext& context) {
  const bool early = each.invalid == "syntax" || each.invalid == "semantic";
  const auto compiled = fhirpath::CompileChecked(each.expression, focus.type);
  if (!compiled) return {!each.invalid.empty(), "refused: " + compiled.error().public_text.text};
  if (early) return {false, "compiled"};
  if (each.predicate) {
    const auto answer = fhirpath::EvaluateBoolean(*compiled, context, focus);
    if (!answer) return {!each.invalid.empty(), "failed: " + answer.error().public_text.text};
    const bool passed = each.outputs.size() == 1 && each.outputs[0].text == (*answer ? "true" : "false");
    return {passed, *answer ? "true" : "false"};
  }
  const auto items = fhirpath::Evaluate(*compiled, context, focus);
  if (!items) return {!each.invalid.empty(), "failed: " + items.error().public_text.text};
  if (!each.invalid.empty()) return {false, Describe(*items)};
  return {SameItems(*items, each), Describe(*items)};
}

}  // namespace fhir::conformance
