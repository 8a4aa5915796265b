// What can be wrong with the rows of a differential, seen against the elements of the base.
#pragma once

#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/validation/snapshot_tree.hpp"

namespace fhir::validation {

/// The canonicals of a profile and of its base, for people.
struct DifferentialNames {
  std::string_view url;
  std::string_view base;
};

/// Adds an error for each child of `change` that stands before one which the base, `target`, has earlier, for a slice
/// in front of the element it slices, and for rows
/// in front of that of their parent. The snapshot is made all the same.
/// Source: https://hl7.org/fhir/R4/profiling.html
void CheckOrder(const SnapshotElement& target, const SnapshotElement& change, const DifferentialNames& names,
                IssueList& issues);

/// Adds the error for an element of the differential that the base does not have.
void ReportUnknown(const SnapshotElement& change, const DifferentialNames& names, IssueList& issues);

}  // namespace fhir::validation
