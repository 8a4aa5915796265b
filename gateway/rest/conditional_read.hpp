// Conditional reads: an answer that the client has already is not sent again.
// Source: https://hl7.org/fhir/R4/http.html#cread, https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/http/message.hpp"

namespace gateway::rest {

/// What tells one state of an answer from another.
struct Validators {
  std::string etag;
  std::int64_t last_modified_us = 0;
};

/// ETag and Last-Modified.
void AddValidators(http::Response& response, const Validators& validators);

/// 304 when If-None-Match names the state, or, without that field, If-Modified-Since is not before it.
std::optional<http::Response> NotModified(const http::Request& request, const Validators& validators);

}  // namespace gateway::rest
