// What the tags of a narrative lead to, within its own document.
// Source: https://hl7.org/fhir/R4/narrative.html#xhtml
#pragma once

#include <string_view>
#include <unordered_set>

#include "fhir/base/xhtml.hpp"
#include "fhir/model/document.hpp"

namespace fhir::validation {

/// The places of one document that a link "#place" may lead to: the ids of resources and elements, and what the
/// narratives call so by id or name. thread-compatible: filled on first use.
class NarrativePlaces {
 public:
  /// Whether the document around `node` has the place. Cost: one pass over the document, once; then a hash probe.
  bool Has(const model::Node& node, std::string_view place);

 private:
  void Collect(const model::Node& within);

  const model::Node* root_ = nullptr;
  std::unordered_set<std::string_view> places_;
};

/// The first fault in what the tags of a narrative say: links that lead nowhere or could not be followed, blocks within
/// a paragraph. Nothing is wrong when `expected` is empty.
/// Shape:  div is the element Narrative.div, whose syntax is right.  Cost: one pass over its text.
/// Source: https://hl7.org/fhir/R4/narrative.html#xhtml
XhtmlFault FirstNarrativeFault(const model::Node& div, NarrativePlaces& places);

/// Whether an attribute of a narrative in `node`, its sections included, is `link`, such as the source of an image.
bool NarrativesName(const model::Node& node, std::string_view link);

}  // namespace fhir::validation
