#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "gateway/http/middleware/middleware.hpp"

namespace gateway::http::middleware {
namespace {

constexpr std::size_t kNamesBytesMax = 120;

/// Sorted distinct names of the query, "code,patient.identifier"; '?' stands for those that are not known.
std::string QueryNames(const Pairs& query, const std::function<bool(std::string_view)>& is_known) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : query) {
    names.insert(is_known(name) ? std::string_view(name) : std::string_view("?"));
  }
  std::string text;
  for (std::string_view name : names) {
    if (text.size() + name.size() > kNamesBytesMax) {
      return text + ",*";
    }
    text += (text.empty() ? "" : ",") + std::string(name);
  }
  return text;
}

/// A logical id or type as FHIR allows them; anything else in a path is the client's text and stays out of the log.
std::string_view PlainOrNothing(std::string_view text) {
  const bool plain =
      text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      });
  return plain ? text : std::string_view("?");
}

}  // namespace

Middleware AccessLog(telemetry::Logger& logger, std::function<bool(std::string_view)> is_known) {
  return [&logger, is_known = std::move(is_known)](Handler next) -> Handler {
    return [&logger, is_known, next = std::move(next)](Request& request) {
      using telemetry::Bytes;
      using telemetry::Code;
      using telemetry::Count;
      using telemetry::Id;
      if (!logger.Enabled(telemetry::Level::kInfo)) {
        return next(request);
      }
      const auto start = std::chrono::steady_clock::now();
      Response response = next(request);
      const auto taken = std::chrono::steady_clock::now() - start;
      const std::string names = QueryNames(request.query, is_known);
      logger.Info("http", "request",
                  {telemetry::RequestId(request.request_id), Code("method", Name(request.method)),
                   Code("route", request.route), Count("status", response.status),
                   telemetry::Micros("taken_us", std::chrono::duration_cast<std::chrono::microseconds>(taken).count()),
                   Bytes("request_bytes", static_cast<std::int64_t>(request.body.size())),
                   Bytes("response_bytes", static_cast<std::int64_t>(response.body.size())),
                   Id("type", PlainOrNothing(request.PathParameter("type"))),
                   Id("id", PlainOrNothing(request.PathParameter("id"))), Code("query", names)});
      return response;
    };
  };
}

}  // namespace gateway::http::middleware
