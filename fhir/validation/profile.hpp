// The rows that validation works on: one per element of a definition, the same for base types and for profiles.
// Filled by profile_compiler.hpp, kept by profile_store.hpp, read by the walk.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/issue.hpp"
#include "fhir/base/regular_expression.hpp"
#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/native_invariants.hpp"

namespace fhir::validation {

/// An invariant. Equal ones of all definitions are one object, so that its expression is compiled once. thread-safe.
class Constraint {
 public:
  Constraint(std::string key, Severity severity, bool best_practice, std::string human, std::string expression);
  const std::string& key() const { return key_; }
  Severity severity() const { return severity_; }
  bool best_practice() const { return best_practice_; }
  const std::string& human() const { return human_; }
  const std::string& expression() const { return expression_; }
  /// The same rule in C++, or null.
  NativeInvariant native() const { return native_; }
  /// The compiled expression; null when it does not compile.
  const fhirpath::Expression* Compiled() const;

 private:
  std::string key_;
  Severity severity_;
  bool best_practice_;
  std::string human_;
  std::string expression_;
  NativeInvariant native_;
  mutable std::once_flag once_;
  mutable std::optional<fhirpath::Expression> compiled_;  // written once, under once_
};

enum class BindingStrength : std::uint8_t { kRequired, kExtensible, kPreferred, kExample };

struct Binding {
  BindingStrength strength = BindingStrength::kExample;
  std::string value_set;      ///< canonical, with version when the definition names one
  std::string max_value_set;  ///< what even a code outside of value_set must be in; empty when none
  bool operator==(const Binding&) const = default;
};

/// How a reference may reach its target, as bits.
inline constexpr std::uint8_t kAggregationContained = 1;
inline constexpr std::uint8_t kAggregationReferenced = 2;
inline constexpr std::uint8_t kAggregationBundled = 4;

struct TypeRule {
  std::string code;
  metadata::TypeId type = metadata::kNoType;
  std::vector<std::string> profiles;
  std::vector<std::string> target_profiles;
  std::uint8_t aggregation = 0;  ///< 0: any
  bool operator==(const TypeRule&) const = default;
};

enum class DiscriminatorKind : std::uint8_t { kValue, kExists, kPattern, kType, kProfile };

/// One step of a discriminator's path. Source: https://hl7.org/fhir/R4/profiling.html#discriminator
struct PathStep {
  enum class Kind : std::uint8_t { kChild, kExtension, kResolve, kOfType };
  Kind kind = Kind::kChild;
  std::string text;  ///< the child's name, the extension's url, the type's name
};

struct Discriminator {
  DiscriminatorKind kind = DiscriminatorKind::kValue;
  std::string path;
  std::vector<PathStep> steps;  ///< empty for $this
};

enum class SlicingRules : std::uint8_t { kOpen, kClosed, kOpenAtEnd };

struct Slicing {
  std::vector<Discriminator> discriminators;
  SlicingRules rules = SlicingRules::kOpen;
  bool ordered = false;
};

inline constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t kNoRule = std::numeric_limits<std::uint32_t>::max();

/// A child that must be there, in a form that the walk by type reads for every element it meets.
struct Requirement {
  std::uint16_t group = 0;  ///< ElementRow::group
  std::uint32_t min = 0;
  std::uint32_t rule = 0;  ///< position in Profile::rules
};

/// What a definition says of one element, or of one slice of it. Nodes point into the profile's own values.
struct ElementRule {
  std::string name;                                ///< "identifier", "value" for a choice, the type's name for the root
  std::string slice_name;                          ///< empty unless a slice
  metadata::TypeId node_type = metadata::kNoType;  ///< the type that the children's names are looked up in
  std::uint32_t min = 0;
  std::uint32_t max = kUnbounded;
  bool counts = false;          ///< min or max say more than the base definition does
  bool active = false;          ///< this rule or one below it says something; the walk passes over the others
  std::vector<TypeRule> types;  ///< empty: as the base definition
  bool profiled = false;        ///< one of the types asks for a profile
  const model::Node* fixed = nullptr;
  const model::Node* pattern = nullptr;
  const model::Node* min_value = nullptr;
  const model::Node* max_value = nullptr;
  std::uint32_t max_length = 0;  ///< characters; 0: any
  std::uint32_t min_length = 0;
  std::uint32_t max_decimals = kUnbounded;      ///< digits behind the point
  std::uint32_t max_bytes = kUnbounded;         ///< of what base64 stands for
  std::string pattern_text;                     ///< a regular expression that the whole value matches; empty: anything
  std::optional<RegularExpression> expression;  ///< the same, compiled
  std::string narrative_language;               ///< what a narrative's sections must be; empty: anything
  bool must_have_value = false;                 ///< extensions instead of a value are not enough
  std::vector<std::string> value_alternatives;  ///< when not empty: the extensions that may stand for a value
  std::vector<const Constraint*> constraints;
  std::optional<Binding> binding;
  std::vector<Binding> additional_bindings;
  std::vector<std::uint32_t> children;  ///< positions in Profile::rules, in the order of the definition
  std::vector<std::uint32_t> by_group;  ///< ElementRow::group → position in Profile::rules, or kNoRule
  std::vector<Requirement> required;    ///< of a type's own definition: children with min > 0
  std::optional<Slicing> slicing;
  std::vector<std::uint32_t> slices;                   ///< positions in Profile::rules
  std::uint32_t content = kNoRule;                     ///< the rule that a contentReference names
  metadata::TypeId implicit_type = metadata::kNoType;  ///< of a slice written as valueQuantity
};

/// One StructureDefinition in its compiled form. Immutable once made.
struct Profile {
  std::string url;
  std::string version;
  std::string type_name;
  metadata::TypeId type = metadata::kNoType;
  bool is_base = false;  ///< the definition of a type rather than a profile of one
  bool is_extension = false;
  bool abstract = false;
  struct Context {
    std::string kind;  ///< element, extension, fhirpath
    std::string expression;
  };
  std::vector<Context> contexts;                ///< of an extension: where it may stand
  std::vector<std::string> context_invariants;  ///< of an extension: FHIRPath that must hold there
  std::vector<std::string> imposed;             ///< profiles that a resource which claims this one conforms to as well
  bool modifier = false;                        ///< of an extension: to be used as modifierExtension
  std::vector<ElementRule> rules;               ///< the root first; empty when the definition could not be compiled
  std::unique_ptr<model::Document> values;      ///< owns what fixed, pattern, min_value and max_value point at

  const ElementRule& root() const { return rules.front(); }
};

}  // namespace fhir::validation
