// Routes for whoever runs the gateway: liveness, readiness, metrics.
#pragma once

#include <functional>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/http/router/router.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// GET /health/live answers 200 while the process serves; GET /health/ready 200 while `ready` holds, else 503 with
/// Retry-After; GET /metrics the Prometheus text. None tells of patients, so none asks for a party.
std::vector<http::Route> OperationsRoutes(std::function<fhir::Result<void>()> ready, const telemetry::Metrics& metrics);

}  // namespace gateway::app
