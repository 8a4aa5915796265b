// What every route of the console begins and ends with.
#pragma once

#include <string>

#include "fhir/base/error.hpp"
#include "gateway/http/router/router.hpp"

namespace gateway::console {

/// 200 with a JSON text that nobody may keep.
http::Response Json(std::string body);
http::Response Refusal(const fhir::Error& error);
/// Wraps an endpoint: only operators reach it, and everybody in open mode; others get 403.
http::Handler ForOperators(http::Handler endpoint);

}  // namespace gateway::console
