// One connection to the server: sends Bundles, and again when it is told to come later.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/http/client.hpp"

namespace gateway::app {

using Transport = std::function<fhir::Result<http::ClientResponse>(const http::ClientRequest& request)>;

struct LinkOptions {
  std::string base_url;  ///< of the FHIR API, without a trailing slash
  std::string token;     ///< bearer; empty: none
  int attempts_max = 8;  ///< of one request
  std::int64_t pause_first_ms = 500;
  std::int64_t pause_max_ms = 30'000;  ///< also of a Retry-After
  std::function<void(std::int64_t ms)> pause;
};

struct LinkAnswer {
  int status = 0;
  std::string body;
  bool accepted() const { return status >= 200 && status < 300; }
};

/// thread-compatible.
class ServerLink {
 public:
  ServerLink(LinkOptions options, Transport transport);

  /// POSTs a Bundle with its key and gives the answer, whatever its status. 429, 502, 503, 504 and a connection that
  /// breaks are tried again with the same key, as often as the options say, after the pause that the server asks for or
  /// one that doubles.
  /// Errors: kUnavailable or kTimeout when all attempts ended so; at once when the server has never answered this link.
  fhir::Result<LinkAnswer> Post(std::string bundle, const std::string& key);

 private:
  std::int64_t PauseAfter(const http::ClientResponse* response, int attempt) const;

  const LinkOptions options_;
  const Transport transport_;
  bool answered_ = false;
};

/// "http://host:port" means its FHIR API: "/fhir" is added to a URL without a path, and trailing slashes go.
std::string FhirBase(std::string url);

/// What an answer says against a request: the errors of an OperationOutcome, or else the status. Holds no line ends.
std::string ReasonOf(int status, const std::string& body);

}  // namespace gateway::app
