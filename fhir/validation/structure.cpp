#include "fhir/validation/structure.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "fhir/validation/bindings.hpp"
#include "fhir/validation/expression.hpp"
#include "fhir/validation/primitives.hpp"
#include "fhir/validation/references.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::ElementRow;
using metadata::TypeId;
using metadata::TypeKind;
using model::Node;
using model::ValueKind;

/// Which elements of a type have occurred, by their position in the definition.
class SeenGroups {
 public:
  bool Has(std::size_t group) const { return (words_[group / 64] >> (group % 64) & 1) != 0; }
  void Add(std::size_t group) { words_[group / 64] |= std::uint64_t{1} << (group % 64); }

  /// No type of R4 has this many elements; a test says so.
  static constexpr std::size_t kGroupsMax = 128;

 private:
  std::array<std::uint64_t, kGroupsMax / 64> words_{};
};

std::size_t Count(const Node& parent, const ElementRow& row) {
  std::size_t count = 0;
  for (const Node& child : parent.children()) {
    count += child.row == &row ? 1 : 0;
  }
  return count;
}

class StructureChecker {
 public:
  StructureChecker(const ValidationOptions& options, IssueList& issues)
      : options_(options),
        issues_(issues),
        definitions_(Definitions::R4()),
        reference_(definitions_.FindType("Reference")),
        resource_(definitions_.FindType("Resource")) {}

  void CheckResource(const Node& node, std::size_t depth) {
    if (!definitions_.IsResource(node.type)) {
      Report(node, IssueType::kStructure, "expected a resource with a known resourceType");
      return;
    }
    CheckChildren(node, depth);
  }

 private:
  /// Only the path to the place is built here, so that good resources cost no path at all.
  void Report(const Node& node, IssueType type, std::string text) {
    issues_.AddAt(issues_.Keeps(Severity::kError) ? ExpressionOf(node) : std::string(), Severity::kError, type,
                  std::move(text), node.source_offset);
  }

  void CheckChildren(const Node& parent, std::size_t depth) {
    if (depth > options_.limits.depth_max) {
      Report(parent, IssueType::kTooCostly,
             fmt::format("expected at most {} nested elements", options_.limits.depth_max));
      return;
    }
    SeenGroups seen;
    const Node* previous = nullptr;
    for (const Node& child : parent.children()) {
      if (child.row == nullptr) {
        Report(child, IssueType::kStructure,
               fmt::format("{} has no element of this name", definitions_.TypeName(parent.type)));
        continue;
      }
      const ElementRow& row = *child.row;
      if (seen.Has(row.group)) {
        CheckRepetition(child, previous);
      }
      seen.Add(row.group);
      previous = &child;
      CheckElement(child, depth + 1);
    }
    CheckMinimum(parent, seen);
  }

  /// The element, or another type of the same choice, has occurred before.
  void CheckRepetition(const Node& child, const Node* previous) {
    if (child.row->flags & metadata::kElementChoice) {
      Report(child, IssueType::kStructure,
             fmt::format("expected one value of {}[x] at most", definitions_.Text(child.row->base_name)));
    } else if (!child.row->repeats) {
      Report(child, IssueType::kStructure, "expected this element once at most");
    } else if (previous->row != child.row) {
      Report(child, IssueType::kStructure, "expected the repetitions of this element side by side");
    }
  }

  void CheckMinimum(const Node& parent, const SeenGroups& seen) {
    for (const ElementRow& row : definitions_.Children(parent.type)) {
      if (row.min == 0) {
        continue;
      }
      const bool choice = row.flags & metadata::kElementChoice;
      if (!seen.Has(row.group)) {
        ReportMissing(parent, row, choice);
      } else if (row.min > 1 && Count(parent, row) < row.min) {
        Report(parent, IssueType::kRequired,
               fmt::format("expected {} at least {} times", definitions_.Text(row.name), row.min));
      }
    }
  }

  void ReportMissing(const Node& parent, const ElementRow& row, bool choice) {
    if (choice && &row != definitions_.Children(parent.type).data() && (&row - 1)->group == row.group) {
      return;  // one issue for a choice, not one for each of its types
    }
    Report(parent, IssueType::kRequired,
           fmt::format("expected the element {}{}", definitions_.Text(row.base_name), choice ? "[x]" : ""));
  }

  void CheckElement(const Node& node, std::size_t depth) {
    if (node.row->type == resource_) {
      CheckInnerResource(node, depth);
      return;
    }
    if (!node.HasValue() && !HasContent(node)) {
      Report(node, IssueType::kStructure, "expected a value or children");
      return;
    }
    if (definitions_.Kind(node.type) == TypeKind::kPrimitive) {
      if (node.HasValue()) {
        CheckValue(node);
      }
    } else if (node.HasValue()) {
      Report(node, IssueType::kStructure,
             fmt::format("expected an object of type {}", definitions_.TypeName(node.type)));
      return;
    }
    if (node.first_child != nullptr) {
      CheckChildren(node, depth);
    } else if (definitions_.Kind(node.type) != TypeKind::kPrimitive) {
      CheckMinimum(node, {});
    }
    if (options_.bindings == Checking::kOn && node.row->binding != 0xFFFF) {
      CheckBinding(node, issues_);
    }
    if (options_.references == Checking::kOn && node.type == reference_) {
      CheckReference(node, issues_);
    }
  }

  /// Something besides an id (constraint ele-1).
  static bool HasContent(const Node& node) {
    for (const Node& child : node.children()) {
      if (child.name != "id") {
        return true;
      }
    }
    return false;
  }

  void CheckValue(const Node& node) {
    constexpr std::pair<ValueKind, std::string_view> kByShape[] = {{ValueKind::kString, "expected a JSON string"},
                                                                   {ValueKind::kNumber, "expected a JSON number"},
                                                                   {ValueKind::kBoolean, "expected true or false"}};
    const auto& [kind, expected] = kByShape[static_cast<std::size_t>(definitions_.Shape(node.type))];
    if (node.kind != kind) {
      Report(node, IssueType::kValue, std::string(expected));
      return;
    }
    const std::string_view problem = PrimitiveProblem(node.type, node.value, options_.limits);
    if (!problem.empty()) {
      Report(node, IssueType::kValue, std::string(problem));
    }
  }

  /// A contained resource has an id and contains none itself (constraint dom-2); resources elsewhere are free.
  void CheckInnerResource(const Node& node, std::size_t depth) {
    CheckResource(node, depth);
    if (node.name != "contained") {
      return;
    }
    if (node.Child("id") == nullptr) {
      Report(node, IssueType::kRequired, "expected an id in a contained resource");
    }
    if (const Node* inner = node.Child("contained"); inner != nullptr) {
      Report(*inner, IssueType::kStructure, "expected no contained resources in a contained resource");
    }
  }

  const ValidationOptions& options_;
  IssueList& issues_;
  const Definitions& definitions_;
  const TypeId reference_;
  const TypeId resource_;
};

}  // namespace

void ValidateStructure(const Node& resource, const ValidationOptions& options, IssueList& issues) {
  StructureChecker(options, issues).CheckResource(resource, 1);
}

}  // namespace fhir::validation
