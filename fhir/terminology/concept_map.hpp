// A ConceptMap in the form that codes are translated with: every mapping a row, found by hash from either side.
// Source: https://hl7.org/fhir/R4/conceptmap.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"
#include "fhir/terminology/code_index.hpp"
#include "fhir/terminology/text_arena.hpp"

namespace fhir::terminology {

/// Immutable once made, thread-safe. Owns all its texts.
class ConceptMap {
 public:
  /// Another element that the mapping also gives (ConceptMap.group.element.target.product).
  struct Product {
    std::string_view property, system, value, display;
  };
  struct Mapping {
    std::uint32_t group = 0;
    std::string_view source_code;
    std::string_view target_code;  ///< empty when nothing corresponds
    std::string_view target_display;
    std::string_view source_display;
    std::string_view equivalence;
    std::uint32_t first_product = 0, product_count = 0;
  };
  enum class Unmapped : std::uint8_t { kNone, kProvided, kFixed, kOtherMap };
  struct Group {
    std::string_view source, source_version, target, target_version;
    Unmapped unmapped = Unmapped::kNone;
    std::string_view unmapped_code, unmapped_display;
    std::string_view other_map;  ///< canonical, of kOtherMap
  };

  /// Cost: O(mappings).
  explicit ConceptMap(const model::Node& resource);

  std::string_view url() const { return url_; }
  std::string_view source() const { return source_; }  ///< canonical of the value set mapped from
  std::string_view target() const { return target_; }
  const std::vector<Group>& groups() const { return groups_; }
  std::vector<Product> Products(const Mapping& mapping) const;

  /// Every mapping from a code of a group's source, in order. Cost: one hash probe and O(mappings found).
  void ForSource(std::string_view code, const std::function<void(const Mapping&)>& visit) const;
  /// Every mapping to a code of a group's target.
  void ForTarget(std::string_view code, const std::function<void(const Mapping&)>& visit) const;

  /// Memory held, roughly.
  std::size_t bytes() const;

 private:
  /// Mappings chained by equal code.
  struct Side {
    CodeIndex index;
    std::vector<std::uint32_t> next;
  };
  std::string_view Keep(const model::Node& node, std::string_view child) { return texts_.Keep(node.ChildValue(child)); }
  void AddGroup(const model::Node& node);
  void AddElement(const model::Node& node, std::uint32_t group);
  void Index(Side& side, std::string_view Mapping::* code);
  void Visit(const Side& side, std::string_view Mapping::* code, std::string_view wanted,
             const std::function<void(const Mapping&)>& visit) const;

  TextArena texts_;
  std::string_view url_, source_, target_;
  std::vector<Group> groups_;
  std::vector<Mapping> mappings_;
  std::vector<Product> products_;
  Side by_source_, by_target_;
};

/// The equivalence seen from the other side: what is wider one way is narrower the other.
/// Source: https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html
std::string_view ReverseEquivalence(std::string_view equivalence);

}  // namespace fhir::terminology
