// What an expression may ask of its host: value sets, code systems and profiles, which this folder knows nothing of.
// Source: https://hl7.org/fhir/R4/fhirpath.html#functions
#pragma once

#include <optional>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::fhirpath {

/// A code with what its Coding says beside it. Empty text stands for "not said".
struct CodeRef {
  std::string_view system;
  std::string_view version;
  std::string_view code;
};

/// Answers of the host. Every method has the answer "cannot tell", which an expression sees as an empty collection.
/// Shape: nodes are those of the tree being evaluated; canonical URLs may carry "|version".
/// Errors: none; an unknown value set, code system or profile is "cannot tell". thread-safe: one object may serve
/// several evaluations at once.
class Services {
 public:
  Services() = default;
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;
  virtual ~Services() = default;

  /// memberOf() of an element of type code, uri, string, Coding, CodeableConcept or Quantity.
  virtual std::optional<bool> MemberOf(const model::Node& coded, std::string_view value_set) const;
  /// memberOf() of a code that is no element, e.g. 'final'.
  virtual std::optional<bool> MemberOf(std::string_view code, std::string_view value_set) const;
  /// Whether `general` is `special` or an ancestor of it. Codes of different systems are "cannot tell".
  virtual std::optional<bool> Subsumes(const CodeRef& general, const CodeRef& special) const;
  /// Whether a resource or element has no error by `profile`.
  virtual std::optional<bool> ConformsTo(const model::Node& element, std::string_view profile) const;
  /// The ElementDefinition that governs an element; null when unknown. It outlives the evaluation.
  virtual const model::Node* ElementDefinition(const model::Node& element) const;
  /// Whether an element falls into the slice `name` of the definition `structure`.
  virtual std::optional<bool> InSlice(const model::Node& element, std::string_view structure,
                                      std::string_view name) const;
};

}  // namespace fhir::fhirpath
