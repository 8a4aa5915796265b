#include "fhir/fhirpath/static_type.hpp"

#include <algorithm>

namespace fhir::fhirpath {
namespace {

using metadata::Definitions;
using metadata::TypeKind;

bool Same(const TypeSpec& left, const TypeSpec& right) {
  return left.fhir == right.fhir && left.system == right.system &&
         (!left.system || left.system_kind == right.system_kind);
}

std::uint16_t ClassOfKind(ItemKind kind) {
  switch (kind) {
    case ItemKind::kBoolean:
      return kBooleanClass;
    case ItemKind::kInteger:
      return kIntegerClass;
    case ItemKind::kDecimal:
      return kDecimalClass;
    case ItemKind::kString:
      return kStringClass;
    case ItemKind::kDate:
    case ItemKind::kDateTime:
      return kDateClass;
    case ItemKind::kTime:
      return kTimeClass;
    case ItemKind::kQuantity:
      return kQuantityClass;
    default:
      return kComplexClass;
  }
}

std::uint16_t ClassOfFhir(const Ast& ast, metadata::TypeId type) {
  const CoreTypes& core = ast.core;
  const TypeKind kind = ast.definitions.Kind(type);
  if (kind == TypeKind::kAbstract) return kAnyClass;
  if (kind != TypeKind::kPrimitive) {
    const bool quantity = core.quantity != metadata::kNoType && ast.definitions.IsA(type, core.quantity);
    return quantity ? kQuantityClass | kComplexClass : kComplexClass;
  }
  if (type == core.boolean) return kBooleanClass;
  if (type == core.integer || type == core.positive_int || type == core.unsigned_int) return kIntegerClass;
  if (type == core.decimal) return kDecimalClass;
  if (type == core.date || type == core.date_time || type == core.instant) return kDateClass;
  if (type == core.time) return kTimeClass;
  return kStringClass;
}

/// Whether anything may stand below an element of this type: Resource says nothing of what a contained one has.
bool IsOpen(const Definitions& definitions, metadata::TypeId type) {
  return type == metadata::kNoType || definitions.Kind(type) == TypeKind::kAbstract;
}

void AddMembers(const Ast& ast, metadata::TypeId type, std::string_view name, StaticType& found) {
  const Definitions& definitions = ast.definitions;
  bool any = false;
  for (const metadata::ElementRow& row : definitions.Children(type)) {
    if (definitions.Text(row.base_name) != name) continue;
    any = true;
    if (row.type == metadata::kNoType)
      found.unknown = true;
    else
      found.Add({.fhir = row.type});
  }
  if (any) return;
  if (definitions.Kind(type) == TypeKind::kPrimitive) {
    if (name == "extension")
      found.Add({.fhir = ast.core.extension});
    else if (name == "id")
      found.Add({.system = true, .system_kind = ItemKind::kString});
  }
}

}  // namespace

StaticType StaticType::Fhir(metadata::TypeId fhir) {
  if (fhir == metadata::kNoType) return Unknown();
  StaticType type;
  type.types.push_back({.fhir = fhir});
  return type;
}

void StaticType::Add(const TypeSpec& spec) {
  if (std::ranges::none_of(types, [&](const TypeSpec& each) { return Same(each, spec); })) types.push_back(spec);
}

void StaticType::Merge(const StaticType& other) {
  unknown = unknown || other.unknown;
  ordered = ordered && other.ordered;
  for (const TypeSpec& spec : other.types) Add(spec);
}

std::uint16_t StaticType::Classes(const Ast& ast) const {
  if (unknown) return kAnyClass;
  std::uint16_t classes = 0;
  for (const TypeSpec& spec : types) {
    if (spec.system) classes |= ClassOfKind(spec.system_kind);
    if (spec.fhir != metadata::kNoType) classes |= ClassOfFhir(ast, spec.fhir);
  }
  return classes;
}

StaticType MembersOf(const Ast& ast, const StaticType& parent, std::string_view name) {
  StaticType found;
  found.ordered = parent.ordered;
  found.unknown = parent.unknown;
  for (const TypeSpec& spec : parent.types) {
    if (spec.fhir == metadata::kNoType) continue;
    const std::size_t before = found.types.size();
    AddMembers(ast, spec.fhir, name, found);
    if (found.types.size() == before && IsOpen(ast.definitions, spec.fhir)) found.unknown = true;
  }
  return found;
}

}  // namespace fhir::fhirpath
