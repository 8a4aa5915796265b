// Sends messages over MLLP and waits for the acknowledgement of each. Used by the outbox and by the command line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/hospital/hl7v2/mllp/tls.hpp"
#include "fhir/base/error.hpp"

namespace adapters::hospital::hl7v2::mllp {

struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  TlsFiles tls;
  int connect_timeout_ms = 10'000;
  int answer_timeout_ms = 30'000;  ///< from the last byte sent to the whole acknowledgement
  std::size_t answer_bytes_max = 1024 * 1024;
};

/// "HOST:PORT" or "[::1]:PORT". Errors: kConfiguration.
fhir::Result<ClientOptions> ParseAddressOptions(std::string_view host_port);

/// One connection, opened when needed and kept between messages. thread-compatible.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends one message and returns the acknowledgement whose MSA-2 is its MSH-10; others are passed over. After a
  /// timeout the connection is closed, so that a late answer can never be taken for the next one's.
  /// Errors: kUnavailable (no connection, closed by the peer) and kTimeout, both Retry::kLater; kTooLarge;
  ///         kConfiguration for the TLS files.
  fhir::Result<std::string> Exchange(std::string_view message);
  void Close();

 private:
  struct State;
  ClientOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace adapters::hospital::hl7v2::mllp
