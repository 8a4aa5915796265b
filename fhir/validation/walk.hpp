// One validation: the walk over a resource and the rows that apply to it. First by the type's own definition, which
// sees every element; then once for each profile, over what that profile speaks of.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/base/issue.hpp"
#include "fhir/fhirpath/expression.hpp"
#include "fhir/fhirpath/services.hpp"
#include "fhir/validation/family.hpp"
#include "fhir/validation/narrative_links.hpp"
#include "fhir/validation/profile.hpp"
#include "fhir/validation/profile_store.hpp"
#include "fhir/validation/reference_form.hpp"
#include "fhir/validation/resolver.hpp"
#include "fhir/validation/validator.hpp"
#include "fhir/validation/value_match.hpp"

namespace fhir::validation {

/// A row with the profile it belongs to: rows name each other by position.
struct RuleRef {
  const Profile* profile = nullptr;
  const ElementRule* rule = nullptr;
  explicit operator bool() const { return rule != nullptr; }
  RuleRef At(std::uint32_t position) const { return {profile, &profile->rules[position]}; }
};

/// What the walk needs to know of types, looked up once.
struct WalkTypes {
  WalkTypes();
  metadata::TypeId reference, extension, resource, domain_resource, bundle, coding, codeable_concept, quantity,
      canonical, xhtml;
  std::vector<std::optional<UriKind>> uri_kinds;   ///< by TypeId
  std::vector<std::vector<FamilyCheck>> families;  ///< by TypeId
};

/// thread-compatible: one for each call of Validator::Validate.
class Walk {
 public:
  Walk(const ProfileStore& profiles, const packages::Registry& registry, const terminology::Terminology& terminology,
       const ValidatorOptions& options, IssueList& issues);
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void Run(const model::Node& resource);

  // What FHIRPath may ask (walk_services.cpp).
  std::optional<bool> Conforms(const model::Node& node, std::string_view canonical);
  std::optional<bool> InSlice(const model::Node& node, std::string_view canonical, std::string_view slice);

 private:
  friend class WalkServices;

  // walk_base.cpp: by the type's definition
  void Resource(const model::Node& node, std::size_t depth);
  void DeclaredProfiles(const model::Node& node);
  void ImpliedProfiles(const model::Node& node);
  void BaseElement(const model::Node& node, RuleRef ref, std::size_t depth);
  void BaseChildren(const model::Node& parent, RuleRef ref, std::size_t depth);
  void TypeRules(const model::Node& node, const Profile& type, const ElementRule& element);
  void BaseValue(const model::Node& node);
  void Uri(const model::Node& node, UriKind kind);
  void CanonicalTarget(const model::Node& node);
  void BaseRepetition(const model::Node& child, const model::Node* previous);
  void BaseMinimum(const model::Node& parent, RuleRef ref, std::span<const std::uint32_t> counts);
  void InnerResource(const model::Node& node, std::size_t depth);

  // walk_resource.cpp
  void ResourceRules(const model::Node& node, const Profile& base);
  static bool IsPublished(const Profile& base);
  void ElementId(const model::Node& element, std::string_view id);

  // walk_profile.cpp: by a profile
  void ByProfile(const model::Node& node, const Profile& profile);
  /// The profile, and those that it imposes on what claims it.
  void ByClaimedProfile(const model::Node& node, const Profile& profile);
  void ProfileElement(const model::Node& node, RuleRef ref);
  void ProfileChildren(const model::Node& parent, RuleRef ref);
  void Cardinality(const model::Node& parent, RuleRef ref, std::size_t count);
  void Types(const model::Node& node, RuleRef ref);
  void TypeProfiles(const model::Node& node, std::span<const std::string> profiles);

  // walk_slices.cpp
  void Slices(const model::Node& parent, RuleRef ref, std::span<const model::Node* const> nodes);
  bool InThisSlice(const model::Node& node, RuleRef slice, const Slicing& slicing);
  std::optional<bool> Discriminates(const model::Node& node, RuleRef ref, const Discriminator& discriminator,
                                    std::span<const PathStep> steps, std::size_t depth);
  std::optional<bool> MeetsRule(const model::Node& node, RuleRef ref, const Discriminator& discriminator,
                                std::size_t depth);
  RuleRef ChildRule(RuleRef ref, std::string_view name) const;
  RuleRef ExtensionRule(RuleRef ref, std::string_view url) const;

  // walk_values.cpp
  void Values(const model::Node& node, const ElementRule& rule);
  void TextLimits(const model::Node& node, const ElementRule& rule);
  void Differs(const model::Node& node, const model::Node& value, MatchRule rule);
  void Coding(const model::Node& node);
  void CheckBinding(const model::Node& node, const Binding& binding);
  void BaseBinding(const model::Node& node, const ElementRule& rule);

  // walk_references.cpp
  void BaseReference(const model::Node& node);
  void ReferenceFormProblem(const model::Node& node, ReferenceForm form);
  void ProfileReference(const model::Node& node, const TypeRule& type);
  void StatedType(const model::Node& node, const TypeRule& rule);

  // walk_extensions.cpp
  void Extension(const model::Node& node);
  void ExtensionPart(const model::Node& node, std::string_view url);
  bool InContext(const model::Node& extension, const Profile& definition);
  bool OfProfile(const model::Node& place, std::string_view expression);

  // walk_invariants.cpp
  void Invariants(const model::Node& node, std::span<const Constraint* const> constraints);
  void Invariant(const model::Node& node, const Constraint& constraint);
  const fhirpath::EvaluationContext& PathContext();

  /// Counts a unit of work; false when the budget is used up, which is reported once.
  bool Spend(const model::Node& node, std::size_t steps = 1);
  /// `missing` is a child that the node lacks, which the issue is about.
  void Report(const model::Node& node, Severity severity, IssueType type, std::string text,
              std::string_view missing = {});
  /// Whether an error of the element is known already, as the reader of its text reports them.
  bool ReportedBefore(const model::Node& node) const;
  void Error(const model::Node& node, IssueType type, std::string text) {
    Report(node, Severity::kError, type, std::move(text));
  }
  /// Runs `check` without reporting; whether it found no error.
  template <typename Check>
  bool Quietly(Check&& check) {
    const std::size_t errors_before = quiet_errors_;
    ++quiet_;
    check();
    --quiet_;
    const bool good = quiet_errors_ == errors_before;
    quiet_errors_ = errors_before;
    return good;
  }
  /// In a quiet run the first error settles the matter.
  bool Settled() const { return quiet_ > 0 && quiet_errors_ > 0; }

  const ProfileStore& profiles_;
  const packages::Registry& registry_;
  const terminology::Terminology& terminology_;
  const ValidatorOptions& options_;
  IssueList& issues_;
  const metadata::Definitions& definitions_;
  const WalkTypes& types_;
  Resolver resolver_;
  NarrativePlaces narrative_places_;
  std::set<std::pair<const model::Node*, std::string_view>> element_ids_;  // with the scope they stand once in
  std::size_t steps_left_;
  std::size_t nesting_ = 0;  // of profiles within profiles
  std::size_t quiet_ = 0;
  std::size_t quiet_errors_ = 0;
  std::optional<fhirpath::EvaluationContext> context_;
  std::unique_ptr<const fhirpath::Services> services_;
  std::function<const model::Node*(const model::Node&, std::string_view)> family_resolve_;
  FamilyContext family_context_;
  using Visit = std::pair<const model::Node*, const Profile*>;
  std::set<Visit> active_;            // profiles being checked, so that profiles that name each other end
  std::map<Visit, bool> conforming_;  // verdicts of quiet runs
};

}  // namespace fhir::validation
