#include "fhir/validation/differential_faults.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>

#include <fmt/format.h>

#include "fhir/validation/snapshot_types.hpp"

namespace fhir::validation {
namespace {

/// The element itself when the differential has a row for it, else the first one below that has.
const SnapshotElement& FirstRow(const SnapshotElement& change) {
  const SnapshotElement* at = &change;
  while (at->row == nullptr && !at->children.empty()) {
    at = &at->children.front();
  }
  return *at;
}

std::string PlaceOf(const SnapshotElement& element) {
  return fmt::format("StructureDefinition.differential.element[{}]", element.position);
}

void ReportOrder(const SnapshotElement& change, std::string_view behind, const DifferentialNames& names,
                 IssueList& issues) {
  const SnapshotElement& first = FirstRow(change);
  issues.AddAt(PlaceOf(first), Severity::kError, IssueType::kStructure,
               fmt::format("{} of {} is expected behind {}, as in {}", first.row->ChildValue("path"), names.url, behind,
                           names.base),
               first.row->source_offset);
}

/// The position of the element of that name, or of the choice that it is a type of; the size when there is none.
std::ptrdiff_t PositionOf(std::string_view name, const SnapshotElement& target) {
  const auto is_it = [name](const SnapshotElement& child) {
    return child.slice.empty() && (child.name == name || !ChosenType(child, name).value_or("").empty());
  };
  return std::distance(target.children.begin(), std::find_if(target.children.begin(), target.children.end(), is_it));
}

}  // namespace

void CheckOrder(const SnapshotElement& target, const SnapshotElement& change, const DifferentialNames& names,
                IssueList& issues) {
  if (change.row != nullptr && !change.children.empty() &&
      FirstRow(change.children.front()).position < change.position) {
    ReportOrder(change.children.front(), change.name, names, issues);
  }
  // From the back: a row is too early when one behind it belongs in front of it. The published tools, which go through
  // the base once, lose such a row.
  std::ptrdiff_t nearest = std::ssize(target.children);
  std::string_view nearest_name;
  std::set<std::string_view> whole;  // elements that a row behind speaks of as a whole, slices apart
  for (auto child = change.children.rbegin(); child != change.children.rend(); ++child) {
    const std::ptrdiff_t position = PositionOf(child->name, target);
    if (position == std::ssize(target.children)) {
      continue;  // none of the base's: that is said where it is applied
    }
    if (position > nearest) {
      ReportOrder(*child, nearest_name, names, issues);
    } else if (!child->slice.empty() && whole.contains(child->name)) {
      ReportOrder(*child, "what it is a slice of", names, issues);
    }
    if (position < nearest) {
      nearest = position;
      nearest_name = child->name;
    }
    if (child->slice.empty()) {
      whole.insert(child->name);
    }
  }
}

void ReportUnknown(const SnapshotElement& change, const DifferentialNames& names, IssueList& issues) {
  const SnapshotElement& first = FirstRow(change);
  issues.AddAt(PlaceOf(first), Severity::kError, IssueType::kValue,
               fmt::format("{} of {}: an element of its base {} is expected, which has no {} there",
                           first.row->ChildValue("path"), names.url, names.base, change.name),
               first.row->source_offset);
}

}  // namespace fhir::validation
