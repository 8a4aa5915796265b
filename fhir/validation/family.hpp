// Rules that the definitions cannot say and that belong to single types: a Bundle's kinds, answers against their
// Questionnaire, an Attachment's size. One row a family; the walker calls it once for every element of the type.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/identifiers/national_identifier.hpp"

namespace fhir::packages {
class Registry;
}
namespace fhir::terminology {
class Terminology;
}

namespace fhir::validation {

/// What a family's check may use.
struct FamilyContext {
  const packages::Registry& registry;
  const terminology::Terminology& terminology;
  const Limits& limits;
  /// The resource behind a reference as it stands in `from`: contained, in the bundle, or of the caller; else null.
  const std::function<const model::Node*(const model::Node& from, std::string_view reference)>& resolve;
  NationalIdentifierOptions national_identifiers = {};
};

/// Adds issues with AddAt(ExpressionOf(node), …, node.source_offset). thread-safe.
using FamilyCheck = void (*)(const model::Node& node, const FamilyContext& context, IssueList& issues);

struct FamilyRow {
  std::string_view type;  ///< a resource type, data type or inner structure: "Bundle", "Attachment", "Bundle.entry"
  FamilyCheck check;
};

/// All families. A type may stand in several rows.
std::span<const FamilyRow> Families();

}  // namespace fhir::validation
