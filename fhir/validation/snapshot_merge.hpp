// One row of a differential laid over one row of its base: which parts replace, which add to what is there.
// Source: https://hl7.org/fhir/R4/elementdefinition.html#interpretation
#pragma once

#include <cstddef>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Makes rows in an arena of its own, which must outlive what it returns. thread-compatible.
class RowMaker {
 public:
  RowMaker();

  /// A copy, to be changed.
  model::Node& Copy(const model::Node& row);
  void Set(model::Node& row, std::string_view name, std::string_view value);
  void Remove(model::Node& row, std::string_view name);
  void RemoveChild(model::Node& child);
  void CopyPart(model::Node& row, const model::Node& part);
  /// Keeps of the types of `row` those with this code.
  void KeepType(model::Node& row, std::string_view code);
  /// Adds `slicing` with one discriminator, where there is none.
  struct Slicing {
    std::string_view discriminator;  ///< "type", "value"
    std::string_view path;           ///< "$this", "url"
    std::string_view rules;          ///< "open", "closed"
  };
  void AddSlicing(model::Node& row, const Slicing& slicing);

  /// `base` with what `differential` says. Constraints, aliases, mappings, conditions and examples accumulate; a
  /// binding and a slicing take what they do not say from the base; text that begins with "..." is added to the base's;
  /// all the rest is replaced. `id`, `path` and `base` stay.
  model::Node& Merge(const model::Node& base, const model::Node& differential);
  /// `definition`, the root of an extension's or data type profile's snapshot, at the place of `element`, whose own
  /// constraints and texts fill what it leaves open. The cardinality is the definition's for an extension alone.
  model::Node& Root(const model::Node& definition, const model::Node& element, bool own_cardinality);

 private:
  void MergeBinding(model::Node& to, const model::Node& from);
  void MergeSlicing(model::Node& to, const model::Node& from);
  void MergePart(model::Node& row, const model::Node& part);

  model::Document document_;
  model::Node* holder_;
};

/// True when both have the same content: names, values and children, in order.
bool SameContent(const model::Node& left, const model::Node& right);

/// Adds an issue for each way in which `row` allows more than `base`: a lower min, a higher max, another type.
struct RowPlace {
  std::size_t position;  ///< in differential.element
  bool new_slice;        ///< a slice may be absent though the element may not
};
void CheckNarrower(const model::Node& base, const model::Node& differential, const RowPlace& place, IssueList& issues);

}  // namespace fhir::validation
