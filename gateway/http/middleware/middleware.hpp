// What wraps every request of the REST layer. The order stands in gateway/app/http_pipeline.cpp, a reason for each
// place.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/http/message.hpp"
#include "gateway/telemetry/logger.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::http::middleware {

/// Takes X-Request-Id if it is 1 to 64 characters of [A-Za-z0-9._-], else asks new_id; puts it into
/// Request::request_id and into the response.
Middleware RequestId(std::function<std::string()> new_id);

/// One line for each request: method, route pattern, status, µs, bytes, type and id of the path, and the sorted names
/// of query parameters. Never a query value, header value or body; a name that `is_known` does not know may be the
/// client's own text and is shown as '?'.
Middleware AccessLog(telemetry::Logger& logger, std::function<bool(std::string_view)> is_known);

/// Turns whatever a handler throws into 500 with error_body (503 and Retry-After for bad_alloc), logs it by its type.
Middleware LastResort(telemetry::Logger& logger, telemetry::Metrics& metrics, ErrorBody error_body);

/// passerelle_http_requests_total{method,route,status} and passerelle_http_request_seconds{method,route}.
Middleware CountRequests(telemetry::Metrics& metrics);

}  // namespace gateway::http::middleware
