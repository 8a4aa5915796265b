// Routes in one table: method and pattern to handler. Matching gives a value with a status, never an exception.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.hpp"

namespace gateway::http {

struct Route {
  Method method = Method::kGet;
  /// Segments are literals ("_history", "$validate") or one {name} each, e.g. "/fhir/{type}/{id}"; a last segment
  /// {name*} takes the rest of the path. HEAD follows GET unless it has a row of its own.
  std::string pattern;
  Handler handler;
};

struct RouteMatch {
  enum class Status { kFound, kMethodNotAllowed, kNotFound };
  Status status = Status::kNotFound;
  const Route* route = nullptr;  ///< when found; borrowed from the router
  Pairs parameters;              ///< when found
  std::vector<Method> allowed;   ///< when the method is not allowed, in table order
};

/// thread-safe once constructed.
class Router {
 public:
  /// Errors: kConfiguration for a pattern that does not start with '/', has an empty or repeated {name}, or is listed
  ///         twice with one method.
  static fhir::Result<Router> Create(std::vector<Route> routes);

  /// Literal segments win over {names}, from left to right; the pattern that wins decides about the method, so that
  /// GET /fhir/Patient/_search is 405 if only POST is listed for it. A trailing '/' is ignored.
  RouteMatch Match(Method method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Segment {
    enum class Kind : std::uint8_t { kLiteral, kName, kRest };
    Kind kind;
    std::string text;
  };
  struct Pattern {
    std::vector<Segment> segments;
    std::vector<std::size_t> routes;  // indexes into routes_, in table order
  };
  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  // the more specific first
};

/// The innermost handler: matches, fills Request::path_parameters and Request::route, calls the row's handler.
/// 404 and 405 (with Allow) are answered with error_body; OPTIONS on a known path gets 204 with Allow.
Handler RouteWith(Router router, ErrorBody error_body);

}  // namespace gateway::http
