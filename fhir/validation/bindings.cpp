#include "fhir/validation/bindings.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "fhir/validation/expression.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::ElementRow;

constexpr std::size_t kListedCodesMax = 12;

bool HasCode(const ElementRow& row, std::string_view code) {
  const auto codes = Definitions::R4().RequiredCodes(row);
  return std::binary_search(codes.begin(), codes.end(), code);
}

bool HasCoding(const ElementRow& row, const model::Node& coding) {
  const std::string_view code = coding.ChildValue("code");
  const std::string_view system = coding.ChildValue("system");
  const auto codes = Definitions::R4().RequiredCodes(row);
  const auto systems = Definitions::R4().RequiredSystems(row);
  const auto [first, last] = std::equal_range(codes.begin(), codes.end(), code);
  return std::any_of(first, last, [&](const std::string_view& found) {
    return systems[static_cast<std::size_t>(&found - codes.data())] == system;
  });
}

std::string Expected(const ElementRow& row) {
  const Definitions& definitions = Definitions::R4();
  const auto codes = definitions.RequiredCodes(row);
  if (codes.size() <= kListedCodesMax) {
    return fmt::format("expected one of {} ({})", fmt::join(codes, ", "), definitions.RequiredValueSet(row));
  }
  return fmt::format("expected a code of {}", definitions.RequiredValueSet(row));
}

bool IsInList(const model::Node& node, std::string_view type) {
  const ElementRow& row = *node.row;
  if (type == "Coding") {
    return HasCoding(row, node);
  }
  for (const model::Node& child : node.children()) {
    if (child.name == "coding" && HasCoding(row, child)) {
      return true;
    }
  }
  // A concept that has nothing but an extension (data-absent-reason) makes no statement to check.
  const auto children = node.children();
  return std::all_of(children.begin(), children.end(),
                     [](const model::Node& child) { return child.name == "extension" || child.name == "id"; });
}

}  // namespace

bool InRequiredCodes(const model::Node& node) {
  const std::string_view type = Definitions::R4().TypeName(node.row->type);
  return type == "code" ? !node.HasValue() || HasCode(*node.row, node.value) : IsInList(node, type);
}

void CheckBinding(const model::Node& node, IssueList& issues) {
  if (node.row == nullptr || Definitions::R4().RequiredCodes(*node.row).empty()) {
    return;
  }
  if (!InRequiredCodes(node)) {
    issues.AddAt(issues.Keeps(Severity::kError) ? ExpressionOf(node) : std::string(), Severity::kError,
                 IssueType::kCodeInvalid, Expected(*node.row), node.source_offset);
  }
}

}  // namespace fhir::validation
