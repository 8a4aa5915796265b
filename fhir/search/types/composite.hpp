// Search type composite: values of several components that stand in one part of the resource. The parts are what the
// parameter's expression gives: "Observation.component" makes each component a part of its own, so that a code of one
// and a value of another do not make a match.
// Source: https://hl7.org/fhir/R4/search.html#composite
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/metadata/search_components.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/value_parser.hpp"

namespace fhir::search {

/// Combinations of one part of a resource that are indexed; the rest is left out.
inline constexpr std::size_t kCombinationsMax = 256;

/// Adds a row per combination of the components' values, which stand in `values`, one entry per component.
/// False when there were more than kCombinationsMax.
bool IndexComposite(std::uint16_t parameter, std::span<const metadata::SearchComponent> components,
                    std::span<const IndexValues> values, IndexValues& out);

/// "code$gt5", still escaped; each part as its component's type reads it. Errors: kInvalid.
Result<CompositeValue> ParseCompositeValue(const ValueContext& context, const metadata::SearchParameter& parameter,
                                           std::string_view text);

bool CompositeMatches(const CompositeIndex& row, std::span<const metadata::SearchComponent> components,
                      const CompositeValue& value);

/// Which of the members of its type a component uses: 0 for the first component of that type, 1 for the second.
/// Numbers and quantities count as one type.
std::size_t ComponentSlot(std::span<const metadata::SearchComponent> components, std::size_t component);

}  // namespace fhir::search
