// The generated tables as they lie in read-only memory: numbers over one string pool, so that nothing is relocated at
// start and nothing is computed by the compiler. Only this folder and the generated file include this header.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/metadata/definitions.hpp"

namespace fhir::metadata {

struct StringRow {
  std::uint32_t offset;
  std::uint16_t length;
};

struct TypeRow {
  std::uint16_t name;
  TypeId base;
  std::uint16_t first_child;
  std::uint16_t child_count;
  std::uint32_t first_slot;
  std::uint8_t slot_bits;
  std::uint8_t kind;
  std::uint8_t shape;
};

/// One slot of a name table. row is 0xFFFF when empty.
struct NameSlot {
  std::uint32_t offset = 0;
  std::uint16_t row = 0xFFFF;
  std::uint8_t length = 0;
};

struct SearchRow {
  std::uint16_t id;
  TypeId base;
  std::uint16_t code;
  std::uint16_t name;
  std::uint16_t url;
  std::uint16_t expression;
  std::uint16_t targets;
  std::uint8_t target_count;
  std::uint8_t type;
};

/// One component of a composite parameter. Rows of one parameter stand together, in the order of its definition.
struct SearchComponentRow {
  std::uint16_t parameter;  ///< SearchRow::id
  std::uint16_t code;
  std::uint16_t expression;
  std::uint8_t type;
};

/// A closed code list. Codes are sorted by their text; the system at the same position belongs to the code.
struct BindingRow {
  std::uint16_t url;
  std::uint16_t first_code;
  std::uint16_t code_count;
};

struct CompartmentRow {
  TypeId compartment;
  TypeId type;
  std::uint16_t first_code;
  std::uint16_t code_count;
};

/// Everything generated for one FHIR version. Fields in the order the generator writes them.
struct Tables {
  std::string_view text;
  std::span<const StringRow> strings;
  std::span<const TypeRow> types;
  std::span<const NameSlot> type_slots;
  std::span<const ElementRow> elements;
  std::span<const NameSlot> element_slots;
  std::span<const TypeId> targets;
  std::span<const SearchRow> search_parameters;
  std::span<const SearchComponentRow> search_components;
  std::span<const BindingRow> bindings;
  std::span<const std::uint16_t> binding_codes;
  std::span<const std::uint16_t> binding_systems;
  std::span<const CompartmentRow> compartments;
  std::span<const std::uint16_t> compartment_codes;
  unsigned type_slot_bits;
};

static_assert(sizeof(ElementRow) == 18 && sizeof(NameSlot) == 8, "rows stay small: there are ten thousand of them");

extern const Tables kR4Tables;

}  // namespace fhir::metadata
