// Where `passerelle messages` gets its answers: the console's endpoints, asked over HTTP or called in this process on
// the database. One set of endpoints serves both, so that both say the same.
#pragma once

#include <memory>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/app/command_line.hpp"
#include "gateway/http/message.hpp"

namespace gateway::app {

/// thread-compatible.
class MessageDesk {
 public:
  /// --server: over HTTP; else the database of --embedded or --config. Errors: kConfiguration, kUnavailable.
  static fhir::Result<std::unique_ptr<MessageDesk>> Open(const Arguments& arguments);
  virtual ~MessageDesk() = default;

  /// `target` is path and query, "/console/messages?count=50"; `form` the body of a search. Returns the JSON body.
  /// Errors: those of the endpoint, with its OperationOutcome's text.
  virtual fhir::Result<std::string> Ask(http::Method method, const std::string& target, std::string form = {}) = 0;
};

}  // namespace gateway::app
