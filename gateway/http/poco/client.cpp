// The client on Poco's HTTPClientSession and HTTPSClientSession.
#include "gateway/http/client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "gateway/http/wire/characters.hpp"

namespace gateway::http {
namespace {

using fhir::ErrorCode;
using fhir::Fail;
using fhir::InternalText;
using fhir::PublicText;
using fhir::Retry;

Poco::Timespan Span(std::int64_t milliseconds) {
  return {milliseconds * Poco::Timespan::MILLISECONDS};
}

std::unexpected<fhir::Error> ClientFailure(ErrorCode code, std::string_view what, const std::string& origin) {
  return Fail(code, PublicText{fmt::format("{}: {}", origin, what)}, InternalText{}, Retry::kLater);
}

}  // namespace

class Client::State {
 public:
  explicit State(ClientOptions options) : options_(std::move(options)) {}

  fhir::Result<ClientResponse> Send(const ClientRequest& request) {
    for (const auto& [name, value] : request.headers.fields()) {
      if (!wire::All(name, wire::kTokenCharacter) || !wire::All(value, wire::kValueCharacter)) {
        return Fail(ErrorCode::kMalformed, "A header of the request holds a character that no header can.");
      }
    }
    try {
      const Poco::URI uri(request.url);
      const std::string& scheme = uri.getScheme();
      if ((scheme != "http" && scheme != "https") || uri.getHost().empty() || !uri.getUserInfo().empty()) {
        return Fail(ErrorCode::kMalformed, "The URL must be http:// or https://, with a host and without credentials.");
      }
      origin_text_ = fmt::format("{}:{}", uri.getHost(), uri.getPort());
      const std::string origin = scheme + "://" + origin_text_;
      const bool kept = session_ != nullptr && origin == origin_;
      if (!kept) {
        GW_TRY(Open(uri));
        origin_ = origin;
      }
      const std::string target = uri.getPathAndQuery().empty() ? "/" : uri.getPathAndQuery();
      bool answered = false;
      auto response = Exchange(request, target, answered);
      const bool repeatable = request.method != Method::kPost && request.method != Method::kPatch;
      if (!response && kept && !answered && repeatable && response.error().code == ErrorCode::kUnavailable) {
        GW_TRY(Open(uri));
        response = Exchange(request, target, answered);
      }
      if (!response) {
        session_.reset();
      }
      return response;
    } catch (const Poco::SyntaxException&) {
      return Fail(ErrorCode::kMalformed, "The URL is not valid.");
    } catch (const Poco::Exception& exception) {
      session_.reset();
      return ClientFailure(ErrorCode::kUnavailable, exception.name(), origin_text_);
    }
  }

 private:
  fhir::Result<void> Open(const Poco::URI& uri) {
    session_.reset();
    if (uri.getScheme() == "https") {
      GW_TRY(MakeContext());
      session_ = std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), context_);
    } else {
      session_ = std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
    }
    session_->setKeepAlive(true);
    // The far side decides when a kept connection ends; asking again after 30 s of rest is cheap.
    session_->setKeepAliveTimeout(Poco::Timespan(30, 0));
    session_->setTimeout(Span(options_.connect_timeout_ms), Span(options_.read_timeout_ms),
                         Span(options_.read_timeout_ms));
    return {};
  }

  fhir::Result<void> MakeContext() {
    if (!context_.isNull()) {
      return {};
    }
    try {
      context_ =
          new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, options_.key_file, options_.certificate_file,
                                 options_.ca_file, Poco::Net::Context::VERIFY_STRICT, 9, options_.ca_file.empty());
      context_->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
      context_->enableExtendedCertificateVerification(true);
    } catch (const Poco::Exception&) {
      return Fail(ErrorCode::kConfiguration, "The certificate, key or trusted roots of a destination cannot be used.");
    }
    return {};
  }

  fhir::Result<ClientResponse> Exchange(const ClientRequest& request, const std::string& target, bool& answered) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.total_timeout_ms);
    try {
      Poco::Net::HTTPRequest head(std::string(Name(request.method)), target, Poco::Net::HTTPMessage::HTTP_1_1);
      for (const auto& [name, value] : request.headers.fields()) {
        head.add(name, value);
      }
      head.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
      std::ostream& out = session_->sendRequest(head);
      out.write(request.body.data(), static_cast<std::streamsize>(request.body.size()));
      out.flush();
      if (session_->networkException() != nullptr) {
        session_->networkException()->rethrow();
      }
      Poco::Net::HTTPResponse head_of_response;
      std::istream& in = session_->receiveResponse(head_of_response);
      answered = true;
      ClientResponse response;
      response.status = head_of_response.getStatus();
      for (const auto& [name, value] : head_of_response) {
        response.headers.Add(name, value);
      }
      GW_TRY(ReadBody(in, head_of_response, request.method, deadline, response.body));
      return response;
    } catch (const Poco::TimeoutException&) {
      return ClientFailure(ErrorCode::kTimeout, "no answer in time", origin_text_);
    } catch (const Poco::Exception& exception) {
      return ClientFailure(ErrorCode::kUnavailable, exception.name(), origin_text_);
    }
  }

  fhir::Result<void> ReadBody(std::istream& in, const Poco::Net::HTTPResponse& head, Method method,
                              std::chrono::steady_clock::time_point deadline, std::string& body) {
    std::array<char, 16 * 1024> buffer;
    while (in.good()) {
      in.read(buffer.data(), buffer.size());
      body.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
      if (body.size() > options_.response_bytes_max) {
        return Fail(ErrorCode::kTooLarge, origin_text_ + ": the answer is too large");
      }
      if (std::chrono::steady_clock::now() > deadline) {
        return ClientFailure(ErrorCode::kTimeout, "the answer took too long", origin_text_);
      }
    }
    if (session_->networkException() != nullptr) {
      session_->networkException()->rethrow();
    }
    // Poco ends the stream quietly when the peer goes away in the middle.
    const bool bodiless = method == Method::kHead || head.getStatus() == 204 || head.getStatus() == 304;
    if (!bodiless && head.hasContentLength() && head.getContentLength64() != static_cast<Poco::Int64>(body.size())) {
      return ClientFailure(ErrorCode::kUnavailable, "the answer was cut short", origin_text_);
    }
    return {};
  }

  ClientOptions options_;
  std::string origin_;
  std::string origin_text_;  // host and port, for errors
  std::unique_ptr<Poco::Net::HTTPClientSession> session_;
  Poco::Net::Context::Ptr context_;
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

fhir::Result<ClientResponse> Client::Send(const ClientRequest& request) {
  return state_->Send(request);
}

}  // namespace gateway::http
