#include "fhir/validation/references.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "fhir/validation/expression.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::TypeId;

/// The part that names the type in "Type/id" and "Type/id/_history/version"; empty for every other form.
std::string_view TypeOfRelative(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  if (slash == std::string_view::npos || reference.find(':') != std::string_view::npos || reference.find('?') < slash ||
      reference.front() == '#') {
    return {};
  }
  return reference.substr(0, slash);
}

std::string TargetNames(const metadata::ElementRow& row) {
  std::string names;
  for (const TypeId target : Definitions::R4().Targets(row)) {
    fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ", Definitions::R4().TypeName(target));
  }
  return names;
}

}  // namespace

void CheckReference(const model::Node& node, IssueList& issues) {
  const model::Node* reference = node.Child("reference");
  const std::string_view type_name = reference == nullptr ? std::string_view{} : TypeOfRelative(reference->value);
  if (type_name.empty()) {
    return;
  }
  const Definitions& definitions = Definitions::R4();
  const TypeId type = definitions.FindType(type_name);
  if (!definitions.IsResource(type)) {
    issues.AddAt(issues.Keeps(Severity::kError) ? ExpressionOf(*reference) : std::string(), Severity::kError,
                 IssueType::kValue, "expected the name of a resource type before '/'", reference->source_offset);
    return;
  }
  if (node.row == nullptr || node.row->target_count == 0) {
    return;
  }
  const auto targets = definitions.Targets(*node.row);
  if (std::none_of(targets.begin(), targets.end(), [&](TypeId target) { return definitions.IsA(type, target); })) {
    issues.AddAt(issues.Keeps(Severity::kError) ? ExpressionOf(*reference) : std::string(), Severity::kError,
                 IssueType::kValue, fmt::format("expected a reference to {}", TargetNames(*node.row)),
                 reference->source_offset);
  }
}

}  // namespace fhir::validation
