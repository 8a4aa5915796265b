// Request body → resource.
#pragma once

#include <optional>
#include <vector>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/model/document.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// Reads the body, JSON or XML by its Content-Type, as a resource of any type. What the reader finds wrong with the
/// data is in the issues of the call. Errors: kUnsupportedMedia, kMalformed, kTooLarge.
fhir::Result<fhir::model::Document> ParseBody(Call& call);

/// The same, and kMalformed when the reader found errors.
fhir::Result<fhir::model::Document> ReadResource(Call& call);

/// Reads the body as a resource of the path's type. A Binary may come as its own bytes with their content type.
/// Errors: as ReadResource; kMalformed when the type is another.
fhir::Result<fhir::model::Document> ReadTypedResource(Call& call);

/// The condition of a header or query; nullopt for an empty text.
/// Errors: kMalformed for unknown or wrong parameters: a condition that is not understood must not be widened.
fhir::Result<std::optional<fhir::search::Query>> ReadCondition(const Call& call, std::string_view text);

/// The query part of the target as sent, without _format and _pretty.
std::string ConditionText(const http::Request& request);

}  // namespace gateway::rest
