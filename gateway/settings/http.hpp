// Settings of the HTTP server. Defaults stand here; names, units, bounds and descriptions in http_table.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gateway::settings {

/// Certificate and key in PEM files. Empty files: no TLS.
struct Tls {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  ///< set: a client must show a certificate signed by one of these
  bool enabled() const { return !certificate_file.empty(); }
};

struct Http {
  std::string address = "127.0.0.1:8080";
  std::string base_url;  ///< what clients call the FHIR base; empty: from the address
  Tls tls;

  std::size_t connections_max = 512;
  std::size_t connections_queue_max = 64;
  std::int64_t queue_timeout_ms = 1'000;
  std::size_t requests_per_connection_max = 100'000;

  std::size_t request_line_bytes_max = 16 * 1024;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t header_count_max = 100;
  std::size_t query_parameters_max = 1'000;
  std::size_t body_bytes_max = 64u * 1024 * 1024;

  std::int64_t header_timeout_ms = 10'000;
  std::int64_t body_stall_timeout_ms = 10'000;
  std::size_t body_bytes_per_second_min = 1'024;
  std::int64_t request_timeout_ms = 120'000;
  std::int64_t idle_timeout_ms = 60'000;
  std::int64_t write_timeout_ms = 30'000;

  std::size_t body_budget_bytes = 256u * 1024 * 1024;
  std::size_t body_budget_from_bytes = 1024 * 1024;
  std::int64_t body_budget_timeout_ms = 10'000;

  bool compress_responses = true;
  std::size_t compress_from_bytes = 1'024;
};

}  // namespace gateway::settings
