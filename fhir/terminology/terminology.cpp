#include "fhir/terminology/terminology.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "fhir/packages/supplements.hpp"
#include "fhir/terminology/cache.hpp"
#include "fhir/terminology/computed_system.hpp"
#include "fhir/terminology/value_set_compiler.hpp"

namespace fhir::terminology {
namespace {

/// Code systems of other bodies that R4 uses and does not define: the codes that a value set lists of them. Only the
/// two-letter codes of ISO 3166 are listed, so that one stays open.
struct ListedSystem {
  std::string_view system;
  std::string_view value_set;
  bool complete;
};
constexpr std::array<ListedSystem, 2> kListedSystems = {{
    {"urn:iso:std:iso:3166", "http://hl7.org/fhir/ValueSet/iso3166-1-2", false},
    {"urn:iso:std:iso:4217", "http://hl7.org/fhir/ValueSet/currencies", true},
}};

void CollectListed(const model::Node& node, std::string_view system, std::vector<CodeSystem::Listed>& codes) {
  for (const model::Node& child : node.children()) {
    const bool in_expansion = child.name == "contains" && child.ChildValue("system") == system;
    const bool in_compose = child.name == "concept" && node.ChildValue("system") == system;
    if (in_expansion || in_compose) {
      codes.push_back({.code = child.ChildValue("code"), .display = child.ChildValue("display")});
    } else if (child.name == "include" || child.name == "compose" || child.name == "expansion") {
      CollectListed(child, system, codes);
    }
  }
}

Verdict VerdictOf(const Found& found) {
  switch (found.membership) {
    case Membership::kYes:
      return Verdict::kMember;
    case Membership::kNo:
      return Verdict::kNotMember;
    case Membership::kUnknown:
      break;
  }
  return found.gap == Gap::kCodeSystem ? Verdict::kUnknownCodeSystem : Verdict::kUndecidable;
}

bool DisplayDiffers(const Found& found, std::string_view display) {
  if (display.empty() || display == found.display) {
    return false;
  }
  if (found.entry != nullptr && found.code_system->IsDisplay(*found.entry, display)) {
    return false;
  }
  return !found.display.empty() && !SameDisplay(found.display, display);
}

}  // namespace

struct Terminology::Caches {
  explicit Caches(std::size_t bytes_max)
      : code_systems(bytes_max / 2), value_sets(bytes_max / 4), concept_maps(bytes_max / 4) {}
  Cache<CodeSystem> code_systems;
  Cache<ValueSet> value_sets;
  Cache<ConceptMap> concept_maps;
};

/// Answers the compiler of one value set, which may ask for others; these may ask for more, and in the end for the
/// first one again.
class Terminology::Loader final : public Sources {
 public:
  explicit Loader(const Terminology& terminology) : terminology_(terminology) {}

  std::shared_ptr<const CodeSystem> FindCodeSystem(std::string_view canonical) override {
    return terminology_.FindCodeSystem(canonical);
  }

  std::shared_ptr<const ValueSet> FindValueSet(std::string_view canonical) override {
    // R4 binds to v3 value sets by its own version, which these do not have: what is loaded serves.
    auto name = terminology_.registry_.Lookup("ValueSet", canonical);
    if (!name) {
      name = terminology_.registry_.Lookup("ValueSet", packages::SplitCanonical(canonical).url);
    }
    if (!name) {
      return nullptr;
    }
    std::string key(name->url);
    key.append("|").append(name->version);
    if (auto cached = terminology_.caches_->value_sets.Find(key)) {
      return cached;
    }
    if (open_.size() >= terminology_.limits_.imports_depth_max || std::ranges::find(open_, key) != open_.end()) {
      cut_ = true;
      return nullptr;
    }
    const auto document = terminology_.registry_.Read("ValueSet", key);
    if (!document) {
      return nullptr;
    }
    open_.push_back(key);
    auto compiled = CompileValueSet(document->root(), *this);
    open_.pop_back();
    // What was compiled inside a circle lacks a part for this way in alone, so another way must not find it.
    return cut_ ? compiled : terminology_.caches_->value_sets.Keep(key, std::move(compiled));
  }

