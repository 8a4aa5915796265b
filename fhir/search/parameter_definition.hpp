// What a SearchParameter resource asks an index to do, and whether it can be done.
// Source: https://hl7.org/fhir/R4/searchparameter.html
#pragma once

#include <optional>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/custom_parameters.hpp"

namespace fhir::search {

/// "token", "date" … and back; nothing for other texts.
/// Source: https://hl7.org/fhir/R4/valueset-search-param-type.html
std::string_view SearchTypeCode(metadata::SearchType type);
std::optional<metadata::SearchType> FindSearchType(std::string_view code);

/// The definition of a SearchParameter that is to be indexed. Nothing, without an error, for one that is not active,
/// and for one that the standard's own parameter answers: it has that one's url, or is derived from it under its name.
/// Errors, each with its place, go to `issues`: a name that the standard has for something else or that is no name, a
/// type that is not indexed, bases, components, targets, modifiers and comparators that do not fit, no or a broken
/// expression.
std::optional<ParameterDefinition> ReadParameterDefinition(const model::Node& resource,
                                                           const metadata::Definitions& definitions, IssueList& issues);

}  // namespace fhir::search
