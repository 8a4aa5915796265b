// Media types in and out: FHIR as JSON and as XML, under all the names clients use for them.
// Source: https://hl7.org/fhir/R4/http.html#mime-type
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/http/message.hpp"

namespace gateway::rest {

inline constexpr std::string_view kFhirJson = "application/fhir+json; charset=utf-8";
inline constexpr std::string_view kFhirXml = "application/fhir+xml; charset=utf-8";
inline constexpr std::string_view kJsonPatch = "application/json-patch+json";

enum class Format : std::uint8_t { kJson, kXml };

/// How an answer is written.
struct Representation {
  Format format = Format::kJson;
  /// Content-Type of the answer: the name the client asked by, as the standard wants it for generic names.
  std::string_view content_type = kFhirJson;
  bool pretty = false;  ///< _pretty=true: indented
};

/// "type/subtype" of a Content-Type or Accept item, without parameters and spaces around.
std::string_view MediaType(std::string_view field);

/// application/fhir+json, application/json, application/json+fhir, text/json and "json", in any case of letters.
bool IsFhirJson(std::string_view media_type);
/// application/fhir+xml, application/xml, application/xml+fhir, text/xml and "xml", in any case of letters.
bool IsFhirXml(std::string_view media_type);

/// What the client takes: by _format, else by Accept with its qualities, where the more specific name counts; without
/// either, JSON. Equal wishes go by their order, wildcards and text/html to JSON.
/// Errors: kNotAcceptable, also for a fhirVersion other than 4.0.
fhir::Result<Representation> ChooseRepresentation(const http::Request& request);
/// The same, JSON where nothing fits: for errors, which need some form.
Representation RepresentationOfError(const http::Request& request);

/// What the body says it is. Errors: kUnsupportedMedia for another type, charset or FHIR version, and for none.
fhir::Result<Format> BodyFormat(const http::Request& request);

/// Whether a Binary that is sent so is sent as its own bytes. Generic names of XML are: a clinical document is sent by
/// them. Source: https://hl7.org/fhir/R4/binary.html#rest
bool IsNativeBinary(std::string_view content_type);

/// What an Accept field wants of a native content type.
enum class Wanted : std::uint8_t { kFhir, kNative };

/// For Binary: native bytes when Accept names `native_type` (or no FHIR type and a wildcard that fits it).
Wanted ChooseForBinary(const http::Request& request, std::string_view native_type);

}  // namespace gateway::rest