 private:
  const Terminology& terminology_;
  std::vector<std::string> open_;
  bool cut_ = false;
};

Terminology::Terminology(const packages::Registry& registry, const TerminologyLimits& limits)
    : registry_(registry), limits_(limits), caches_(std::make_unique<Caches>(limits.cache_bytes_max)) {}

Terminology::~Terminology() = default;

std::shared_ptr<const ValueSet> Terminology::FindValueSet(std::string_view canonical) const {
  // Most questions come with the same canonical again and again, so that is a name of its own in the cache.
  if (auto cached = caches_->value_sets.Find(canonical)) {
    return cached;
  }
  auto compiled = Loader(*this).FindValueSet(canonical);
  return compiled == nullptr ? nullptr : caches_->value_sets.Keep(canonical, std::move(compiled));
}

std::shared_ptr<const ValueSet> Terminology::Compile(const model::Node& value_set) const {
  Loader loader(*this);
  return CompileValueSet(value_set, loader);
}

std::shared_ptr<const CodeSystem> Terminology::FindCodeSystem(std::string_view canonical) const {
  if (auto cached = caches_->code_systems.Find(canonical)) {
    return cached;
  }
  std::shared_ptr<const CodeSystem> made;
  if (const auto document = registry_.Read("CodeSystem", canonical)) {
    const std::string_view version = document->root().ChildValue("version");
    std::string name(document->root().ChildValue("url"));
    name.append(version.empty() ? "" : "|").append(version);
    if (auto compiled = CodeSystem::Compile(document->root(), packages::ReadSupplements(registry_, name))) {
      made = std::make_shared<const CodeSystem>(*std::move(compiled));
    }
  } else if (const auto* listed = std::ranges::find(kListedSystems, canonical, &ListedSystem::system);
             listed != kListedSystems.end()) {
    if (const auto value_set = registry_.Read("ValueSet", listed->value_set)) {
      std::vector<CodeSystem::Listed> codes;
      CollectListed(value_set->root(), listed->system, codes);
      made = std::make_shared<const CodeSystem>(
          CodeSystem::FromList(listed->system, codes, listed->complete ? Content::kComplete : Content::kFragment));
    }
  }
  return made == nullptr ? nullptr : caches_->code_systems.Keep(canonical, std::move(made));
}

std::shared_ptr<const ConceptMap> Terminology::FindConceptMap(std::string_view canonical) const {
  if (auto cached = caches_->concept_maps.Find(canonical)) {
    return cached;
  }
  const auto document = registry_.Read("ConceptMap", canonical);
  return document ? caches_->concept_maps.Keep(canonical, std::make_shared<const ConceptMap>(document->root()))
                  : nullptr;
}

std::optional<model::Document> Terminology::ReadValueSet(std::string_view canonical) const {
  return registry_.Read("ValueSet", canonical);
}

void Terminology::ForEachConceptMap(const std::function<void(std::string_view canonical)>& visit) const {
  registry_.ForEach("ConceptMap", [&](const packages::ResourceName& name) {
    std::string canonical(name.url);
    canonical.append("|").append(name.version);
    visit(canonical);
  });
}

Answer Terminology::ValidateCode(std::string_view value_set, const Coding& coding, SystemRule rule) const {
  auto compiled = FindValueSet(value_set);
  if (compiled == nullptr) {
    return {.verdict = Verdict::kUnknownValueSet, .why = value_set, .gap = Gap::kValueSet};
  }
  return ValidateCode(compiled, coding, rule);
}

Answer Terminology::ValidateCode(const std::shared_ptr<const ValueSet>& value_set, const Coding& coding,
                                 SystemRule rule) const {
  Answer answer;
  answer.source = value_set;
  answer.found = coding.system.empty() && rule == SystemRule::kInfer ? value_set->FindCode(coding.code)
                                                                     : value_set->Find(coding.system, coding.code);
  answer.verdict = VerdictOf(answer.found);
  answer.gap = answer.found.gap;
  answer.why = answer.found.missing;
  if (answer.verdict == Verdict::kMember) {
    answer.display_differs = DisplayDiffers(answer.found, coding.display);
    answer.version_unknown =
        !coding.version.empty() && !answer.found.version.empty() && coding.version != answer.found.version;
  }
  return answer;
}

Answer Terminology::ValidateInCodeSystem(const Coding& coding) const {
  Answer answer;
  std::shared_ptr<const CodeSystem> system;
  if (!coding.version.empty()) {
    std::string versioned(coding.system);
    versioned.append("|").append(coding.version);
    system = FindCodeSystem(versioned);
    answer.version_unknown = system == nullptr;
  }
  if (system == nullptr) {
    system = FindCodeSystem(coding.system);
  }
  if (system == nullptr) {
    answer.version_unknown = false;
    if (const auto holds = InComputedSystem(coding.system, coding.code)) {
      answer.verdict = *holds ? Verdict::kMember : Verdict::kNotMember;
      answer.found = {
          .membership = *holds ? Membership::kYes : Membership::kNo, .system = coding.system, .code = coding.code};
      return answer;
    }
    answer.verdict = Verdict::kUnknownCodeSystem;
    answer.gap = Gap::kCodeSystem;
    answer.why = coding.system;
    return answer;
  }
  answer.source = system;
  if (const ConceptRef entry = system->Find(coding.code)) {
    answer.verdict = Verdict::kMember;
    answer.found = FoundIn(*system, entry);
    answer.display_differs = DisplayDiffers(answer.found, coding.display);
  } else if (!system->complete()) {
    answer.verdict = Verdict::kUnknownCodeSystem;
    answer.gap = Gap::kCodeSystem;
    answer.why = coding.system;
  }
  return answer;
}

}  // namespace fhir::terminology
