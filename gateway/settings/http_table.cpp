// The HTTP server's settings: names, units, bounds and descriptions.
#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kGigabyte = 1024LL * 1024 * 1024;

constexpr Setting kTls[] = {
    {"certificate_file",
     At<&Tls::certificate_file>(),
     {.about = "Certificate chain in PEM, own certificate first; read again when the file changes. Empty: no TLS.",
      .form = Form::kPath,
      .needs_restart = false}},
    {"key_file",
     At<&Tls::key_file>(),
     {.about = "Private key in PEM, readable by this service alone.", .form = Form::kPath, .needs_restart = false}},
    {"client_ca_file",
     At<&Tls::client_ca_file>(),
     {.about = "When set, clients must show a certificate signed by one of these (mutual TLS).",
      .form = Form::kPath,
      .needs_restart = false}},
};

constexpr Setting kHttp[] = {
    {"address", At<&Http::address>(), {.about = "Where to listen, HOST:PORT.", .form = Form::kAddress}},
    {"base_url",
     At<&Http::base_url>(),
     {.about = "The FHIR base as clients see it, e.g. behind a proxy. Empty: http(s)://address/fhir."}},
    {"tls", At<&Http::tls>(), {.about = "HTTPS. TLS 1.2 or newer."}, kTls},
    {"connections_max",
     At<&Http::connections_max>(),
     {.about = "Connections served at a time, a thread each.", .unit = "connections", .min = 1, .max = 20'000}},
    {"connections_queue_max",
     At<&Http::connections_queue_max>(),
     {.about = "Connections that wait for a place; idle ones are closed to make one. Beyond: 503 at once.",
      .unit = "connections",
      .min = 0,
      .max = 20'000}},
    {"queue_timeout_ms",
     At<&Http::queue_timeout_ms>(),
     {.about = "How long a connection waits for a place before it is answered 503.",
      .unit = "ms",
      .min = 0,
      .max = 60'000}},
    {"requests_per_connection_max",
     At<&Http::requests_per_connection_max>(),
     {.about = "Requests after which a connection is closed.", .unit = "requests", .min = 1}},
    {"request_line_bytes_max",
     At<&Http::request_line_bytes_max>(),
     {.about = "Method, target and version together. Beyond: 414.", .unit = "bytes", .min = 64, .max = 1'048'576}},
    {"header_bytes_max",
     At<&Http::header_bytes_max>(),
     {.about = "All header lines together. Beyond: 431.", .unit = "bytes", .min = 64, .max = 1'048'576}},
    {"header_count_max",
     At<&Http::header_count_max>(),
     {.about = "Header lines. Beyond: 431.", .unit = "lines", .min = 1, .max = 10'000}},
    {"query_parameters_max",
     At<&Http::query_parameters_max>(),
     {.about = "Parameters of one query. Beyond: 414.", .unit = "parameters", .min = 1, .max = 100'000}},
    {"body_bytes_max",
     At<&Http::body_bytes_max>(),
     {.about = "One body, also after decompression. Beyond: 413.", .unit = "bytes", .min = 1'024, .max = kGigabyte}},
    {"header_timeout_ms",
     At<&Http::header_timeout_ms>(),
     {.about = "From the first byte of a request to the end of its header. Beyond: 408.",
      .unit = "ms",
      .min = 10,
      .max = kHourMs}},
    {"body_stall_timeout_ms",
     At<&Http::body_stall_timeout_ms>(),
     {.about = "Without a byte of a body. Beyond: 408.", .unit = "ms", .min = 10, .max = kHourMs}},
    {"body_bytes_per_second_min",
     At<&Http::body_bytes_per_second_min>(),
     {.about = "Least mean rate of a body, measured after body_stall_timeout_ms. Below: 408.",
      .unit = "bytes/s",
      .min = 0}},
    {"request_timeout_ms",
     At<&Http::request_timeout_ms>(),
     {.about = "From the first byte of a request to its last. Beyond: 408.", .unit = "ms", .min = 10, .max = kHourMs}},
    {"idle_timeout_ms",
     At<&Http::idle_timeout_ms>(),
     {.about = "Without a request, before a connection is closed.", .unit = "ms", .min = 10, .max = kHourMs}},
    {"write_timeout_ms",
     At<&Http::write_timeout_ms>(),
     {.about = "Without progress while a response is sent, before the connection is cut.",
      .unit = "ms",
      .min = 10,
      .max = kHourMs}},
    {"body_budget_bytes",
     At<&Http::body_budget_bytes>(),
     {.about = "Memory for large bodies of all connections together; at least twice body_bytes_max.",
      .unit = "bytes",
      .min = 2'048}},
    {"body_budget_from_bytes",
     At<&Http::body_budget_from_bytes>(),
     {.about = "Bodies above this size take their share of the budget before they are read.",
      .unit = "bytes",
      .min = 1'024}},
    {"body_budget_timeout_ms",
     At<&Http::body_budget_timeout_ms>(),
     {.about = "How long a large body waits for its share before it is answered 503.",
      .unit = "ms",
      .min = 0,
      .max = kHourMs}},
    {"compress_responses", At<&Http::compress_responses>(), {.about = "Answer with gzip when the client accepts it."}},
    {"compress_from_bytes",
     At<&Http::compress_from_bytes>(),
     {.about = "Smallest body worth compressing.", .unit = "bytes", .min = 64}},
};

}  // namespace

std::span<const Setting> TlsSettings() {
  return kTls;
}
std::span<const Setting> HttpSettings() {
  return kHttp;
}

}  // namespace gateway::settings
