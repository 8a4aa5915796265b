// What is known of a collection before evaluation: the types its items may have, and whether it has an order.
#pragma once

#include <cstdint>
#include <vector>

#include "fhir/fhirpath/ast.hpp"

namespace fhir::fhirpath {

/// Kinds of values as operators tell them apart. A set of them is a bit mask.
enum ValueClass : std::uint16_t {
  kBooleanClass = 1,
  kIntegerClass = 2,
  kDecimalClass = 4,
  kStringClass = 8,
  kDateClass = 16,  ///< dates and dateTimes
  kTimeClass = 32,
  kQuantityClass = 64,
  kComplexClass = 128,
  kAnyClass = 255,
  kNumberClass = kIntegerClass | kDecimalClass,
};

/// thread-compatible value.
struct StaticType {
  bool unknown = false;  ///< anything may come; `types` says nothing
  bool ordered = true;
  std::vector<TypeSpec> types;

  static StaticType Unknown() {
    StaticType type;
    type.unknown = true;
    return type;
  }
  static StaticType System(ItemKind kind) {
    StaticType type;
    type.types.push_back({.system = true, .system_kind = kind});
    return type;
  }
  static StaticType Fhir(metadata::TypeId fhir);

  void Add(const TypeSpec& spec);
  void Merge(const StaticType& other);
  /// The classes that a value of one of the types may belong to.
  std::uint16_t Classes(const Ast& ast) const;
};

/// The elements called `name` below items of `parent`: by the base name of a choice ("value"). Nothing found in known
/// types gives a type without any.
StaticType MembersOf(const Ast& ast, const StaticType& parent, std::string_view name);

}  // namespace fhir::fhirpath
