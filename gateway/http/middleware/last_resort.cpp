#include <exception>
#include <new>
#include <typeinfo>
#include <utility>

#include "gateway/http/middleware/middleware.hpp"

namespace gateway::http::middleware {

Middleware LastResort(telemetry::Logger& logger, telemetry::Metrics& metrics, ErrorBody error_body) {
  telemetry::Counter& caught =
      metrics.GetCounter("passerelle_http_exceptions_total", "Exceptions that reached the last resort of a request.");
  return [&logger, &caught, error_body = std::move(error_body)](Handler next) -> Handler {
    return [&logger, &caught, error_body, next = std::move(next)](Request& request) -> Response {
      using telemetry::Code;
      std::string_view type = "unknown";
      try {
        return next(request);
      } catch (const std::bad_alloc&) {
        caught.Add();
        logger.Error("http", "out of memory in a handler",
                     {telemetry::RequestId(request.request_id), Code("route", request.route)});
        Response response = ErrorResponse(503, fhir::ErrorCode::kUnavailable,
                                          "The server is short of memory; try again later.", error_body);
        response.headers.Set("Retry-After", "5");
        return response;
      } catch (const std::exception& exception) {
        type = typeid(exception).name();  // what() may quote input
      } catch (...) {
      }
      caught.Add();
      logger.Error("http", "a handler threw",
                   {telemetry::RequestId(request.request_id), Code("route", request.route), Code("exception", type)});
      return ErrorResponse(500, fhir::ErrorCode::kInternal,
                           "The server failed; the request id finds the reason in its log.", error_body);
    };
  };
}

}  // namespace gateway::http::middleware
