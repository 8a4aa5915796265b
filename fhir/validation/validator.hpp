// The whole of validation: structure, bindings, references, extensions, slices, invariants and profiles, by one walk
// over one row type (profile.hpp), which base definitions and profiles are compiled into alike.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/checking.hpp"
#include "fhir/validation/identifiers/national_identifier.hpp"

namespace fhir::packages {
class Registry;
}
namespace fhir::terminology {
class Terminology;
}

namespace fhir::validation {

class ProfileStore;

/// What one validation looks at. The views are borrowed for the call.
struct ValidatorOptions {
  std::span<const std::string> profiles;       ///< canonicals that the resource must conform to, besides meta.profile
  Checking bindings = Checking::kOn;           ///< required and extensible bindings
  Checking references = Checking::kOn;         ///< types, targets and aggregation of references
  Checking extensions = Checking::kOn;         ///< definition, context and value of extensions
  Checking invariants = Checking::kOn;         ///< constraints of the definitions, through FHIRPath
  Checking declared_profiles = Checking::kOn;  ///< meta.profile, and the profiles of entries and contained resources
  Checking implied_profiles =
      Checking::kOn;                        ///< those that a code implies: of vital signs; with declared_profiles alone
  Checking best_practices = Checking::kOn;  ///< constraints marked as best practice
  Checking families = Checking::kOn;        ///< rules of single types (Bundle, QuestionnaireResponse …), see family.hpp
  Severity best_practice = Severity::kWarning;     ///< of constraints marked as best practice
  Severity unknown_profile = Severity::kWarning;   ///< of a canonical in meta.profile that is not loaded
  Severity unknown_extension = Severity::kError;   ///< of an extension whose definition is not loaded
  Severity max_value_set = Severity::kError;       ///< of a code outside the largest value set of a binding
  Severity wrong_display = Severity::kError;       ///< of a display that is none of its code's
  NationalIdentifierOptions national_identifiers;  ///< form and check digits of national numbers
  Checking examples = Checking::kOff;              ///< on: extensions of example.org need a definition like any other
  /// Extensions whose URL begins with one of these need no definition.
  std::span<const std::string> extension_domains;
  /// Finds resources outside of the one being validated; null when unknown. What it returns outlives the call.
  std::function<const model::Node*(std::string_view reference)> resolve;
  std::string_view
      now;  ///< what now() says in invariants, e.g. "2025-01-31T10:00:00Z"; without one they are not checked
  std::size_t steps_max = 20'000'000;  ///< elements times rules, over all profiles; past it the rest is not checked
  Limits limits;
};

/// Validates resources against the definitions and profiles of a registry. Profiles are compiled on first use and
/// shared. thread-safe.
class Validator {
 public:
  /// Both must outlive the validator. Cost: nothing is compiled before it is used.
  Validator(const packages::Registry& registry, const terminology::Terminology& terminology);
  ~Validator();
  Validator(const Validator&) = delete;
  Validator& operator=(const Validator&) = delete;

  /// Checks a resource against its type, the profiles it declares and those of the options.
  /// Shape:  resource is the root of a document or a resource inside one; expressions start at the document's root.
  /// Cost:   one pass over the elements for the type and one for each profile over what the profile speaks of.
  /// Errors: as issues, each with severity, code, FHIRPath expression and the offset in the source, never with the
  /// value
  ///         found. The list is bounded by itself, the work by options.steps_max (too-costly).
  /// Source: https://hl7.org/fhir/R4/validation.html
  void Validate(const model::Node& resource, const ValidatorOptions& options, IssueList& issues) const;

  /// Whether an element falls into the slice `name` of the definition `structure`, a canonical; nothing when either is
  /// unknown or the element is none that the definition slices.
  std::optional<bool> InSlice(const model::Node& element, std::string_view structure, std::string_view name) const;

  const packages::Registry& registry() const { return registry_; }
  const terminology::Terminology& terminology() const { return terminology_; }

 private:
  const packages::Registry& registry_;
  const terminology::Terminology& terminology_;
  std::unique_ptr<ProfileStore> profiles_;
};

}  // namespace fhir::validation
