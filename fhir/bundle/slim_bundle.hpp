// A large transaction or batch, read without a tree of every resource: the trees of a Bundle take several times the
// memory of its text.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"

namespace fhir::bundle {

struct SlimBundle {
  model::Document tree;  ///< the Bundle, whose resources have their type and id alone
  /// For each entry its resource as it stands in the text; empty where the tree holds the whole.
  std::vector<std::string_view> resources;
};

/// Every resource is read once and let go, so that its text is known to be good; those of patches stay in the tree.
/// Shape:  text is JSON, and outlives the result.
/// Cost:   O(bytes), each about twice; the memory of one resource's tree at a time.
/// Errors: nullopt for whatever is not as it should be, small or large: reading the whole says what it is.
std::optional<SlimBundle> ReadSlimBundle(std::string_view text, const Limits& limits);

}  // namespace fhir::bundle
