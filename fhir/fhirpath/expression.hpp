// A FHIRPath expression: compiled once, evaluated anywhere.
// Source: http://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace fhir::fhirpath {

struct Ast;
class Services;

/// Limits on the text of an expression, which may come from outside (patches, command line, packages).
inline constexpr std::size_t kExpressionBytesMax = 64 * 1024;
inline constexpr std::size_t kExpressionDepthMax = 200;

/// A compiled expression. Cheap to copy (shares the tree: every copy is an owner). thread-safe.
class Expression {
 public:
  explicit Expression(std::shared_ptr<const Ast> ast) : ast_(std::move(ast)) {}
  const Ast& ast() const { return *ast_; }
  std::string_view text() const;

 private:
  std::shared_ptr<const Ast> ast_;
};

/// Compiles an expression. Type names are resolved against `definitions`, which must outlive the expression.
/// Cost: one pass, O(bytes).
/// Errors: kInvalid with the byte offset (syntax, unknown function, unknown type, wrong number of arguments),
/// kTooLarge past kExpressionBytesMax or kExpressionDepthMax.
Result<Expression> Compile(std::string_view text,
                           const metadata::Definitions& definitions = metadata::Definitions::R4());

/// Compiles an expression for elements of `context_type` ("Patient", "Patient.contact"), and refuses what cannot have
/// an answer on them: names that no possible type has, choices by their JSON name (valueQuantity), types that are out
/// of the question, operands and inputs of the wrong type, functions of order on collections that have none. Cost: as
/// Compile, and once more a pass over the tree. Errors: as Compile; kInvalid with the byte offset for what is refused.
Result<Expression> CompileChecked(std::string_view text, metadata::TypeId context_type,
                                  const metadata::Definitions& definitions = metadata::Definitions::R4());

/// What an evaluation may use of its surroundings, and how much work it may do.
struct EvaluationContext {
  /// %resource; the focus when null.
  const model::Node* resource = nullptr;
  /// %name → element, besides %resource, %context, %rootResource, %ucum, %sct, %loinc, %vs-…, %ext-….
  std::map<std::string, const model::Node*, std::less<>> variables;
  /// Finds the resource behind a reference; null when unknown. The node must outlive the result. Without one, resolve()
  /// looks at contained resources, and else answers a stub that only knows the type named in the reference.
  std::function<const model::Node*(std::string_view reference)> resolve;
  /// Value sets, code systems and profiles, for memberOf() and its kin; without them their answer is empty.
  const Services* services = nullptr;
  /// Told by trace(): the label and how many items pass. Never values.
  std::function<void(std::string_view label, std::size_t items)> trace;
  /// now() as text, one instant per evaluation, e.g. "2025-01-31T10:00:00.000+01:00"; now(), today() and timeOfDay()
  /// fail when empty.
  std::string now;
  std::size_t steps_max = 1'000'000;  ///< elements visited, operators evaluated, and 16 bytes of computed text each
  std::size_t depth_max = 400;        ///< nested evaluations
  std::size_t items_max = 200'000;    ///< items of one collection
};

/// Evaluates `expression` with `focus` as $this.
/// Shape:  items point into the tree of `focus`, which must outlive the result; computed texts belong to the result.
/// Errors: kInvalid when the language says that evaluation ends (several items where one is expected, wrong types),
/// kTooCostly when a budget of `context` is used up.
Result<Collection> Evaluate(const Expression& expression, const EvaluationContext& context, const model::Node& focus);

/// The boolean an invariant or criterion comes to: empty → false, one boolean → it, one other item → true.
Result<bool> EvaluateBoolean(const Expression& expression, const EvaluationContext& context, const model::Node& focus);

/// The value of an item as text ("true", "12", "2024-05"), and empty for an element without a value.
std::string ItemText(const Item& item);
/// Name of the item's type: "HumanName", "boolean", "System.Decimal" … as `passerelle fhirpath` prints it.
std::string_view ItemTypeName(const Item& item, const metadata::Definitions& definitions);

}  // namespace fhir::fhirpath
