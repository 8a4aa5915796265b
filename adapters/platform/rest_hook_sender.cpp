#include "adapters/platform/rest_hook_sender.hpp"

#include <istream>
#include <memory>
#include <ostream>
#include <sstream>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>
#include <fmt/format.h>

namespace adapters::platform {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 * 1024;

Poco::Timespan Milliseconds(int ms) {
  return {ms / 1000, (ms % 1000) * 1000};
}

std::unique_ptr<Poco::Net::HTTPClientSession> OpenSession(const Poco::URI& uri,
                                                          const RestHookDestination& destination) {
  std::unique_ptr<Poco::Net::HTTPClientSession> session;
  if (uri.getScheme() == "https") {
    Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, "", "",
                                                           destination.ca_file, Poco::Net::Context::VERIFY_STRICT, 9,
                                                           destination.ca_file.empty()));
    session = std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), context);
  } else {
    session = std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
  }
  const Poco::Timespan answer = Milliseconds(destination.answer_timeout_ms);
  session->setTimeout(Milliseconds(destination.connect_timeout_ms), answer, answer);
  session->setKeepAlive(false);
  return session;
}

/// Reads and drops the answer's body, so that the peer sees its response taken; bounded.
void DrainAnswer(std::istream& body) {
  char block[4096];
  std::size_t taken = 0;
  while (taken < kAnswerBytesMax && body.read(block, sizeof block)) {
    taken += sizeof block;
  }
}

bool WorthAnotherTry(int status) {
  return status == 408 || status == 429 || status >= 500;
}

}  // namespace

fhir::Result<std::string> RestHookSender::Send(const port::OutboxEntry& entry) {
  const auto found = destinations_.find(entry.message.destination);
  if (found == destinations_.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"no such rest-hook destination"},
                      {fmt::format("destination {} is not configured", entry.message.destination)},
                      fhir::Retry::kLater);
  }
  const std::string& payload = entry.message.payload;
  const auto line_end = payload.find('\n');
  if (line_end == std::string::npos) {
    return fhir::Fail(fhir::ErrorCode::kInternal, "a rest-hook payload has no path line");
  }
  const RestHookDestination& destination = found->second;
  try {
    const Poco::URI uri(destination.url);
    std::string path = uri.getPath();
    if (path.empty() || path.back() != '/') {
      path += '/';
    }
    path.append(payload, 0, line_end);

    const std::size_t body_bytes = payload.size() - line_end - 1;
    Poco::Net::HTTPRequest request(body_bytes == 0 ? "DELETE" : "PUT", path, Poco::Net::HTTPRequest::HTTP_1_1);
    request.setContentType("application/fhir+json");
    request.setContentLength64(static_cast<Poco::Int64>(body_bytes));
    request.set("Idempotency-Key", fmt::format("outbox-{}", entry.id));
    if (!destination.bearer_token.empty()) {
      request.set("Authorization", "Bearer " + destination.bearer_token);
    }
    const auto session = OpenSession(uri, destination);
    std::ostream& out = session->sendRequest(request);
    out.write(payload.data() + line_end + 1, static_cast<std::streamsize>(body_bytes));
    Poco::Net::HTTPResponse response;
    DrainAnswer(session->receiveResponse(response));
    const int status = response.getStatus();
    if (status >= 200 && status < 300) {
      return fmt::format("HTTP {}", status);
    }
    return fhir::Fail(WorthAnotherTry(status) ? fhir::ErrorCode::kUnavailable : fhir::ErrorCode::kPeerRefused,
                      {fmt::format("the platform answered HTTP {}", status)}, {},
                      WorthAnotherTry(status) ? fhir::Retry::kLater : fhir::Retry::kNever);
  } catch (const Poco::Exception& error) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the platform cannot be reached"}, {error.displayText()},
                      fhir::Retry::kLater);
  } catch (const std::exception& error) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the platform cannot be reached"}, {error.what()},
                      fhir::Retry::kLater);
  }
}

}  // namespace adapters::platform
