// Reads the tables generated from the FHIR definitions. The only way the rest of the code learns about resource types,
// elements and search parameters: nothing else names a resource type where these tables can say it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fhir::metadata {

/// Index of a type: a resource ("Patient"), complex type ("HumanName"), primitive ("date") or the inner structure of an
/// element ("Patient.contact"). Stable within one build only; never stored.
using TypeId = std::uint16_t;
inline constexpr TypeId kNoType = 0xFFFF;

enum class TypeKind : std::uint8_t { kPrimitive, kComplex, kBackbone, kResource, kAbstract };

/// JSON value shape of a primitive type.
enum class JsonShape : std::uint8_t { kString, kNumber, kBoolean };

/// One child element as it is named in JSON. A choice element value[x] has a row per allowed type, all with one
/// choice group: "valueQuantity", "valueString" … with base name "value".
struct ElementRow {
  std::uint16_t name;       ///< string id: "valueQuantity"
  std::uint16_t base_name;  ///< string id: "value"; equal to name unless a choice
  TypeId type;              ///< type of the value; "Resource" for contained and Bundle.entry.resource
  std::uint16_t owner;      ///< TypeId that has this child
  std::uint16_t group;      ///< position of the element among its siblings in the definition; equal within a choice
  std::uint16_t binding;    ///< index into bindings, or 0xFFFF
  std::uint16_t targets;    ///< first of target_count type ids in the targets pool, for Reference and canonical
  std::uint8_t target_count;
  std::uint8_t min;      ///< 0 or 1 in R4 except few; capped at 255
  std::uint8_t repeats;  ///< 1 when max > 1
  std::uint8_t flags;    ///< kElementSummary …
};

inline constexpr std::uint8_t kElementSummary = 1;
inline constexpr std::uint8_t kElementModifier = 2;
inline constexpr std::uint8_t kElementChoice = 4;
inline constexpr std::uint8_t kElementAttribute = 8;  ///< an attribute in XML: Element.id, Extension.url

enum class SearchType : std::uint8_t {
  kNumber,
  kDate,
  kString,
  kToken,
  kReference,
  kComposite,
  kQuantity,
  kUri,
  kSpecial
};

/// One component of a composite: what it is by the search parameter that defines it, and where its values stand.
struct SearchComponent {
  std::string_view code;        ///< of the search parameter that defines it
  std::string_view expression;  ///< FHIRPath, relative to an item of the composite's own expression
  SearchType type;
};

struct SearchParameter {
  std::uint16_t id;  ///< stable over releases (fhir/definitions/search_parameter_ids.txt): goes into the database
  TypeId base;       ///< type it is declared on: a resource, or the abstract Resource and DomainResource
  SearchType type;
  std::string_view code;            ///< name in the URL, e.g. "birthdate"
  std::string_view url;             ///< canonical of the SearchParameter
  std::string_view expression;      ///< FHIRPath for this base alone; empty for the 16 without one
  std::span<const TypeId> targets;  ///< for references
  std::string_view name;
  /// Of a composite that is not of the standard; search_components.hpp has those of all.
  std::span<const SearchComponent> components = {};
};

struct Tables;  // fhir/metadata/tables.hpp: the generated rows

/// Immutable view over the tables of one FHIR version. thread-safe.
class Definitions {
 public:
  /// Indexes the tables, which must outlive this object. Cost: about a millisecond for R4.
  explicit Definitions(const Tables& tables);
  Definitions(const Definitions&) = delete;
  Definitions& operator=(const Definitions&) = delete;

  /// The R4 tables compiled into this library.
  static const Definitions& R4();

  /// kNoType when there is no such type. Accepts "Patient", "HumanName", "date", "Patient.contact".
  TypeId FindType(std::string_view name) const;
  std::string_view TypeName(TypeId type) const;
  TypeKind Kind(TypeId type) const;
  bool IsResource(TypeId type) const { return type != kNoType && Kind(type) == TypeKind::kResource; }
  /// The type this one specialises, e.g. Age → Quantity, code → string, Patient → DomainResource; kNoType at the top.
  TypeId Base(TypeId type) const;
  /// True when `type` equals or specialises `ancestor`.
  bool IsA(TypeId type, TypeId ancestor) const;
  JsonShape Shape(TypeId primitive) const;

  /// Children of a type in the order of the definition (XML order), inherited ones included.
  std::span<const ElementRow> Children(TypeId type) const;
  /// The child called `json_name`, or nullptr. Cost: one hash probe.
  const ElementRow* FindChild(TypeId type, std::string_view json_name) const;
  std::string_view Text(std::uint16_t string_id) const;
  std::span<const TypeId> Targets(const ElementRow& row) const;

  /// All concrete resource types, in alphabetical order.
  std::span<const TypeId> ResourceTypes() const { return resource_types_; }

  /// Parameters usable on `type`: its own and those of Resource and DomainResource, sorted by code.
  std::span<const SearchParameter> SearchParameters(TypeId type) const;
  const SearchParameter* FindSearchParameter(TypeId type, std::string_view code) const;
  /// By the stable id; nullptr when unknown.
  const SearchParameter* SearchParameterById(TypeId type, std::uint16_t id) const;

  /// Codes of a required binding's expansion, sorted; empty when the value set is not a closed, loaded list.
  std::span<const std::string_view> RequiredCodes(const ElementRow& row) const;
  /// The code systems of RequiredCodes, position by position.
  std::span<const std::string_view> RequiredSystems(const ElementRow& row) const;
  /// Canonical, without version, of the value set RequiredCodes comes from; empty when there is none.
  std::string_view RequiredValueSet(const ElementRow& row) const;

  /// Search parameters that tie `type` to a compartment, e.g. ("Patient", "Observation") → subject, performer.
  /// "{def}" stands for the resource itself. Empty when the type is not in the compartment.
  /// Source: https://hl7.org/fhir/R4/compartmentdefinition.html
  std::span<const std::string_view> CompartmentParameters(TypeId compartment, TypeId type) const;

 private:
  struct Range {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  void BuildSearchParameters();

  const Tables& tables_;
  std::vector<std::string_view> texts_;
  std::vector<TypeId> resource_types_;
  std::vector<SearchParameter> search_parameters_;  // for each type its own and the inherited ones, sorted by code
  std::vector<Range> search_ranges_;                // by TypeId
  std::vector<std::string_view> binding_codes_;
  std::vector<std::string_view> binding_systems_;
  std::vector<std::string_view> compartment_codes_;
};

}  // namespace fhir::metadata
