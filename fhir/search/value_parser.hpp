// One value of a criterion, read by the type of its parameter and the modifier.
#pragma once

#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/time_zone.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/query_parser.hpp"

namespace fhir::search {

/// The modifiers of a search type by their names, without ":missing", which all have.
std::vector<std::string_view> ModifierNames(metadata::SearchType type);

struct ValueContext {
  const metadata::Definitions& definitions;
  const ParseOptions& options;
  const TimeZone& zone;
};

/// The modifier called `name`, if the search type has it. Errors: kUnsupported.
Result<Modifier> FindModifier(metadata::SearchType type, std::string_view name);

/// `text` is one value between commas, still escaped. `reference_type` is the type of a ":Patient" modifier, or
/// kNoType. Modifiers that a terminology answers are not for here. Errors: kInvalid (what was expected, never the
/// value).
Result<Value> ParseValue(const ValueContext& context, const metadata::SearchParameter& parameter, Modifier modifier,
                         metadata::TypeId reference_type, std::string_view text);

/// "system|code", "|code", "system|", "code".
Result<TokenValue> ParseToken(std::string_view text);

}  // namespace fhir::search
