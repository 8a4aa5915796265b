// The small language of `when:`.
#pragma once

#include <string_view>
#include <vector>

#include "adapters/mapping/compiled_map.hpp"

namespace adapters::mapping {

/// Shape:  terms joined by " and ": ADDRESS = V, ADDRESS != V, ADDRESS has V, ADDRESS lacks V (any repetition),
///         ADDRESS exists, ADDRESS absent; V may list alternatives: V|W.
/// Errors: kConfiguration for anything else.
fhir::Result<std::vector<Term>> ParseCondition(std::string_view text);

}  // namespace adapters::mapping
