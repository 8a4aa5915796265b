// A CodeSystem in the form that questions are asked of: concepts in a row, found by hash, with their parents. Of a
// large one the texts are elsewhere, and fetched when a question comes to them. Source:
// https://hl7.org/fhir/R4/codesystem.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/code_index.hpp"
#include "fhir/terminology/concept_page.hpp"
#include "fhir/terminology/text_arena.hpp"

namespace fhir::terminology {

/// How much of the code system the resource holds (CodeSystem.content).
enum class Content : std::uint8_t { kNotPresent, kExample, kFragment, kComplete, kSupplement };

/// Concepts of one code system that are read; more is refused.
inline constexpr std::size_t kConceptsMax = 2'000'000;

/// Whether two displays are the same but for case, accents and white space.
bool SameDisplay(std::string_view a, std::string_view b);

/// What is known of a large code system without its texts: enough to find the page of a code, and for the hierarchy.
/// About 21 bytes a concept.
struct ConceptSkeleton {
  /// Of the code, by position; see CodeHash.
  std::vector<std::uint32_t> hashes;
  /// Where the parents of each position begin in `parents`; one more at the end.
  std::vector<std::uint32_t> first_parent;
  std::vector<std::uint32_t> parents;  ///< positions
};

/// Stands in databases: it does not change.
std::uint32_t CodeHash(std::string_view code);

/// What a large code system is called; its concepts are elsewhere.
struct LargeSystemName {
  std::string_view url, version, name;
  std::vector<std::string_view> properties;  ///< declared: no other is found by a filter
};

/// Immutable once made, thread-safe. Owns all its texts, or fetches them page by page.
class CodeSystem {
 public:
  using Concept = terminology::Concept;
  using Property = ConceptProperty;
  using Designation = ConceptDesignation;
  using Position = std::uint32_t;  ///< of a concept

  /// Supplements add designations and properties to the concepts of the same code, and their displays as designations;
  /// they add no concept, and change neither the hierarchy nor what is active (CodeSystem.content).
  /// Cost: O(concepts), those of the supplements too. Errors: kTooLarge past kConceptsMax, for each of them.
  static Result<CodeSystem> Compile(const model::Node& resource, std::span<const model::Document> supplements = {});
  /// A code system that no resource defines: the codes that value sets list, taken together.
  struct Listed {
    std::string_view code, display;
  };
  static CodeSystem FromList(std::string_view url, std::span<const Listed> codes, Content content);
  /// A complete one whose concepts are in `pages`. Case matters in it. Cost: O(concepts), no page is read.
  /// Errors: kInternal for a skeleton that contradicts itself; kTooLarge past kConceptsMax.
  static Result<CodeSystem> Large(const LargeSystemName& name, ConceptSkeleton skeleton,
                                  std::shared_ptr<const ConceptPages> pages);

  std::string_view url() const { return url_; }
  std::string_view version() const { return version_; }
  std::string_view name() const { return name_; }
  Content content() const { return content_; }
  /// Whether a code that is not in it cannot be one of the system's.
  bool complete() const { return content_ == Content::kComplete; }
  /// Whether its texts are fetched page by page. The parents of such a one are known by position alone.
  bool large() const { return resident_ == nullptr; }
  /// Concepts; positions go from 0.
  std::size_t size() const { return skeleton_.first_parent.size() - 1; }
  /// Cost: none, or of a large system a page that is fetched once for a walk in the order of positions.
  ConceptRef At(Position position) const;

  /// Cost: one hash probe. Letters of another case match when the system says that case does not matter.
  ConceptRef Find(std::string_view code) const;

  std::span<const Position> ParentsAt(Position position) const {
    return std::span(skeleton_.parents)
        .subspan(skeleton_.first_parent[position],
                 skeleton_.first_parent[position + 1] - skeleton_.first_parent[position]);
  }
  std::span<const Position> Parents(const Concept& entry) const { return ParentsAt(entry.position); }
  static std::span<const Property> Properties(const Concept& entry) {
    return std::span(entry.page->properties).subspan(entry.first_property, entry.property_count);
  }
  static std::span<const Designation> Designations(const Concept& entry) {
    return std::span(entry.page->designations).subspan(entry.first_designation, entry.designation_count);
  }
  /// Whether the system declares that property, or some concept has it.
  bool HasProperty(std::string_view name) const;

  /// The concept and all above it, or all below it, as one flag per position. Cost: O(concepts and parents).
  std::vector<bool> Ancestors(const Concept& entry) const;
  std::vector<bool> Descendants(const Concept& entry) const;
  /// Whether `entry` is `ancestor` or below it. Cost: O(concepts above it).
  bool IsA(const Concept& entry, const Concept& ancestor) const;

  /// Whether `text` is the concept's display or a designation; case and white space do not count.
  bool IsDisplay(const Concept& entry, std::string_view text) const;

  /// Memory held, roughly.
  std::size_t bytes() const;

 private:
  friend class CodeSystemBuilder;
  CodeSystem() = default;
  std::string_view CodeAt(Position position) const {
    return folded_.empty() ? resident_->concepts[position].code : folded_[position];
  }

  TextArena texts_;
  std::string_view url_, version_, name_;
  Content content_ = Content::kComplete;
  std::unique_ptr<ConceptPage> resident_ = std::make_unique<ConceptPage>();  // none of a large one
  std::shared_ptr<const ConceptPages> pages_;                                // of a large one; shared with who made it
  std::vector<std::string_view> folded_;    // the codes in lower case when case does not matter, else empty
  ConceptSkeleton skeleton_;                // hashes of a large one alone
  std::vector<std::string_view> declared_;  // names of CodeSystem.property
  CodeIndex index_;
};

}  // namespace fhir::terminology
