// The HTTP client for rest-hooks and for the command line: bounded in time and bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/http/message.hpp"

namespace gateway::http {

struct ClientRequest {
  Method method = Method::kGet;
  std::string url;  ///< http:// or https://, without user or fragment
  Headers headers;
  std::string body;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

struct ClientOptions {
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t read_timeout_ms = 30'000;   ///< without a byte
  std::int64_t total_timeout_ms = 60'000;  ///< from connect to the last byte, checked between reads
  std::size_t response_bytes_max = 64u * 1024 * 1024;
  std::string ca_file;           ///< trusted roots; empty: the system's
  std::string certificate_file;  ///< our own certificate for mutual TLS; empty: none
  std::string key_file;
};

/// Keeps the connection of the last origin open between calls. Follows no redirect. thread-compatible.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Any status is a value. An idempotent request is repeated once when a kept connection turned out closed.
  /// Errors: kMalformed (url), kUnavailable (refused, reset, name unknown, TLS; retry later), kTimeout (retry later),
  ///         kTooLarge (response). Texts name host and port alone.
  fhir::Result<ClientResponse> Send(const ClientRequest& request);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway::http
