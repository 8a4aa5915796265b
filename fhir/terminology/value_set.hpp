// A ValueSet compiled to a test: each include and exclude holds shared code systems, flags per concept, and lists.
// Nothing is copied out of a code system, and nothing is expanded to answer whether a code is in.
// Source: https://hl7.org/fhir/R4/valueset.html#compositions
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/code_index.hpp"
#include "fhir/terminology/code_system.hpp"
#include "fhir/terminology/text_arena.hpp"

namespace fhir::terminology {

/// A list of codes of several systems with their displays; found by hash.
class CodeList {
 public:
  struct Entry {
    std::string_view system, version, code, display;
    bool inactive = false;
    bool abstract = false;
  };
  /// `entries` are views into what outlives the list. Of equal pairs of system and code the first counts.
  explicit CodeList(std::vector<Entry> entries);
  CodeList() : CodeList(std::vector<Entry>{}) {}

  /// The entry, or nullptr.
  const Entry* Find(std::string_view system, std::string_view code) const;
  /// The first entry with that code, of any system.
  const Entry* FindCode(std::string_view code) const;
  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t bytes() const { return entries_.size() * (sizeof(Entry) + sizeof(std::uint32_t)) + index_.bytes(); }

 private:
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> next_;  // the next entry with the same code
  CodeIndex index_;                  // by code, to the first
};

enum class Membership : std::uint8_t { kNo, kYes, kUnknown };

/// Why a question about a value set has no answer.
enum class Gap : std::uint8_t {
  kNone,
  kCodeSystem,  ///< a code system that is not loaded, or not wholly
  kValueSet,    ///< an imported value set that is not loaded
  kFilter,      ///< a filter that is not known or does not fit the code system
  kCost,        ///< a regular expression or a nesting that costs too much
};

/// What was found about one code. The views live as long as the value set.
struct Found {
  Membership membership = Membership::kNo;
  Gap gap = Gap::kNone;      ///< with kUnknown
  std::string_view missing;  ///< with kUnknown: the canonical or filter that the gap is about
  std::string_view system;   ///< with kYes
  std::string_view version;
  std::string_view code;
  std::string_view display;                 ///< empty when nobody says
  const CodeSystem* code_system = nullptr;  ///< when it is loaded
  ConceptRef entry = {};                    ///< in that code system
  bool inactive = false;
  bool abstract = false;
};

/// A concept of a code system as a finding of its own.
Found FoundIn(const CodeSystem& system, const ConceptRef& entry);

/// Codes that one walk over a value set looks at, those that come again, are excluded or are imported counted each
/// time.
inline constexpr std::size_t kOffersMax = 4'000'000;

/// Immutable once made, thread-safe.
class ValueSet {
 public:
  /// One include or exclude. A code is in when it is in the system's part and in every import.
  struct Part {
    enum class Kind : std::uint8_t { kImports, kWhole, kSelected, kListed, kComputed, kUnknown };
    Kind kind = Kind::kImports;
    std::string_view system;
    std::string_view version;
    std::shared_ptr<const CodeSystem> code_system;         // shared with the cache and other value sets
    std::vector<bool> selected;                            // of kSelected, by position
    CodeList listed;                                       // of kListed
    std::vector<std::shared_ptr<const ValueSet>> imports;  // shared likewise
    Gap gap = Gap::kNone;                                  // of kUnknown
    std::string_view missing;
  };

  std::string_view url() const { return url_; }
  std::string_view version() const { return version_; }

  /// Cost: a hash probe or two for each include.
  Found Find(std::string_view system, std::string_view code) const;
  /// For a code without a system (elements of type code): the first include that has it says which.
  Found FindCode(std::string_view code) const;

  /// Whether every member can be listed. When not, `gap` and `missing` say why; a rule (kCost) has no list.
  struct Listable {
    bool holds = true;
    Gap gap = Gap::kNone;
    std::string_view missing;
  };
  Listable CanList() const;
  /// Every member once, in the order of the definition; `visit` returns false to stop. Only when CanList holds.
  /// False: more than `offers_max` codes had to be looked at, and the rest was not.
  /// Cost: O(codes looked at), with a set of those seen when there is more than one include.
  [[nodiscard]] bool ForEach(const std::function<bool(const Found&)>& visit, std::size_t offers_max = kOffersMax) const;

  /// The includes without excludes or imports to look at, for an expansion that keeps hierarchies; nullptr otherwise.
  const Part* OnlyWholeSystem() const;

  /// Memory held by this alone, without shared code systems and value sets.
  std::size_t bytes() const;

 private:
  friend class ValueSetCompiler;
  ValueSet() = default;
  /// Takes what it looks at from `offers_left`; false when there was too little.
  bool Walk(const std::function<bool(const Found&)>& visit, std::size_t& offers_left) const;
  Found FindComposed(std::string_view system, std::string_view code) const;
  Found Stored(std::string_view system, std::string_view code, const Found& composed) const;

  TextArena texts_;
  std::string_view url_, version_;
  std::vector<Part> includes_, excludes_;
  bool active_only_ = false;  // compose.inactive = false
  CodeList stored_;           // the published expansion, kept when the compose alone cannot be decided
  bool has_stored_ = false;
  bool stored_complete_ = false;
};

}  // namespace fhir::terminology
