// Invariants that nearly every element meets, as C++ functions: what FHIRPath would say, at a fraction of its cost.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Whether the invariant holds at `focus`; nothing when only the expression can tell.
using NativeInvariant = std::optional<bool> (*)(const model::Node& focus);

struct NativeInvariantRow {
  std::string_view expression;  ///< the exact text in the definitions
  NativeInvariant holds;
};

/// All rows. A test holds each against the evaluation of its expression.
std::span<const NativeInvariantRow> NativeInvariants();
/// The function for an expression, or nullptr.
NativeInvariant FindNativeInvariant(std::string_view expression);

}  // namespace fhir::validation
