// StructureDefinition → rows.
#pragma once

#include <functional>
#include <memory>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/profile.hpp"

namespace fhir::validation {

/// What compiling needs of its surroundings.
struct CompileContext {
  /// The one object of equal constraints.
  std::function<const Constraint*(const Constraint& constraint)> share;
  /// Rows of the type's own definition, which a profile's rows are compared with; null for the definition itself.
  std::function<const Profile*(metadata::TypeId type)> base;
};

/// Compiles a StructureDefinition from its snapshot.
/// Shape:  definition has a snapshot; elements are in the order of their paths. What a profile repeats of its type's
///         definition is left out of the rows, since the walk checks that on its own.
/// Cost:   O(elements), at most kElementsMax of them.
/// Errors: kInvalid without a snapshot, for an unknown type, and for a cardinality or length that is none, with the
///         element; kTooCostly past kElementsMax. The text says what is wrong with the definition, not which it is.
Result<std::unique_ptr<Profile>> CompileProfile(const model::Node& definition, const CompileContext& context);

inline constexpr std::size_t kElementsMax = 20'000;

}  // namespace fhir::validation
