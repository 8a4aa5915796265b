// Version ids as entity tags: always weak, W/"3". Source: https://hl7.org/fhir/R4/http.html#versioning
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::rest {

std::string FormatEtag(std::int64_t version);

/// Version of one tag; W/"3" and "3" are both taken, since clients send either.
std::optional<std::int64_t> ParseEtag(std::string_view tag);

/// If-Match of a write. Errors: kMalformed for anything but one version tag ("*" asks for nothing here).
fhir::Result<std::optional<std::int64_t>> ParseIfMatch(std::optional<std::string_view> field);

/// Whether an If-None-Match list names `tag` (weak comparison) or is "*".
bool NoneMatchNames(std::string_view field, std::string_view tag);

}  // namespace gateway::rest
