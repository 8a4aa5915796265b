#include "gateway/app/http_pipeline.hpp"

#include <utility>

#include "fhir/search/parameter_name.hpp"
#include "gateway/http/middleware/middleware.hpp"
#include "gateway/rest/convert.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::app {

fhir::Result<http::Handler> MakePipeline(PipelineOptions options, std::vector<http::Route> open_routes,
                                         std::vector<http::Route> routes) {
  namespace middleware = http::middleware;
  GW_ASSIGN(http::Router inner_router, http::Router::Create(std::move(routes)));
  // Routes behind authentication are one handler to the outer router, which knows the open ones by name.
  const http::Handler guarded = access::Authenticate(
      options.parties, options.authenticate)(http::RouteWith(std::move(inner_router), rest::ErrorBody));
  for (const http::Method method : {http::Method::kGet, http::Method::kPost, http::Method::kPut, http::Method::kPatch,
                                    http::Method::kDelete, http::Method::kOptions}) {
    open_routes.push_back({method, "/fhir", guarded});
    open_routes.push_back({method, "/fhir/{rest*}", guarded});
    open_routes.push_back({method, "/console/{rest*}", guarded});
  }
  GW_ASSIGN(http::Router outer_router, http::Router::Create(std::move(open_routes)));
  return http::Chain(
      {
          // First, so that every later line and every answer carries the id.
          middleware::RequestId(options.new_request_id),
          // Outside the catch: a request that failed is logged and counted like any other.
          middleware::AccessLog(options.logger, fhir::search::IsStandardName),
          middleware::CountRequests(options.metrics),
          // Around whatever makes errors without knowing FHIR's formats, inside the log, which counts what is sent.
          rest::AdaptErrors,
          // Inside the log, outside all that may fail.
          middleware::LastResort(options.logger, options.metrics, rest::ErrorBody),
      },
      http::RouteWith(std::move(outer_router), rest::ErrorBody));
}

}  // namespace gateway::app
