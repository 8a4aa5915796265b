// Constraints of definitions and profiles, and what their expressions may ask for.
// Source: https://hl7.org/fhir/R4/conformance-rules.html#constraints
#include <fmt/format.h>

#include "fhir/fhirpath/services.hpp"
#include "fhir/validation/coded_values.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using model::Node;

namespace {

/// One boolean counts as it stands; of anything else it is enough to be there.
bool MeansTrue(const fhirpath::Collection& result) {
  if (result.size() != 1) {
    return !result.empty();
  }
  const fhirpath::Item& item = result.front();
  if (item.IsNode()) {
    return item.node->kind != model::ValueKind::kBoolean || item.node->value == "true";
  }
  return item.kind != fhirpath::ItemKind::kBoolean || item.boolean;
}

}  // namespace

/// The answers of a walk to its own expressions.
class WalkServices : public fhirpath::Services {
 public:
  explicit WalkServices(Walk& walk) : walk_(walk) {}
  std::optional<bool> MemberOf(const Node& coded, std::string_view value_set) const override {
    return validation::IsMember(walk_.terminology_, coded, value_set);
  }
  std::optional<bool> MemberOf(std::string_view code, std::string_view value_set) const override {
    return validation::IsMember(walk_.terminology_, code, value_set);
  }
  std::optional<bool> Subsumes(const fhirpath::CodeRef& general, const fhirpath::CodeRef& special) const override {
    return validation::Subsumes(walk_.terminology_, general, special);
  }
  std::optional<bool> ConformsTo(const Node& element, std::string_view profile) const override {
    return walk_.Conforms(element, profile);
  }
  std::optional<bool> InSlice(const Node& element, std::string_view structure, std::string_view name) const override {
    return walk_.InSlice(element, structure, name);
  }

 private:
  Walk& walk_;
};

Walk::Walk(const ProfileStore& profiles, const packages::Registry& registry,
           const terminology::Terminology& terminology, const ValidatorOptions& options, IssueList& issues)
    : profiles_(profiles),
      registry_(registry),
      terminology_(terminology),
      options_(options),
      issues_(issues),
      definitions_(metadata::Definitions::R4()),
      types_([]() -> const WalkTypes& {
        static const WalkTypes types;
        return types;
      }()),
      resolver_(options.resolve),
      steps_left_(options.steps_max),
      services_(std::make_unique<WalkServices>(*this)),
      family_resolve_(
          [this](const Node& from, std::string_view reference) { return resolver_.Resolve(from, reference).resource; }),
      family_context_{registry_, terminology_, options_.limits, family_resolve_, options_.national_identifiers} {}

const fhirpath::EvaluationContext& Walk::PathContext() {
  if (!context_) {
    context_.emplace();
    context_->services = services_.get();
    context_->resolve = options_.resolve;
    context_->now = options_.now;
  }
  return *context_;
}

void Walk::Invariants(const Node& node, std::span<const Constraint* const> constraints) {
  for (const Constraint* constraint : constraints) {
    if (constraint->best_practice() && options_.best_practices == Checking::kOff) {
      continue;
    }
    if (const NativeInvariant native = constraint->native()) {
      if (const std::optional<bool> holds = native(node); holds == true) {
        continue;
      }
    }
    Invariant(node, *constraint);
    if (Settled()) {
      return;
    }
  }
}

void Walk::Invariant(const Node& node, const Constraint& constraint) {
  const Severity severity = constraint.best_practice() ? options_.best_practice : constraint.severity();
  if (quiet_ > 0 && severity != Severity::kError) {
    return;
  }
  const NativeInvariant native = constraint.native();
  std::optional<bool> holds = native == nullptr ? std::nullopt : native(node);
  if (!holds) {
    const fhirpath::Expression* expression = constraint.Compiled();
    if (expression == nullptr) {
      Report(node, Severity::kError, IssueType::kInvariant,
             fmt::format("{}: not checked, its expression is not understood", constraint.key()));
      return;
    }
    if (!Spend(node, 8)) {
      return;
    }
    const auto result = fhirpath::Evaluate(*expression, PathContext(), node);
    if (!result) {
      // An element for which the expression makes no sense does not meet it; what is missing here is no fault of its.
      if (result.error().code == ErrorCode::kInvalid) {
        Report(node, severity, IssueType::kInvariant,
               fmt::format("{}: {} (the expression cannot be evaluated on this element)", constraint.key(),
                           constraint.human()));
      } else {
        const bool costly = result.error().code == ErrorCode::kTooCostly;
        Report(node, Severity::kWarning, costly ? IssueType::kTooCostly : IssueType::kNotSupported,
               fmt::format("{}: not checked, its expression cannot be evaluated here", constraint.key()));
      }
      return;
    }
    holds = MeansTrue(*result);
  }
  if (!*holds) {
    Report(node, severity, IssueType::kInvariant, fmt::format("{}: {}", constraint.key(), constraint.human()));
  }
}

std::optional<bool> Walk::Conforms(const Node& node, std::string_view canonical) {
  const Profile* profile = profiles_.Find(canonical);
  if (profile == nullptr || node.type == metadata::kNoType) {
    return std::nullopt;
  }
  if (!definitions_.IsA(node.type, profile->type)) {
    return false;
  }
  const Visit visit(&node, profile);
  if (profile->is_base || active_.contains(visit)) {
    return true;
  }
  if (const auto known = conforming_.find(visit); known != conforming_.end()) {
    return known->second;
  }
  const bool conforms = Quietly([&] { ByProfile(node, *profile); });
  if (steps_left_ == 0) {
    return std::nullopt;
  }
  conforming_.emplace(visit, conforms);
  return conforms;
}

std::optional<bool> Walk::InSlice(const Node& node, std::string_view canonical, std::string_view slice) {
  const Profile* profile = profiles_.Find(canonical);
  if (profile == nullptr || node.row == nullptr) {
    return std::nullopt;
  }
  const std::string_view name = definitions_.Text(node.row->base_name);
  for (const ElementRule& rule : profile->rules) {
    if (rule.name != name || !rule.slice_name.empty()) {
      continue;
    }
    for (const std::uint32_t at : rule.slices) {
      if (profile->rules[at].slice_name == slice) {
        const Slicing no_slicing;
        return InThisSlice(node, {profile, &profile->rules[at]}, rule.slicing ? *rule.slicing : no_slicing);
      }
    }
  }
  return std::nullopt;
}

bool Walk::Spend(const Node& node, std::size_t steps) {
  if (steps_left_ == 0) {
    return false;
  }
  if (steps_left_ > steps) {
    steps_left_ -= steps;
    return true;
  }
  steps_left_ = 0;
  const std::size_t quiet = quiet_;
  quiet_ = 0;
  Error(node, IssueType::kTooCostly, "not checked any further: the profiles ask for too much work");
  quiet_ = quiet;
  return false;
}

}  // namespace fhir::validation
