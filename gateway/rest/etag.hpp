// Version ids as entity tags: always weak, W/"3". Source: https://hl7.org/fhir/R4/http.html#versioning
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "gateway/http/message.hpp"

namespace gateway::rest {

std::string FormatEtag(std::int64_t version);

/// Version of one tag; W/"3" and "3" are both taken, since clients send either.
std::optional<std::int64_t> ParseEtag(std::string_view tag);

/// If-Match or If-None-Match of a write, called `name`: "*", or version tags between commas. Nothing for an empty
/// field. Errors: kMalformed for anything else. Source: https://www.rfc-editor.org/rfc/rfc9110#name-preconditions
fhir::Result<std::optional<adapters::port::VersionTags>> ParseTags(std::string_view name,
                                                                   std::optional<std::string_view> field);

/// Sets both of a change from a request's header.
fhir::Result<void> ReadPreconditions(const http::Headers& headers, adapters::port::Change& change);

/// Whether an If-None-Match list names `tag` (weak comparison) or is "*".
bool NoneMatchNames(std::string_view field, std::string_view tag);

}  // namespace gateway::rest
