#include "fhir/search/value_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fhir/search/query_text.hpp"
#include "fhir/search/types/composite.hpp"
#include "fhir/search/types/date.hpp"
#include "fhir/search/types/near.hpp"
#include "fhir/search/types/number.hpp"
#include "fhir/search/types/quantity.hpp"
#include "fhir/search/types/reference.hpp"

namespace fhir::search {
namespace {

struct ModifierRow {
  metadata::SearchType type;
  std::string_view name;
  Modifier modifier;
};

constexpr ModifierRow kModifiers[] = {
    {metadata::SearchType::kString, "exact", Modifier::kExact},
    {metadata::SearchType::kString, "contains", Modifier::kContains},
    {metadata::SearchType::kToken, "not", Modifier::kNot},
    {metadata::SearchType::kToken, "text", Modifier::kText},
    {metadata::SearchType::kToken, "in", Modifier::kIn},
    {metadata::SearchType::kToken, "not-in", Modifier::kNotIn},
    {metadata::SearchType::kToken, "above", Modifier::kAbove},
    {metadata::SearchType::kToken, "below", Modifier::kBelow},
    {metadata::SearchType::kToken, "of-type", Modifier::kOfType},
    {metadata::SearchType::kReference, "identifier", Modifier::kIdentifier},
    {metadata::SearchType::kReference, "not", Modifier::kNot},
    {metadata::SearchType::kUri, "above", Modifier::kAbove},
    {metadata::SearchType::kUri, "below", Modifier::kBelow},
};

Result<Value> ParseOfType(std::string_view text) {
  const std::vector<std::string_view> parts = SplitUnescaped(text, '|');
  if (parts.size() != 3 || parts[1].empty() || parts[2].empty()) {
    return Fail(ErrorCode::kInvalid, "system|type|value is expected after :of-type");
  }
  // The index keeps the code of Identifier.type without its system, which adds nothing to it in practice.
  return TokenValue{std::nullopt, Unescape(parts[1]) + "|" + Unescape(parts[2])};
}

Result<Value> ParseReferenceValue(const ValueContext& context, metadata::TypeId reference_type, std::string_view text) {
  const std::string plain = Unescape(text);
  const auto parts = SplitReference(plain, context.options.base_url, context.definitions);
  if (!parts) return Fail(ErrorCode::kInvalid, "Type/id, an id or a URL is expected");
  ReferenceValue value{std::string(parts->type), std::string(parts->id), std::string(parts->url)};
  if (value.id.empty() && value.url.find_first_of(":/|#") == std::string::npos) {
    value.id = std::move(value.url);
    value.url.clear();
  }
  if (reference_type != metadata::kNoType && !value.id.empty()) {
    const std::string_view name = context.definitions.TypeName(reference_type);
    if (!value.type.empty() && value.type != name) {
      return Fail(ErrorCode::kInvalid, "the type in the value is another one than in the modifier");
    }
    value.type = name;
  }
  return value;
}

}  // namespace

std::vector<std::string_view> ModifierNames(metadata::SearchType type) {
  std::vector<std::string_view> names;
  for (const ModifierRow& row : kModifiers) {
    if (row.type == type) names.push_back(row.name);
  }
  return names;
}

Result<Modifier> FindModifier(metadata::SearchType type, std::string_view name) {
  std::string known;
  for (const ModifierRow& row : kModifiers) {
    if (row.type != type) continue;
    if (row.name == name) return row.modifier;
    known += fmt::format("{}:{}", known.empty() ? "" : ", ", row.name);
  }
  return Fail(ErrorCode::kUnsupported, fmt::format("Modifier ':{}' is not supported here. Supported: {}{}:missing.",
                                                   name, known, known.empty() ? "" : ", "));
}

Result<TokenValue> ParseToken(std::string_view text) {
  const std::vector<std::string_view> parts = SplitUnescaped(text, '|');
  // NB: a bar too many is taken as part of the code: clients send URLs of versioned canonicals unescaped.
  TokenValue value;
  if (parts.size() == 1) {
    value.code = Unescape(parts[0]);
    return value;
  }
  value.system = Unescape(parts[0]);
  const std::string_view code = text.substr(parts[0].size() + 1);
  if (!code.empty()) value.code = Unescape(code);
  if (value.system->empty() && !value.code) return Fail(ErrorCode::kInvalid, "a code or a system is expected");
  return value;
}

Result<Value> ParseValue(const ValueContext& context, const metadata::SearchParameter& parameter, Modifier modifier,
                         metadata::TypeId reference_type, std::string_view text) {
  switch (parameter.type) {
    case metadata::SearchType::kString:
      return StringValue{Unescape(text)};
    case metadata::SearchType::kToken: {
      if (modifier == Modifier::kOfType) return ParseOfType(text);
      if (modifier == Modifier::kText) return StringValue{Unescape(text)};
      GW_ASSIGN(TokenValue value, ParseToken(text));
      return value;
    }
    case metadata::SearchType::kReference: {
      if (modifier != Modifier::kIdentifier) return ParseReferenceValue(context, reference_type, text);
      GW_ASSIGN(TokenValue value, ParseToken(text));
      return value;
    }
    case metadata::SearchType::kDate: {
      auto value = ParseDateValue(Unescape(text), context.zone, context.options.now_us);
      if (!value) return Fail(ErrorCode::kInvalid, "a date such as 2025-01-31 or ge2025-01-31T10:00:00Z is expected");
      return *value;
    }
    case metadata::SearchType::kNumber: {
      GW_ASSIGN(NumberValue value, ParseNumberValue(text));
      return value;
    }
    case metadata::SearchType::kQuantity: {
      std::vector<std::string> parts;
      for (const std::string_view part : SplitUnescaped(text, '|')) parts.push_back(Unescape(part));
      GW_ASSIGN(QuantityValue value, ParseQuantityValue(parts));
      return value;
    }
    case metadata::SearchType::kUri:
      return UriValue{Unescape(text)};
    case metadata::SearchType::kComposite: {
      GW_ASSIGN(CompositeValue value, ParseCompositeValue(context, parameter, text));
      return value;
    }
    case metadata::SearchType::kSpecial: {
      GW_ASSIGN(NearValue value, ParseNearValue(text));
      return value;
    }
  }
  return Fail(ErrorCode::kUnsupported, "parameters of this type are not supported");
}

}  // namespace fhir::search
