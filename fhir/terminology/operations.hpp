// The terminology operations of the REST API as functions from plain arguments to the resource that is sent back.
// Source: https://hl7.org/fhir/R4/terminology-service.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/terminology.hpp"

namespace fhir::terminology {

/// A Coding element as views; the node must outlive them.
Coding CodingOf(const model::Node& coding);
/// The codings of a CodeableConcept.
std::vector<Coding> CodingsOf(const model::Node& concept_node);

struct ExpandOptions {
  std::string_view timestamp;  ///< an instant: the moment of the expansion, which the caller knows
  std::string_view filter;     ///< words that must all begin a word of the display, or the code
  std::size_t offset = 0;
  std::optional<std::size_t> count;  ///< codes of one page
  bool active_only = false;
  bool exclude_nested = false;  ///< one flat list, as always with a filter or a page
  bool include_designations = false;
  bool include_definition = false;
  std::string_view display_language;  ///< displays in that language where there is a designation
  std::size_t codes_max = 100'000;    ///< members looked at
};

/// $expand: the ValueSet with its expansion.
/// Cost:   O(members).
/// Errors: kNotFound for an unknown value set; kTooCostly past codes_max or when only a rule says what is in;
///         kUnsupported when a code system, value set or filter is missing, which the text names.
/// Source: https://hl7.org/fhir/R4/valueset-operation-expand.html
Result<model::Document> Expand(const Terminology& terminology, std::string_view value_set,
                               const ExpandOptions& options);
Result<model::Document> Expand(const Terminology& terminology, const model::Node& value_set,
                               const ExpandOptions& options);

struct ValidateOptions {
  SystemRule rule = SystemRule::kAsGiven;
  bool abstract_allowed = true;
};

/// $validate-code of a value set: Parameters with result, message, display. One coding that is in is enough.
/// Errors: kNotFound for an unknown value set. What cannot be decided is a result of false that says so.
/// Source: https://hl7.org/fhir/R4/valueset-operation-validate-code.html
Result<model::Document> ValidateCodeParameters(const Terminology& terminology, std::string_view value_set,
                                               const std::vector<Coding>& codings, const ValidateOptions& options = {});
/// $validate-code of a code system, which the codings name.
/// Source: https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
Result<model::Document> ValidateInSystemParameters(const Terminology& terminology, const std::vector<Coding>& codings,
                                                   const ValidateOptions& options = {});

struct LookupOptions {
  std::string_view display_language;
  std::vector<std::string_view> properties;  ///< empty: all
};

/// $lookup: Parameters with name, version, display, designations and properties (definition, inactive, abstract,
/// parent, child and the concept's own). Errors: kNotFound for an unknown code system or code. Source:
/// https://hl7.org/fhir/R4/codesystem-operation-lookup.html
Result<model::Document> Lookup(const Terminology& terminology, const Coding& coding, const LookupOptions& options = {});

enum class Subsumption : std::uint8_t { kEquivalent, kSubsumes, kSubsumedBy, kNotSubsumed };
/// The code of the outcome: "subsumed-by".
std::string_view Code(Subsumption subsumption);

/// How `a` stands to `b`. Both must be of one system; one that names none is of the other's.
/// Errors: kNotFound for an unknown code system or code; kInvalid for two systems.
/// Source: https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
Result<Subsumption> Subsumes(const Terminology& terminology, const Coding& a, const Coding& b);
/// The same as Parameters with outcome.
Result<model::Document> SubsumesParameters(const Terminology& terminology, const Coding& a, const Coding& b);

struct TranslateOptions {
  std::string_view concept_map;    ///< canonical; empty: every map of the registry
  std::string_view source;         ///< only maps from that value set
  std::string_view target;         ///< only maps to that value set
  std::string_view target_system;  ///< only codes of that system
  bool reverse = false;            ///< from target to source
  std::size_t matches_max = 1000;
};

/// $translate: Parameters with result, message and the matches.
/// Errors: kNotFound for an unknown concept map; kTooCostly past matches_max.
/// Source: https://hl7.org/fhir/R4/conceptmap-operation-translate.html
Result<model::Document> Translate(const Terminology& terminology, const std::vector<Coding>& codings,
                                  const TranslateOptions& options);

}  // namespace fhir::terminology
