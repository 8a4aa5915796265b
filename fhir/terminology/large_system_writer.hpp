// Makes the pages and the skeleton of a large code system out of concepts that come one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/terminology/code_index.hpp"
#include "fhir/terminology/code_system.hpp"
#include "fhir/terminology/concept_page.hpp"
#include "fhir/terminology/text_arena.hpp"

namespace fhir::terminology {

/// A concept as a file has it. All views are the caller's.
struct GivenConcept {
  std::string_view code;
  std::string_view display;
  std::string_view definition;
  std::span<const std::string_view> parents;   ///< codes, which may come later in the file
  std::span<const std::string_view> children;  ///< likewise: the same relation told from the other side
  std::span<const ConceptProperty> properties;
  std::span<const ConceptDesignation> designations;
  std::int64_t line = 0;  ///< for messages
};

/// Takes a page that is full, or the last one.
using PageSink = std::function<Result<void>(std::uint32_t number, const ConceptPage& page)>;

/// Holds the codes, and numbers for the hierarchy, of all concepts; the other texts of one page. About 70 bytes a
/// concept and its code. thread-compatible; after an error only destruction is allowed.
class LargeSystemWriter {
 public:
  LargeSystemWriter(std::size_t concepts_max, PageSink sink) : concepts_max_(concepts_max), sink_(std::move(sink)) {
    codes_.Reset(0);
  }

  /// Errors: kInvalid, with the line, for a code that is missing or comes twice; kTooLarge; those of the sink.
  Result<void> Add(const GivenConcept& given);

  /// The last page goes to the sink. Errors: kInvalid, with the line, for a parent or child that is not in the file and
  /// for a concept that is above itself; kInvalid for no concept at all; those of the sink.
  Result<ConceptSkeleton> Finish();

  std::size_t concepts() const { return position_of_.size() - undefined_; }
  /// All properties that concepts have, in the order of their coming: name, and type of the first value.
  const std::vector<std::pair<std::string, std::string>>& properties() const { return properties_; }

 private:
  struct Link {
    std::uint32_t child, parent;  // numbers of codes
    std::uint32_t line;
  };
  /// The number of a code, which it keeps whether it has come as a concept or not.
  std::uint32_t NumberOf(std::string_view code);
  void AddRow(const GivenConcept& given);
  Result<void> FlushPage();
  Result<void> CheckCircles(const ConceptSkeleton& skeleton) const;

  const std::size_t concepts_max_;
  const PageSink sink_;
  TextArena texts_;
  std::vector<std::string_view> code_texts_;  // by number
  std::vector<std::uint32_t> position_of_;    // by number; kNone: not a concept so far
  std::size_t undefined_ = 0;                 // numbers without a position
  CodeIndex codes_;
  std::size_t codes_capacity_ = 0;
  std::vector<Link> links_;
  std::vector<std::uint32_t> hashes_;  // by position
  std::vector<std::uint32_t> lines_;   // by position
  std::vector<std::pair<std::string, std::string>> properties_;
  std::unique_ptr<ConceptPage> page_ = std::make_unique<ConceptPage>();
};

}  // namespace fhir::terminology
