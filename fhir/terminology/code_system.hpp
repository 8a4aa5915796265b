// A CodeSystem in the form that questions are asked of: concepts in a row, found by hash, with their parents.
// Source: https://hl7.org/fhir/R4/codesystem.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/code_index.hpp"
#include "fhir/terminology/text_arena.hpp"

namespace fhir::terminology {

/// How much of the code system the resource holds (CodeSystem.content).
enum class Content : std::uint8_t { kNotPresent, kExample, kFragment, kComplete, kSupplement };

/// Concepts of one code system that are read; more is refused.
inline constexpr std::size_t kConceptsMax = 2'000'000;

/// Whether two displays are the same but for case, accents and white space.
bool SameDisplay(std::string_view a, std::string_view b);

/// Immutable once made, thread-safe. Owns all its texts.
class CodeSystem {
 public:
  struct Property {
    std::string_view name;
    std::string_view type;  ///< name of the value's element: "valueCode"; "" for a Coding, whose code is the value
    std::string_view value;
  };
  struct Designation {
    std::string_view language;
    std::string_view use_system;  ///< of Designation.use
    std::string_view use;
    std::string_view value;
  };
  struct Concept {
    std::string_view code;
    std::string_view display;
    std::string_view definition;
    std::uint32_t depth = 0;  ///< 0 at the top of the nesting
    std::uint32_t first_parent = 0, parent_count = 0;
    std::uint32_t first_property = 0, property_count = 0;
    std::uint32_t first_designation = 0, designation_count = 0;
    bool inactive = false;  ///< property inactive, or status inactive or retired
    bool abstract = false;  ///< property notSelectable or abstract: groups others, is not for use itself
  };
  using Position = std::uint32_t;  ///< of a concept in concepts()

  /// Supplements add designations and properties to the concepts of the same code, and their displays as designations;
  /// they add no concept, and change neither the hierarchy nor what is active (CodeSystem.content).
  /// Cost: O(concepts), those of the supplements too. Errors: kTooLarge past kConceptsMax, for each of them.
  static Result<CodeSystem> Compile(const model::Node& resource, std::span<const model::Document> supplements = {});
  /// A code system that no resource defines: the codes that value sets list, taken together.
  struct Listed {
    std::string_view code, display;
  };
  static CodeSystem FromList(std::string_view url, std::span<const Listed> codes, Content content);

  std::string_view url() const { return url_; }
  std::string_view version() const { return version_; }
  std::string_view name() const { return name_; }
  Content content() const { return content_; }
  /// Whether a code that is not in it cannot be one of the system's.
  bool complete() const { return content_ == Content::kComplete; }
  std::span<const Concept> concepts() const { return concepts_; }

  /// Cost: one hash probe. Letters of another case match when the system says that case does not matter.
  const Concept* Find(std::string_view code) const;
  Position PositionOf(const Concept& entry) const { return static_cast<Position>(&entry - concepts_.data()); }

  std::span<const Position> Parents(const Concept& entry) const {
    return std::span(parents_).subspan(entry.first_parent, entry.parent_count);
  }
  std::span<const Property> Properties(const Concept& entry) const {
    return std::span(properties_).subspan(entry.first_property, entry.property_count);
  }
  std::span<const Designation> Designations(const Concept& entry) const {
    return std::span(designations_).subspan(entry.first_designation, entry.designation_count);
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
    return folded_.empty() ? concepts_[position].code : folded_[position];
  }

  TextArena texts_;
  std::string_view url_, version_, name_;
  Content content_ = Content::kComplete;
  std::vector<Concept> concepts_;
  std::vector<std::string_view> folded_;  // the codes in lower case when case does not matter, else empty
  std::vector<Position> parents_;
  std::vector<Property> properties_;
  std::vector<Designation> designations_;
  std::vector<std::string_view> declared_;  // names of CodeSystem.property
  CodeIndex index_;
};

}  // namespace fhir::terminology
