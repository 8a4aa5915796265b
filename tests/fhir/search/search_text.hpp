// Criteria and index values as one line of text, for tests that compare them.
#pragma once

#include <fmt/format.h>

#include <string>

#include "fhir/base/date_time.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"

namespace search_test {

inline std::string TimeText(std::int64_t us) {
  if (us == INT64_MIN) return "-inf";
  if (us == INT64_MAX) return "inf";
  return fhir::FormatInstant(us, 0);
}

inline std::string ValueText(const fhir::search::Value& value) {
  static constexpr std::string_view kPrefixes[] = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"};
  const auto prefix = [](fhir::search::Prefix p) { return kPrefixes[static_cast<std::size_t>(p)]; };
  const auto or_any = [](const std::optional<std::string>& text) {
    return text ? "'" + *text + "'" : std::string("*");
  };
  if (const auto* v = std::get_if<fhir::search::StringValue>(&value)) return "'" + v->text + "'";
  if (const auto* v = std::get_if<fhir::search::TokenValue>(&value)) return or_any(v->system) + "|" + or_any(v->code);
  if (const auto* v = std::get_if<fhir::search::ReferenceValue>(&value)) {
    return v->id.empty() ? "<" + v->url + ">" : fmt::format("{}/{}", v->type.empty() ? "*" : v->type, v->id);
  }
  if (const auto* v = std::get_if<fhir::search::DateValue>(&value)) {
    return fmt::format("{} {}..{}", prefix(v->prefix), TimeText(v->low_us), TimeText(v->high_us));
  }
  if (const auto* v = std::get_if<fhir::search::NumberValue>(&value)) {
    return fmt::format("{} {} [{},{})", prefix(v->prefix), v->exact, v->low, v->high);
  }
  if (const auto* v = std::get_if<fhir::search::QuantityValue>(&value)) {
    const std::string base =
        v->base ? fmt::format(" = [{},{}) {}", v->base->low, v->base->high, v->base_unit) : std::string();
    return ValueText(v->number) + " " + or_any(v->system) + "|" + or_any(v->code) + base;
  }
  if (const auto* v = std::get_if<fhir::search::NearValue>(&value)) {
    return fmt::format("near {} {} {} m", v->latitude, v->longitude, v->distance_m);
  }
  if (const auto* v = std::get_if<fhir::search::CompositeValue>(&value)) {
    std::string text;
    for (const auto& component : v->components) {
      text += text.empty() ? "" : " $ ";
      std::visit([&](const auto& simple) { text += ValueText(simple); }, component);
    }
    return text;
  }
  return "uri " + std::get<fhir::search::UriValue>(value).uri;
}

inline std::string CriterionText(const fhir::search::Criterion& criterion) {
  using fhir::search::CriterionKind;
  static constexpr std::string_view kModifiers[] = {
      "",       ":exact", ":contains", ":not",        ":text",    ":in",     ":not-in",
      ":above", ":below", ":of-type",  ":identifier", ":missing", ":equals", ":ends"};
  const auto& definitions = fhir::metadata::Definitions::R4();
  std::string out(criterion.parameter != nullptr ? criterion.parameter->code : "?");
  const auto chain_text = [&](const fhir::search::Chain& chain) {
    std::string text = "->";
    for (const auto type : chain.target_types) text += fmt::format("{} ", definitions.TypeName(type));
    for (const auto& nested : chain.nested) text += "(" + CriterionText(nested) + ")";
    return text;
  };
  const auto group_text = [&](std::string_view word) {
    std::string text(word);
    text += "(";
    for (const auto& part : criterion.parts) text += (text.ends_with("(") ? "" : ", ") + CriterionText(part);
    return text + ")";
  };
  switch (criterion.kind) {
    case CriterionKind::kAll:
      return group_text("all");
    case CriterionKind::kAny:
      return group_text("any");
    case CriterionKind::kNone:
      return group_text("none");
    case CriterionKind::kCompartment:
      return fmt::format("in {}/{}", definitions.TypeName(criterion.compartment->type), criterion.compartment->id);
    case CriterionKind::kChain:
      out += chain_text(*criterion.chain);
      for (const auto& other : criterion.other_chains) out += " or " + chain_text(other);
      return out;
    case CriterionKind::kHas:
      out = fmt::format("has {}.{}(", definitions.TypeName(criterion.has->source_type), out);
      for (const auto& nested : criterion.has->nested) out += CriterionText(nested);
      return out + ")";
    case CriterionKind::kMissing:
      return out + (criterion.missing ? ":missing" : ":present");
    case CriterionKind::kNever:
      return "never";
    case CriterionKind::kId:
      out = "#id";
      break;
    case CriterionKind::kLastUpdated:
      out = "#lastUpdated";
      break;
    case CriterionKind::kFullText:
      out += " words";
      break;
    case CriterionKind::kParameter:
      break;
  }
  out += kModifiers[static_cast<std::size_t>(criterion.modifier)];
  std::string values;
  for (const auto& value : criterion.values) values += (values.empty() ? "" : ", ") + ValueText(value);
  return out + "=" + values;
}

}  // namespace search_test
