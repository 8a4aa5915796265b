#include "fhir/metadata/definitions.hpp"

#include <algorithm>
#include <cstring>

#include "fhir/metadata/name_hash.hpp"
#include "fhir/metadata/tables.hpp"

namespace fhir::metadata {
namespace {

constexpr std::uint16_t kNoRow = 0xFFFF;
constexpr std::size_t kNameBytesMax = 255;

/// Row of a name in an open-addressing table, or kNoRow. The tables are at most half full, so the walk ends.
std::uint16_t FindName(std::string_view text, const NameSlot* slots, unsigned bits, std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return kNoRow;
  }
  const std::size_t mask = (std::size_t{1} << bits) - 1;
  for (std::size_t at = SlotOf(name, bits);; at = (at + 1) & mask) {
    const NameSlot& slot = slots[at];
    if (slot.row == kNoRow) {
      return kNoRow;
    }
    if (slot.length == name.size() && std::memcmp(text.data() + slot.offset, name.data(), name.size()) == 0) {
      return slot.row;
    }
  }
}

}  // namespace

const Definitions& Definitions::R4() {
  static const Definitions definitions(kR4Tables);
  return definitions;
}

Definitions::Definitions(const Tables& tables) : tables_(tables) {
  texts_.reserve(tables.strings.size());
  for (const StringRow& row : tables.strings) {
    texts_.push_back(tables.text.substr(row.offset, row.length));
  }
  for (std::size_t i = 0; i < tables.types.size(); ++i) {
    if (static_cast<TypeKind>(tables.types[i].kind) == TypeKind::kResource) {
      resource_types_.push_back(static_cast<TypeId>(i));
    }
  }
  const auto texts_of = [this](std::span<const std::uint16_t> ids) {
    std::vector<std::string_view> texts;
    texts.reserve(ids.size());
    for (const std::uint16_t id : ids) {
      texts.push_back(texts_[id]);
    }
    return texts;
  };
  binding_codes_ = texts_of(tables.binding_codes);
  binding_systems_ = texts_of(tables.binding_systems);
  compartment_codes_ = texts_of(tables.compartment_codes);
  BuildSearchParameters();
}

void Definitions::BuildSearchParameters() {
  search_ranges_.resize(tables_.types.size());
  const auto append_declared_on = [this](TypeId base) {
    for (const SearchRow& row : tables_.search_parameters) {
      if (row.base == base) {
        search_parameters_.push_back({row.id, row.base, static_cast<SearchType>(row.type), texts_[row.code],
                                      texts_[row.url], texts_[row.expression],
                                      tables_.targets.subspan(row.targets, row.target_count), texts_[row.name]});
      }
    }
  };
  for (std::size_t i = 0; i < tables_.types.size(); ++i) {
    const auto kind = static_cast<TypeKind>(tables_.types[i].kind);
    if (kind != TypeKind::kResource && kind != TypeKind::kAbstract) {
      continue;
    }
    const std::size_t first = search_parameters_.size();
    for (TypeId type = static_cast<TypeId>(i); type != kNoType; type = Base(type)) {
      append_declared_on(type);
    }
    // Of two with one code the more specific type's comes first, and is the one found.
    const auto comes_first = [i](const SearchParameter& a, const SearchParameter& b) {
      return a.code != b.code ? a.code < b.code : a.base == i && b.base != i;
    };
    std::sort(search_parameters_.begin() + static_cast<std::ptrdiff_t>(first), search_parameters_.end(), comes_first);
    search_ranges_[i] = {first, search_parameters_.size() - first};
  }
}

TypeId Definitions::FindType(std::string_view name) const {
  return FindName(tables_.text, tables_.type_slots.data(), tables_.type_slot_bits, name);
}

std::string_view Definitions::TypeName(TypeId type) const {
  return type < tables_.types.size() ? texts_[tables_.types[type].name] : std::string_view{};
}

TypeKind Definitions::Kind(TypeId type) const {
  return static_cast<TypeKind>(tables_.types[type].kind);
}

TypeId Definitions::Base(TypeId type) const {
  return type == kNoType ? kNoType : tables_.types[type].base;
}

bool Definitions::IsA(TypeId type, TypeId ancestor) const {
  while (type != kNoType && type != ancestor) {
    type = Base(type);
  }
  return type != kNoType;
}

JsonShape Definitions::Shape(TypeId primitive) const {
  return static_cast<JsonShape>(tables_.types[primitive].shape);
}

std::span<const ElementRow> Definitions::Children(TypeId type) const {
  if (type == kNoType) {
    return {};
  }
  const TypeRow& row = tables_.types[type];
  return tables_.elements.subspan(row.first_child, row.child_count);
}

const ElementRow* Definitions::FindChild(TypeId type, std::string_view json_name) const {
  if (type == kNoType) {
    return nullptr;
  }
  const TypeRow& owner = tables_.types[type];
  const NameSlot* slots = tables_.element_slots.data() + owner.first_slot;
  const std::uint16_t row = FindName(tables_.text, slots, owner.slot_bits, json_name);
  return row == kNoRow ? nullptr : &tables_.elements[row];
}

std::string_view Definitions::Text(std::uint16_t string_id) const {
  return texts_[string_id];
}

std::span<const TypeId> Definitions::Targets(const ElementRow& row) const {
  return tables_.targets.subspan(row.targets, row.target_count);
}

std::span<const SearchParameter> Definitions::SearchParameters(TypeId type) const {
  if (type == kNoType) {
    return {};
  }
  const auto [first, count] = search_ranges_[type];
  return std::span(search_parameters_).subspan(first, count);
}

const SearchParameter* Definitions::FindSearchParameter(TypeId type, std::string_view code) const {
  const auto all = SearchParameters(type);
  const auto found = std::lower_bound(
      all.begin(), all.end(), code, [](const SearchParameter& row, std::string_view text) { return row.code < text; });
  return found != all.end() && found->code == code ? &*found : nullptr;
}

const SearchParameter* Definitions::SearchParameterById(TypeId type, std::uint16_t id) const {
  for (const SearchParameter& row : SearchParameters(type)) {
    if (row.id == id) {
      return &row;
    }
  }
  return nullptr;
}

std::span<const std::string_view> Definitions::RequiredCodes(const ElementRow& row) const {
  if (row.binding == kNoRow) {
    return {};
  }
  const BindingRow& binding = tables_.bindings[row.binding];
  return std::span(binding_codes_).subspan(binding.first_code, binding.code_count);
}

std::span<const std::string_view> Definitions::RequiredSystems(const ElementRow& row) const {
  if (row.binding == kNoRow) {
    return {};
  }
  const BindingRow& binding = tables_.bindings[row.binding];
  return std::span(binding_systems_).subspan(binding.first_code, binding.code_count);
}

std::string_view Definitions::RequiredValueSet(const ElementRow& row) const {
  return row.binding == kNoRow ? std::string_view{} : texts_[tables_.bindings[row.binding].url];
}

std::span<const std::string_view> Definitions::CompartmentParameters(TypeId compartment, TypeId type) const {
  for (const CompartmentRow& row : tables_.compartments) {
    if (row.compartment == compartment && row.type == type) {
      return std::span(compartment_codes_).subspan(row.first_code, row.code_count);
    }
  }
  return {};
}

}  // namespace fhir::metadata
