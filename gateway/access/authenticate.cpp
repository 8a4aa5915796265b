#include "gateway/access/authenticate.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace gateway::access {
namespace {

namespace port = adapters::port;

enum class Credentials { kNone, kBearer, kOther };

struct Presented {
  Credentials kind = Credentials::kNone;
  std::string_view token;
};

Presented ReadAuthorization(const http::Request& request) {
  const std::optional<std::string_view> field = request.headers.Get("Authorization");
  if (!field || field->empty()) {
    return {};
  }
  const std::size_t space = field->find(' ');
  if (space == std::string_view::npos || !http::EqualsIgnoringCase(field->substr(0, space), "Bearer")) {
    return {Credentials::kOther, {}};
  }
  std::string_view token = field->substr(space + 1);
  while (token.starts_with(' ')) {
    token.remove_prefix(1);
  }
  return {Credentials::kBearer, token};
}

http::Response Refuse(const AuthenticateOptions& options, std::string_view challenge, std::string_view text) {
  http::Response response = http::ErrorResponse(401, fhir::ErrorCode::kUnauthenticated, text, options.error_body);
  response.headers.Set("WWW-Authenticate", std::string(challenge));
  return response;
}

bool IsPublic(const AuthenticateOptions& options, const http::Request& request) {
  return (request.method == http::Method::kGet || request.method == http::Method::kHead) &&
         std::find(options.public_paths.begin(), options.public_paths.end(), request.path) !=
             options.public_paths.end();
}

/// Gives the actor to the next handler for the time of the call only.
http::Response CallAs(const port::Actor& party, http::Request& request, const http::Handler& next) {
  port::Actor actor = party;
  actor.request_id = request.request_id;
  request.actor = &actor;
  http::Response response = next(request);
  request.actor = nullptr;
  return response;
}

port::Actor AnonymousActor(bool unrestricted) {
  auto grants = std::make_shared<port::Grants>();
  grants->unrestricted = unrestricted;
  port::Actor actor;
  actor.kind = port::PartyKind::kOpen;
  actor.party = unrestricted ? "open" : "anonymous";
  actor.grants = std::move(grants);
  return actor;
}

}  // namespace

port::Actor OpenActor() {
  return AnonymousActor(true);
}

http::Middleware Authenticate(std::shared_ptr<const PartyTable> parties, AuthenticateOptions options) {
  return [parties = std::move(parties), options = std::move(options)](http::Handler next) -> http::Handler {
    return [parties, options, next = std::move(next), open = AnonymousActor(true),
            anonymous = AnonymousActor(false)](http::Request& request) -> http::Response {
      const Presented presented = ReadAuthorization(request);
      if (presented.kind == Credentials::kBearer) {
        if (const port::Actor* party = parties->Find(presented.token)) {
          return CallAs(*party, request, next);
        }
        return Refuse(options, R"(Bearer realm="passerelle", error="invalid_token")", "the bearer token is not known");
      }
      if (presented.kind == Credentials::kNone) {
        if (options.open_on_loopback && request.from_loopback) {
          return CallAs(open, request, next);
        }
        if (IsPublic(options, request)) {
          return CallAs(anonymous, request, next);
        }
      }
      return Refuse(options, R"(Bearer realm="passerelle")", "a bearer token is needed");
    };
  };
}

std::function<bool(const http::Request&)> IsFromParty(std::shared_ptr<const PartyTable> parties,
                                                      const AuthenticateOptions& options) {
  return [parties = std::move(parties), open = options.open_on_loopback](const http::Request& request) {
    const Presented presented = ReadAuthorization(request);
    if (presented.kind == Credentials::kBearer) {
      return parties->Find(presented.token) != nullptr;
    }
    return presented.kind == Credentials::kNone && open && request.from_loopback;
  };
}

}  // namespace gateway::access
