// The HTTP server: strict HTTP/1.1 on a thread per connection, with a limit and a deadline on everything.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/http/message.hpp"
#include "gateway/settings/http.hpp"
#include "gateway/telemetry/logger.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::http {

struct ServerOptions {
  settings::Http http;
  ErrorBody error_body = DefaultErrorBody;
  /// Gives a refusal of the server's own the form that the request asks for, once its header was read. May be empty.
  std::function<void(const Request& request, Response& refusal)> adapt_refusal = nullptr;
  telemetry::Logger* logger = nullptr;    ///< borrowed; optional
  telemetry::Metrics* metrics = nullptr;  ///< borrowed; optional
  /// Whether the body of a request with this head is worth reading; empty: always. A request whose body is not read
  /// goes to the handler without it, and its connection ends with the answer. thread-safe.
  std::function<bool(const Request&)> wants_body;
  /// When set, called for each request in place of the handler, with the handler, and with a function that says whether
  /// the client still waits for the answer: one that has closed its side does not. That function is good during the
  /// call, on its thread. thread-safe.
  std::function<Response(const Handler& handler, Request& request, const std::function<bool()>& waits)> around;
  /// How often, at most, certificate and key files are looked at.
  std::chrono::milliseconds certificate_check_interval{2'000};
};

/// Whether a server could use these certificate and key files.
/// Errors: kConfiguration, beginning with the setting: "tls.key_file cannot be used: …".
fhir::Result<void> CheckTls(const settings::Tls& tls);

/// thread-safe.
class Server {
 public:
  /// Binds and listens; connections are accepted after Start.
  /// Errors: kConfiguration (address, certificate or key unusable), kUnavailable (port in use, with the port named).
  static fhir::Result<std::unique_ptr<Server>> Create(ServerOptions options, Handler handler);

  /// Stops with no grace if Stop was not called.
  virtual ~Server() = default;

  virtual void Start() = 0;
  /// Stops accepting at once, closes idle connections, lets requests in flight finish until `grace` has passed, then
  /// cuts them. Returns the number of requests that were cut.
  virtual std::size_t Stop(std::chrono::milliseconds grace) = 0;
  /// The bound port: useful when the settings said 0.
  virtual std::uint16_t port() const = 0;
};

}  // namespace gateway::http
