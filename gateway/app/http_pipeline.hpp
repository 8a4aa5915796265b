// What a request passes through, from the outside in, in one place.
#pragma once

#include <memory>
#include <vector>

#include "gateway/access/authenticate.hpp"
#include "gateway/access/party_table.hpp"
#include "gateway/http/message.hpp"
#include "gateway/http/router/router.hpp"
#include "gateway/telemetry/logger.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

struct PipelineOptions {
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  std::shared_ptr<const access::PartyTable> parties;
  access::AuthenticateOptions authenticate;
  std::function<std::string()> new_request_id;
};

/// The handler for the HTTP server. `open_routes` need no party (health, metrics); `routes` do.
/// Errors: kConfiguration when routes contradict each other.
fhir::Result<http::Handler> MakePipeline(PipelineOptions options, std::vector<http::Route> open_routes,
                                         std::vector<http::Route> routes);

}  // namespace gateway::app
