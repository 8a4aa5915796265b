// Concepts with their texts, a stretch of a code system at a time: all of a small one, some hundred of a large one,
// whose stretches stand in a store and are fetched when they are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/terminology/text_arena.hpp"

namespace fhir::terminology {

struct ConceptProperty {
  std::string_view name;
  std::string_view type;  ///< name of the value's element: "valueCode"; "" for a Coding, whose code is the value
  std::string_view value;
};

struct ConceptDesignation {
  std::string_view language;
  std::string_view use_system;  ///< of Designation.use
  std::string_view use;
  std::string_view value;
};

struct ConceptPage;

/// One concept. Its views, and `page`, live as long as the page.
struct Concept {
  std::string_view code;
  std::string_view display;
  std::string_view definition;
  std::uint32_t position = 0;  ///< in the code system
  std::uint32_t depth = 0;     ///< 0 at the top of the nesting
  std::uint32_t first_property = 0, property_count = 0;
  std::uint32_t first_designation = 0, designation_count = 0;
  bool inactive = false;  ///< property inactive, or status inactive or retired
  bool abstract = false;  ///< property notSelectable or abstract: groups others, is not for use itself
  const ConceptPage* page = nullptr;
};

/// Immutable once made. Does not move: its concepts point to it.
struct ConceptPage {
  ConceptPage() = default;
  ConceptPage(const ConceptPage&) = delete;
  ConceptPage& operator=(const ConceptPage&) = delete;

  TextArena texts;
  std::vector<Concept> concepts;
  std::vector<ConceptProperty> properties;
  std::vector<ConceptDesignation> designations;

  /// Memory held, roughly.
  std::size_t bytes() const {
    return sizeof(*this) + texts.bytes() + concepts.size() * sizeof(Concept) +
           properties.size() * sizeof(ConceptProperty) + designations.size() * sizeof(ConceptDesignation);
  }
};

/// A concept, or none, with what keeps it in memory. Used as a pointer; views of it are good as long as a reference to
/// it, or what it was found in, lives.
class ConceptRef {
 public:
  ConceptRef() = default;
  ConceptRef(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as a pointer
  /// Kept by the code system itself.
  explicit ConceptRef(const Concept* entry) : entry_(entry) {}
  ConceptRef(const Concept* entry, std::shared_ptr<const ConceptPage> page) : entry_(entry), page_(std::move(page)) {}

  const Concept& operator*() const { return *entry_; }
  const Concept* operator->() const { return entry_; }
  explicit operator bool() const { return entry_ != nullptr; }
  bool operator==(std::nullptr_t) const { return entry_ == nullptr; }

 private:
  const Concept* entry_ = nullptr;
  std::shared_ptr<const ConceptPage> page_;  // with the cache of pages, which may drop it at any time
};

/// Concepts of one page of a large code system; the last page has fewer. Stands in databases: it does not change.
inline constexpr std::uint32_t kPageConcepts = 512;

/// Where the pages of one large code system are. thread-safe.
class ConceptPages {
 public:
  virtual ~ConceptPages() = default;
  /// Never null, and with as many concepts as that page has: one that cannot be read is given with empty ones, and
  /// whoever asks is told by the implementation that what was found is not to be relied on.
  virtual std::shared_ptr<const ConceptPage> Page(std::uint32_t number, std::uint32_t concepts) const = 0;
};

/// A page as bytes, and back. `first` is the position of the first concept. Errors: kInternal for bytes that are no
/// page.
std::string WritePage(const ConceptPage& page);
Result<std::shared_ptr<const ConceptPage>> ReadPage(std::string_view bytes, std::uint32_t first);

/// `concepts` concepts without a text, from position `first`.
std::shared_ptr<const ConceptPage> BlankPage(std::uint32_t first, std::uint32_t concepts);

}  // namespace fhir::terminology
