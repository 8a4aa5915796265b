// One ElementDefinition of a snapshot → one row.
// Source: https://hl7.org/fhir/R4/elementdefinition.html
#pragma once

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/profile.hpp"
#include "fhir/validation/profile_compiler.hpp"

namespace fhir::validation {

/// Reads elements into rows. Values are copied into `values`, which the profile keeps. thread-compatible.
class ElementDefinitionReader {
 public:
  ElementDefinitionReader(model::Document& values, const CompileContext& context);
  /// Fills everything but the rule's place in the tree.
  /// Errors: kInvalid for a cardinality or length that is no number, and a max below the min.
  Result<void> Read(const model::Node& element, ElementRule& rule);

 private:
  const model::Node* Keep(const model::Node& value);
  void ReadConstraint(const model::Node& node, ElementRule& rule) const;
  static Result<void> ReadCardinality(const model::Node& element, ElementRule& rule);
  static Result<void> ReadExtension(const model::Node& extension, ElementRule& rule);

  model::Document& values_;
  const CompileContext& context_;
  model::Node* holder_;
};

/// The steps of a discriminator's path: "code.coding", "resolve().name", "extension('url').value", "value.ofType(X)",
/// "$this". Steps that are none of these are kept as children, which nothing has.
std::vector<PathStep> ParsePath(std::string_view path);

}  // namespace fhir::validation
