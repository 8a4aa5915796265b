// The types that an expression may name.
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "fhir/fhirpath/ast.hpp"

namespace fhir::fhirpath {

CoreTypes::CoreTypes(const metadata::Definitions& definitions)
    : boolean(definitions.FindType("boolean")),
      integer(definitions.FindType("integer")),
      positive_int(definitions.FindType("positiveInt")),
      unsigned_int(definitions.FindType("unsignedInt")),
      decimal(definitions.FindType("decimal")),
      date(definitions.FindType("date")),
      date_time(definitions.FindType("dateTime")),
      instant(definitions.FindType("instant")),
      time(definitions.FindType("time")),
      quantity(definitions.FindType("Quantity")),
      money(definitions.FindType("Money")),
      reference(definitions.FindType("Reference")),
      extension(definitions.FindType("Extension")),
      bundle(definitions.FindType("Bundle")),
      resource(definitions.FindType("Resource")) {}

Result<TypeSpec> FindTypeSpec(const metadata::Definitions& definitions, std::string_view name) {
  static constexpr std::pair<std::string_view, ItemKind> kSystemTypes[] = {
      {"Boolean", ItemKind::kBoolean}, {"Integer", ItemKind::kInteger},  {"Decimal", ItemKind::kDecimal},
      {"String", ItemKind::kString},   {"Date", ItemKind::kDate},        {"DateTime", ItemKind::kDateTime},
      {"Time", ItemKind::kTime},       {"Quantity", ItemKind::kQuantity}};
  std::string_view plain = name;
  const bool only_system = plain.starts_with("System.");
  const bool only_fhir = plain.starts_with("FHIR.");
  if (only_system) plain.remove_prefix(7);
  if (only_fhir) plain.remove_prefix(5);
  TypeSpec spec;
  if (!only_system) spec.fhir = definitions.FindType(plain);
  if (!only_fhir) {
    for (const auto& [system_name, kind] : kSystemTypes) {
      if (system_name != plain) continue;
      spec.system = true;
      spec.system_kind = kind;
    }
  }
  const bool known = spec.fhir != metadata::kNoType || spec.system ||
                     (only_system && definitions.FindType(plain) != metadata::kNoType);
  if (!known) {
    return Fail(ErrorCode::kInvalid, fmt::format("FHIRPath: unknown type '{}'", name));
  }
  return spec;
}

}  // namespace fhir::fhirpath
