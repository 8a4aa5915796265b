// Questions about codes, answered from the CodeSystem, ValueSet and ConceptMap resources of a registry.
// Source: https://hl7.org/fhir/R4/terminology-service.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/code_system.hpp"
#include "fhir/terminology/concept_map.hpp"
#include "fhir/terminology/value_set.hpp"

namespace fhir::terminology {

struct Coding {
  std::string_view system;
  std::string_view version;
  std::string_view code;
  std::string_view display;
};

/// What is known about a code in a value set or code system. The last three are no verdict: the caller decides how
/// grave they are (https://hl7.org/fhir/R4/terminologies.html#strength).
enum class Verdict : std::uint8_t {
  kMember,
  kNotMember,
  kUnknownValueSet,    ///< the value set itself is not loaded
  kUnknownCodeSystem,  ///< the code's system is not loaded, or not wholly, and no expansion stands in
  kUndecidable,        ///< an imported value set, a filter, or the cost: `why` names it
};

/// Whether a coding without a system may be of any system of the value set, as elements of type code are.
enum class SystemRule : std::uint8_t { kAsGiven, kInfer };

/// `found` and `why` point into `source`, which keeps them alive.
struct Answer {
  Verdict verdict = Verdict::kNotMember;
  Found found;                         ///< with kMember: system, version, display, inactive, abstract
  bool display_differs = false;        ///< with kMember: the coding's display is none of the concept's
  bool version_unknown = false;        ///< the coding's version is not loaded; another one answered
  std::string_view why;                ///< with the three last verdicts: the canonical or filter that is missing
  Gap gap = Gap::kNone;                ///< likewise, what kind of thing it is
  std::shared_ptr<const void> source;  ///< shared with the cache
};

struct TerminologyLimits {
  std::size_t cache_bytes_max = 64u * 1024 * 1024;  ///< compiled resources that stay
  std::size_t imports_depth_max = 16;               ///< value sets that import value sets
};

/// Compiles what it is asked about, once, and keeps it in a bounded cache. thread-safe.
/// What resources there are is the registry's word, and that of a derived class that finds others besides: the answers
/// are made from the virtual functions alone.
class Terminology {
 public:
  /// `registry` must outlive this.
  explicit Terminology(const packages::Registry& registry, const TerminologyLimits& limits = {});
  virtual ~Terminology();
  Terminology(const Terminology&) = delete;
  Terminology& operator=(const Terminology&) = delete;

  /// Whether the coding is in the value set ("url" or "url|version").
  /// Cost: two look-ups in the cache and a hash probe or two for each include; the first time compiling, which takes
  ///       milliseconds for thousands of codes.
  Answer ValidateCode(std::string_view value_set, const Coding& coding, SystemRule rule = SystemRule::kAsGiven) const;
  /// The same for a value set in hand, e.g. a contained one or one that is kept by a profile.
  Answer ValidateCode(const std::shared_ptr<const ValueSet>& value_set, const Coding& coding,
                      SystemRule rule = SystemRule::kAsGiven) const;
  /// Whether the code is one of its system's. `why` names the system when it is not loaded.
  Answer ValidateInCodeSystem(const Coding& coding) const;

  /// The compiled form; nullptr when it is not loaded or cannot be read. Of a version that is not loaded, another one.
  virtual std::shared_ptr<const ValueSet> FindValueSet(std::string_view canonical) const;
  /// ISO 3166 and 4217, which no resource defines, are what the value sets of the registry list of them.
  virtual std::shared_ptr<const CodeSystem> FindCodeSystem(std::string_view canonical) const;
  /// Compiles a value set that the registry need not know. Cost: as the first use of any; nothing is cached.
  virtual std::shared_ptr<const ValueSet> Compile(const model::Node& value_set) const;

  /// The compiled form; nullptr when it is not loaded or cannot be read.
  virtual std::shared_ptr<const ConceptMap> FindConceptMap(std::string_view canonical) const;

  /// The ValueSet resource as it was published; nullopt when it is not loaded.
  virtual std::optional<model::Document> ReadValueSet(std::string_view canonical) const;
  /// The canonical ("url|version") of every concept map that FindConceptMap knows.
  virtual void ForEachConceptMap(const std::function<void(std::string_view canonical)>& visit) const;

  const packages::Registry& registry() const { return registry_; }

 private:
  class Loader;
  struct Caches;
  const packages::Registry& registry_;
  TerminologyLimits limits_;
  std::unique_ptr<Caches> caches_;
};

}  // namespace fhir::terminology
