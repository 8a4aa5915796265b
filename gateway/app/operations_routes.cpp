#include "gateway/app/operations_routes.hpp"

#include <string>
#include <utility>

namespace gateway::app {
namespace {

http::Response PlainText(int status, std::string text) {
  http::Response response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  response.headers.Add("Cache-Control", "no-store");
  response.body = std::move(text);
  return response;
}

}  // namespace

std::vector<http::Route> OperationsRoutes(std::function<fhir::Result<void>()> ready,
                                          const telemetry::Metrics& metrics) {
  return {
      {http::Method::kGet, "/health/live", [](http::Request&) { return PlainText(200, "live\n"); }},
      {http::Method::kGet, "/health/ready",
       [ready = std::move(ready)](http::Request&) {
         if (const auto good = ready(); !good) {
           http::Response response = PlainText(503, std::string(fhir::Name(good.error().code)) + "\n");
           response.headers.Add("Retry-After", "5");
           return response;
         }
         return PlainText(200, "ready\n");
       }},
      {http::Method::kGet, "/metrics",
       [&metrics](http::Request&) {
         http::Response response;
         response.headers.Add("Content-Type", std::string(telemetry::kExpositionMediaType));
         response.body = metrics.Exposition();
         return response;
       }},
  };
}

}  // namespace gateway::app
