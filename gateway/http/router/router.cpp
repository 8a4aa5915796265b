#include "gateway/http/router/router.hpp"

#include <algorithm>
#include <memory>

namespace gateway::http {
namespace {

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

}  // namespace

fhir::Result<Router> Router::Create(std::vector<Route> routes) {
  Router router;
  router.routes_ = std::move(routes);
  for (std::size_t i = 0; i < router.routes_.size(); ++i) {
    const Route& route = router.routes_[i];
    const auto fail = [&route](std::string_view why) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, "route " + route.pattern + ": " + std::string(why));
    };
    if (!route.pattern.starts_with('/')) {
      return fail("must begin with a slash");
    }
    Pattern pattern;
    std::vector<std::string> names;
    for (std::string_view text : SplitPath(route.pattern)) {
      if (!pattern.segments.empty() && pattern.segments.back().kind == Segment::Kind::kRest) {
        return fail("nothing may follow {name*}");
      }
      if (!text.starts_with('{') || !text.ends_with('}')) {
        pattern.segments.push_back({Segment::Kind::kLiteral, std::string(text)});
        continue;
      }
      text = text.substr(1, text.size() - 2);
      const bool rest = text.ends_with('*');
      text.remove_suffix(rest ? 1 : 0);
      if (text.empty() || std::find(names.begin(), names.end(), text) != names.end()) {
        return fail("has an empty or repeated {name}");
      }
      names.emplace_back(text);
      pattern.segments.push_back({rest ? Segment::Kind::kRest : Segment::Kind::kName, std::string(text)});
    }
    const auto same = [&pattern](const Pattern& other) {
      return std::equal(pattern.segments.begin(), pattern.segments.end(), other.segments.begin(), other.segments.end(),
                        [](const Segment& a, const Segment& b) {
                          return a.kind == b.kind && (a.kind != Segment::Kind::kLiteral || a.text == b.text);
                        });
    };
    auto known = std::find_if(router.patterns_.begin(), router.patterns_.end(), same);
    if (known == router.patterns_.end()) {
      known = router.patterns_.insert(known, std::move(pattern));
    } else if (std::any_of(known->routes.begin(), known->routes.end(),
                           [&](std::size_t other) { return router.routes_[other].method == route.method; })) {
      return fail("is listed twice for one method");
    } else if (router.routes_[known->routes.front()].pattern != route.pattern) {
      return fail("names its parameters differently from another row of the same shape");
    }
    known->routes.push_back(i);
  }
  // Kinds order as literal < name < rest, so comparing them from the left puts the more specific pattern first.
  // Patterns of equal kinds differ in a literal, so no path fits both and their order does not matter.
  std::sort(router.patterns_.begin(), router.patterns_.end(), [](const Pattern& a, const Pattern& b) {
    return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                                        [](const Segment& x, const Segment& y) { return x.kind < y.kind; });
  });
  return router;
}

RouteMatch Router::Match(Method method, std::string_view path) const {
  RouteMatch match;
  const std::vector<std::string_view> parts = SplitPath(path);
  for (const Pattern& pattern : patterns_) {
    const bool has_rest = !pattern.segments.empty() && pattern.segments.back().kind == Segment::Kind::kRest;
    const std::size_t fixed = pattern.segments.size() - (has_rest ? 1 : 0);
    if (has_rest ? parts.size() < fixed : parts.size() != fixed) {
      continue;
    }
    bool fits = true;
    for (std::size_t i = 0; fits && i < fixed; ++i) {
      fits = pattern.segments[i].kind == Segment::Kind::kLiteral ? parts[i] == pattern.segments[i].text
                                                                 : !parts[i].empty();
    }
    if (!fits) {
      continue;
    }
    const Route* found = nullptr;
    const Route* get = nullptr;
    for (std::size_t index : pattern.routes) {
      const Route& route = routes_[index];
      found = route.method == method ? &route : found;
      get = route.method == Method::kGet ? &route : get;
      match.allowed.push_back(route.method);
    }
    if (found == nullptr && method == Method::kHead) {
      found = get;
    }
    if (found == nullptr) {
      match.status = RouteMatch::Status::kMethodNotAllowed;
      return match;
    }
    match.status = RouteMatch::Status::kFound;
    match.route = found;
    match.allowed.clear();
    for (std::size_t i = 0; i < fixed; ++i) {
      if (pattern.segments[i].kind == Segment::Kind::kName) {
        match.parameters.emplace_back(pattern.segments[i].text, parts[i]);
      }
    }
    if (has_rest) {
      std::string rest;
      for (std::size_t i = fixed; i < parts.size(); ++i) {
        rest += (rest.empty() ? "" : "/") + std::string(parts[i]);
      }
      match.parameters.emplace_back(pattern.segments.back().text, std::move(rest));
    }
    return match;
  }
  return match;
}

Handler RouteWith(Router router, ErrorBody error_body) {
  // Shared by the copies that std::function makes of this handler; immutable.
  const auto table = std::make_shared<const Router>(std::move(router));
  return [table, error_body = std::move(error_body)](Request& request) -> Response {
    RouteMatch match = table->Match(request.method, request.path);
    if (match.status == RouteMatch::Status::kFound) {
      request.route = match.route->pattern;
      request.path_parameters = std::move(match.parameters);
      return match.route->handler(request);
    }
    if (match.status == RouteMatch::Status::kNotFound) {
      return ErrorResponse(404, fhir::ErrorCode::kNotFound, "There is nothing at this path.", error_body);
    }
    std::string allow;
    for (Method method : match.allowed) {
      allow += (allow.empty() ? "" : ", ") + std::string(Name(method));
    }
    Response response;
    if (request.method == Method::kOptions) {
      response.status = 204;
    } else {
      response = ErrorResponse(405, fhir::ErrorCode::kUnsupported, "This path does not allow the method.", error_body);
    }
    response.headers.Set("Allow", std::move(allow));
    return response;
  };
}

}  // namespace gateway::http
