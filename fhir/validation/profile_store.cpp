#include "fhir/validation/profile_store.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

#include <fmt/format.h>

#include "fhir/validation/profile_compiler.hpp"
#include "fhir/validation/snapshot.hpp"

namespace fhir::validation {
namespace {

constexpr std::string_view kStructureDefinition = "StructureDefinition";
constexpr std::size_t kTypesMax = 4096;
/// Profiles kept by the spelling of their canonical; outside input can make new spellings, so there is an end to it.
constexpr std::size_t kNamesMax = 50'000;

std::string FullName(const packages::ResourceName& name) {
  return name.version.empty() ? std::string(name.url) : fmt::format("{}|{}", name.url, name.version);
}

}  // namespace

Constraint::Constraint(std::string key, Severity severity, bool best_practice, std::string human,
                       std::string expression)
    : key_(std::move(key)),
      severity_(severity),
      best_practice_(best_practice),
      human_(std::move(human)),
      expression_(std::move(expression)),
      native_(FindNativeInvariant(expression_)) {}

const fhirpath::Expression* Constraint::Compiled() const {
  std::call_once(once_, [this] {
    if (auto compiled = fhirpath::Compile(expression_)) {
      compiled_ = *std::move(compiled);
    }
  });
  return compiled_ ? &*compiled_ : nullptr;
}

struct ProfileStore::State {
  std::array<std::atomic<const Profile*>, kTypesMax> base{};
  std::recursive_mutex mutex;  // guards what follows; recursive, since a profile's compiling asks for its type's rows
  std::unordered_map<std::string, const Profile*> by_canonical;
  std::unordered_map<std::string, std::string> faults;  // "url|version" of a loaded definition that cannot be used
  std::vector<std::unique_ptr<const Profile>> profiles;
  std::unordered_map<std::string, std::unique_ptr<const Constraint>> constraints;
};

ProfileStore::ProfileStore(const packages::Registry& registry)
    : registry_(registry), state_(std::make_unique<State>()) {}
ProfileStore::~ProfileStore() = default;

const Profile* ProfileStore::Base(metadata::TypeId type) const {
  if (type >= kTypesMax) {
    return nullptr;
  }
  if (const Profile* known = state_->base[type].load(std::memory_order_acquire)) {
    return known;
  }
  const metadata::TypeKind kind = metadata::Definitions::R4().Kind(type);
  if (kind == metadata::TypeKind::kBackbone) {
    return nullptr;
  }
  const Profile* made =
      Find(fmt::format("http://hl7.org/fhir/StructureDefinition/{}", metadata::Definitions::R4().TypeName(type)));
  state_->base[type].store(made, std::memory_order_release);
  return made;
}

const Profile* ProfileStore::Find(std::string_view canonical) const {
  const std::lock_guard lock(state_->mutex);
  const std::string name(canonical);
  if (const auto found = state_->by_canonical.find(name); found != state_->by_canonical.end()) {
    return found->second;
  }
  if (state_->by_canonical.size() >= kNamesMax) {
    return nullptr;
  }
  const std::optional<packages::ResourceName> row = registry_.Lookup(kStructureDefinition, canonical);
  const Profile* made = nullptr;
  if (row) {
    const std::string full = FullName(*row);
    const auto same = full == name ? state_->by_canonical.end() : state_->by_canonical.find(full);
    if (same != state_->by_canonical.end()) {
      made = same->second;
    } else if (auto compiled = Compile(full)) {
      state_->profiles.push_back(*std::move(compiled));
      made = state_->profiles.back().get();
    } else {
      state_->faults.insert_or_assign(full, compiled.error().public_text.text);
    }
    state_->by_canonical.insert_or_assign(full, made);
  }
  state_->by_canonical.insert_or_assign(name, made);
  return made;
}

ProfileStore::Missing ProfileStore::WhyMissing(std::string_view canonical) const {
  if (const std::optional<packages::ResourceName> row = registry_.Lookup(kStructureDefinition, canonical)) {
    const std::lock_guard lock(state_->mutex);
    if (const auto fault = state_->faults.find(FullName(*row)); fault != state_->faults.end()) {
      return {true, fmt::format("the profile {} cannot be used: {}", row->url, fault->second)};
    }
  }
  return {false, fmt::format("expected the profile {} to be loaded", canonical)};
}

Result<std::unique_ptr<const Profile>> ProfileStore::Compile(std::string_view canonical) const {
  std::optional<model::Document> definition = registry_.Read(kStructureDefinition, canonical);
  if (!definition) {
    return Fail(ErrorCode::kInvalid, "its text cannot be read");
  }
  if (definition->root().Child("snapshot") == nullptr) {
    IssueList issues;
    GW_ASSIGN(model::Document whole, GenerateSnapshot(definition->root(), registry_, issues));
    // A row that is about nothing is a rule that would not be checked.
    const auto unmatched = std::find_if(issues.issues().begin(), issues.issues().end(),
                                        [](const Issue& issue) { return issue.type == IssueType::kValue; });
    if (unmatched != issues.issues().end()) {
      return Fail(ErrorCode::kInvalid, unmatched->text);
    }
    definition = std::move(whole);
  }
  CompileContext context;
  context.share = [this](const Constraint& constraint) -> const Constraint* {
    auto& slot =
        state_
            ->constraints[fmt::format("{}\x1f{}\x1f{}\x1f{}", constraint.key(), static_cast<int>(constraint.severity()),
                                      constraint.best_practice(), constraint.expression())];
    if (!slot) {
      slot = std::make_unique<const Constraint>(constraint.key(), constraint.severity(), constraint.best_practice(),
                                                constraint.human(), constraint.expression());
    }
    return slot.get();
  };
  context.base = [this](metadata::TypeId type) { return Base(type); };
  GW_ASSIGN(std::unique_ptr<const Profile> profile, CompileProfile(definition->root(), context));
  return profile;
}

}  // namespace fhir::validation
