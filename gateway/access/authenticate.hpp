// Bearer token → Actor, around every FHIR request. Deny by default: a request without a party goes no further.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/access/party_table.hpp"
#include "gateway/http/message.hpp"

namespace gateway::access {

/// Whoever calls in open mode, with all rights.
adapters::port::Actor OpenActor();

struct AuthenticateOptions {
  /// Requests from loopback without credentials may do everything. For development: the composition root refuses it
  /// together with a listener on another address.
  bool open_on_loopback = false;
  /// Paths anybody may GET, as a party without grants: where clients learn how to authenticate.
  std::vector<std::string> public_paths = {"/fhir/metadata", "/fhir/.well-known/smart-configuration"};
  http::ErrorBody error_body = http::DefaultErrorBody;
};

/// Sets Request::actor for the next handler, or answers 401 with WWW-Authenticate. A token that is not known is refused
/// even where none would be needed.
/// Source: https://www.rfc-editor.org/rfc/rfc6750
http::Middleware Authenticate(std::shared_ptr<const PartyTable> parties, AuthenticateOptions options);

/// Whether a request comes from a party, or needs none on loopback: known from its head alone, so that a stranger's
/// body is never waited for. A public path is read without a body.
std::function<bool(const http::Request&)> IsFromParty(std::shared_ptr<const PartyTable> parties,
                                                      const AuthenticateOptions& options);

}  // namespace gateway::access
