// _query: searches that somebody has stored under a name, as an OperationDefinition of kind query.
// Source: https://hl7.org/fhir/R4/search.html#query, https://hl7.org/fhir/R4/operationdefinition.html
//
// What such a query means is not said by the standard. Here an extension says it, as a search with places for the
// parameters: "birthdate=lt{before}&general-practitioner={gp}". It becomes that search, and so sees and costs what any
// search of the party does. Values take their places after the search was cut into its parameters: none can leave its
// own.
#pragma once

#include <string>

#include "gateway/http/message.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// The search of a named query, as text of a URL: of an OperationDefinition.
inline constexpr std::string_view kNamedQueryExtension =
    "https://passerelle.example/fhir/StructureDefinition/operationdefinition-search";

/// A search in which the named query is written out, and how to tell it in links.
struct WrittenOut {
  http::Pairs parameters;
  http::Pairs asked;    ///< _query and its parameters, as they were given; empty: no named query was asked for
  http::Pairs instead;  ///< what they became
};

/// Looks the query up among what the party may search and read. Without _query the parameters are given back.
/// Cost: two statements for a named query. Errors: kUnsupported for a name that is not known, of which nothing is told
/// but that; kMalformed for parameters that the definition does not take so often, each naming its parameter; kInvalid
/// for a definition that is of no use (422).
fhir::Result<WrittenOut> WriteOutNamedQuery(const Call& call, const http::Pairs& parameters);

/// `self` with what was asked for in the place of what it became.
std::string SelfOfNamedQuery(std::string self, const WrittenOut& written);

}  // namespace gateway::rest
