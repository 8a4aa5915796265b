// Media types in and out. One format so far: FHIR JSON, under the names clients use for it.
// Source: https://hl7.org/fhir/R4/http.html#mime-type
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/http/message.hpp"

namespace gateway::rest {

inline constexpr std::string_view kFhirJson = "application/fhir+json; charset=utf-8";

/// "type/subtype" of a Content-Type or Accept item, without parameters and spaces around.
std::string_view MediaType(std::string_view field);

/// application/fhir+json, application/json, application/json+fhir, text/json and "json", in any case of letters.
bool IsFhirJson(std::string_view media_type);

/// Whether the client takes FHIR JSON: by _format, else by Accept; without either, yes.
/// Errors: kNotAcceptable.
fhir::Result<void> CheckAcceptsJson(const http::Request& request);

/// Whether the body says it is FHIR JSON in UTF-8. Errors: kUnsupportedMedia, also for a missing Content-Type.
fhir::Result<void> CheckBodyIsJson(const http::Request& request);

/// What an Accept field wants of a native content type.
enum class Wanted { kFhir, kNative };

/// For Binary: native bytes when Accept names `native_type` (or no FHIR type and a wildcard that fits it).
Wanted ChooseForBinary(const http::Request& request, std::string_view native_type);

/// _pretty=true asks for indented JSON.
bool WantsPretty(const http::Request& request);

}  // namespace gateway::rest
