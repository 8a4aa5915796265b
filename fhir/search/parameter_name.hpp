// Which names of query parameters are made of the standard's own words, so that a log may show them.
#pragma once

#include <string_view>

namespace fhir::search {

/// True when every part of `name` between '.' and ':' is a code of a search parameter, a resource type, a modifier, or
/// a parameter of results and interactions: "subject:Patient.name", "_has:Observation:patient:code", "birthdate".
/// Anything else may be a client's own text.
/// Cost: a binary search for each part; parts are few, as the name is at most 200 bytes (longer: false).
/// Source: https://hl7.org/fhir/R4/searchparameter-registry.html, https://hl7.org/fhir/R4/search.html#summary
bool IsStandardName(std::string_view name);

}  // namespace fhir::search
