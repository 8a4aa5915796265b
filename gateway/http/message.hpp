// Our own request and response: what the router, middleware and handlers see. http/poco fills and sends them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"

namespace adapters::port {
struct Actor;
}

namespace gateway::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };

inline constexpr std::size_t kMethodCount = 7;

std::string_view Name(Method method);
/// Case-sensitive as RFC 9110 §9.1 says; nullopt for a method this server does not implement.
std::optional<Method> MethodOf(std::string_view name);

/// "Not Found" for 404; empty for a status without a registered phrase.
std::string_view ReasonPhrase(int status);

/// ASCII comparison without regard to case, as header names and tokens need it.
bool EqualsIgnoringCase(std::string_view left, std::string_view right);

/// Header fields in the order received; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void Add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// First value, or nullopt.
  std::optional<std::string_view> Get(std::string_view name) const;
  /// Replaces every field of that name by one.
  void Set(std::string_view name, std::string value);
  void Remove(std::string_view name);
  const std::vector<Field>& fields() const { return fields_; }
  void Clear() { fields_.clear(); }

 private:
  std::vector<Field> fields_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Method method = Method::kGet;
  std::string target;  ///< as sent: path and query
  std::string path;    ///< percent-decoded, without query
  Pairs query;         ///< decoded name=value pairs in order
  Headers headers;
  std::string body;  ///< whole; already decompressed when Content-Encoding said gzip
  std::string peer;  ///< address of the client, without port
  bool tls = false;
  bool from_loopback = false;
  /// Subject of the client certificate (RFC 2253 text), when mutual TLS verified one.
  std::string client_certificate_subject;
  std::string request_id;  ///< set by middleware::RequestId
  /// Values of the pattern's {names}, decoded, in order; set by the router.
  Pairs path_parameters;
  /// The matched pattern, e.g. "/fhir/{type}/{id}"; set by the router, borrowed from it. Empty: no route.
  std::string_view route;
  /// On whose behalf; set by gateway/access for the time of the call of the next handler, borrowed from it.
  const adapters::port::Actor* actor = nullptr;
  /// Where in the body of another request this one stands, "Bundle.entry[3]"; set by gateway/rest for an entry of a
  /// batch, whose Idempotency-Key is one with the others'. Empty for what comes from outside.
  std::string place;

  /// Value of a {name} of the matched pattern; empty when the pattern has none of that name.
  std::string_view PathParameter(std::string_view name) const;
  /// First query value of that name, or nullopt.
  std::optional<std::string_view> QueryValue(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  bool close = false;  ///< end the connection after this response
};

/// thread-safe: called from many connections at once.
using Handler = std::function<Response(Request&)>;

/// Wraps a handler; listed in order in gateway/app/http_pipeline.cpp with the reason for its place.
using Middleware = std::function<Handler(Handler next)>;

/// `middlewares.front()` is the outermost: it sees the request first and the response last.
Handler Chain(const std::vector<Middleware>& middlewares, Handler innermost);

/// Body of an error made by the server layer, router or middleware: an OperationOutcome as FHIR JSON.
/// thread-safe. `text` is a constant sentence without any part of the request.
using ErrorBody = std::function<std::string(int status, fhir::ErrorCode code, std::string_view text)>;

/// A minimal OperationOutcome, for use without the REST layer.
std::string DefaultErrorBody(int status, fhir::ErrorCode code, std::string_view text);

/// A whole error response with Content-Type application/fhir+json.
Response ErrorResponse(int status, fhir::ErrorCode code, std::string_view text, const ErrorBody& body);

}  // namespace gateway::http
