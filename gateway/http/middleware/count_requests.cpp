#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "gateway/http/middleware/middleware.hpp"

namespace gateway::http::middleware {

Middleware CountRequests(telemetry::Metrics& metrics) {
  return [&metrics](Handler next) -> Handler {
    return [&metrics, next = std::move(next)](Request& request) {
      const auto start = std::chrono::steady_clock::now();
      Response response = next(request);
      const auto taken = std::chrono::steady_clock::now() - start;
      const std::string method(Name(request.method));
      const std::string route(request.route.empty() ? "none" : request.route);
      metrics
          .GetCounter("passerelle_http_requests_total", "Requests answered.",
                      {{"method", method}, {"route", route}, {"status", fmt::format("{}", response.status)}})
          .Add();
      metrics
          .GetHistogram("passerelle_http_request_seconds", "Time in the handlers.",
                        {{"method", method}, {"route", route}})
          .ObserveMicros(std::chrono::duration_cast<std::chrono::microseconds>(taken).count());
      return response;
    };
  };
}

}  // namespace gateway::http::middleware
