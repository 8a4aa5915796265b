// A part of a resource for _summary and _elements, marked SUBSETTED.
// Source: https://hl7.org/fhir/R4/search.html#summary
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/search/query.hpp"
#include "gateway/http/message.hpp"

namespace gateway::rest {

struct SubsetOptions {
  fhir::search::Summary summary = fhir::search::Summary::kFalse;
  std::vector<std::string> elements;  ///< names of the root's elements; "Type.name" counts for that type alone

  bool empty() const { return summary == fhir::search::Summary::kFalse && elements.empty(); }
};

/// _summary and _elements of a read. Errors: kMalformed for a _summary that is none, and for count, which counts
/// matches.
fhir::Result<SubsetOptions> SubsetOfRead(const http::Request& request);

/// Shape:  id, meta, mandatory elements and modifiers of the root stay, whatever is asked for.
/// Cost:   reads and writes the resource.
/// Errors: those of the JSON reader.
fhir::Result<std::string> Subset(std::string_view body, const SubsetOptions& options,
                                 const fhir::metadata::Definitions& definitions, const fhir::Limits& limits);

}  // namespace gateway::rest
