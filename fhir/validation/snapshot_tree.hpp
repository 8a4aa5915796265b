// The elements of a profile as a tree, for making snapshots: a flat list of paths becomes elements with their children,
// slices standing behind the element they slice.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"

namespace fhir::validation {

/// One element. Copying it copies the subtree; the rows are borrowed.
struct SnapshotElement {
  std::string name;                  ///< last part of the path: "value[x]"; of the root "Observation"
  std::string slice;                 ///< slice name; empty for the element itself
  const model::Node* row = nullptr;  ///< its ElementDefinition; null when only something below it is mentioned
  std::size_t position = 0;          ///< of the row in its list
  std::list<SnapshotElement> children;

  /// The child of that name and slice, or nullptr.
  SnapshotElement* Find(std::string_view child_name, std::string_view child_slice);
  /// This element and all below it.
  std::size_t Count() const;
};

inline constexpr std::size_t kSnapshotElementsMax = 20'000;
inline constexpr std::size_t kSnapshotLevelsMax = 64;

/// Reads the `element` list of a snapshot or differential. Slices are told by the ids where these fit the paths, and
/// else by the order: what follows a slice and lies below its path belongs to it.
/// Cost:   O(elements × siblings).
/// Errors: kInvalid for a list without elements or an element without a path or outside the first one's; kTooCostly
/// past
///         the limits above.
Result<SnapshotElement> ReadElementTree(const model::Node& list);

/// Writes the elements to `list` of `document`, with their ids, paths, slice names and, where a row has none, its base.
/// Errors: kTooCostly past kSnapshotElementsMax.
Result<void> WriteElementTree(const SnapshotElement& root, model::Document& document, model::Node& list);

}  // namespace fhir::validation
