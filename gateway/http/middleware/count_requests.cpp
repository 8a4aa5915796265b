#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/middleware/middleware.hpp"
#include "gateway/telemetry/series_cache.hpp"

namespace gateway::http::middleware {

namespace {

struct RequestSeries {
  telemetry::Counter* requests;
  telemetry::Histogram* seconds;
};

}  // namespace

Middleware CountRequests(telemetry::Metrics& metrics) {
  const auto cache = std::make_shared<telemetry::SeriesCache<RequestSeries>>();
  return [&metrics, cache](Handler next) -> Handler {
    return [&metrics, cache, next = std::move(next)](Request& request) {
      const auto start = std::chrono::steady_clock::now();
      Response response = next(request);
      const auto taken = std::chrono::steady_clock::now() - start;
      const std::string_view method = Name(request.method);
      const std::string_view route = request.route.empty() ? std::string_view("none") : request.route;
      fmt::basic_memory_buffer<char, 160> key;
      key.append(method);
      key.push_back(' ');
      fmt::format_to(std::back_inserter(key), "{} ", response.status);
      key.append(route);
      const RequestSeries series = cache->Get({key.data(), key.size()}, [&] {
        telemetry::Labels labels = {{"method", std::string(method)}, {"route", std::string(route)}};
        telemetry::Histogram& seconds =
            metrics.GetHistogram("passerelle_http_request_seconds", "Time in the handlers.", labels);
        labels.emplace_back("status", fmt::format("{}", response.status));
        return RequestSeries{&metrics.GetCounter("passerelle_http_requests_total", "Requests answered.", labels),
                             &seconds};
      });
      series.requests->Add();
      series.seconds->ObserveMicros(std::chrono::duration_cast<std::chrono::microseconds>(taken).count());
      return response;
    };
  };
}

}  // namespace gateway::http::middleware
