#include "adapters/hospital/hl7v2/mllp/client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/mllp/framing.hpp"
#include "adapters/hospital/hl7v2/mllp/tls_context.hpp"

namespace adapters::hospital::hl7v2::mllp {
namespace {

using ClientClock = std::chrono::steady_clock;

Poco::Timespan SpanMs(std::int64_t ms) {
  return Poco::Timespan(ms * 1000);
}

std::unexpected<fhir::Error> Later(fhir::ErrorCode code, std::string text, std::string detail = {}) {
  return fhir::Fail(code, {std::move(text)}, {std::move(detail)}, fhir::Retry::kLater);
}

}  // namespace

struct Client::State {
  std::optional<Poco::Net::StreamSocket> socket;
  Poco::Net::Context::Ptr tls;
};

fhir::Result<ClientOptions> ParseAddressOptions(std::string_view host_port) {
  const auto colon = host_port.rfind(':');
  ClientOptions options;
  if (colon == std::string_view::npos || colon == 0) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "an address is HOST:PORT");
  }
  std::string_view host = host_port.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  const std::string_view port = host_port.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (error != std::errc{} || end != port.data() + port.size() || options.port == 0 || host.empty()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "an address is HOST:PORT");
  }
  options.host = std::string(host);
  return options;
}

Client::Client(ClientOptions options) : options_(std::move(options)), state_(std::make_unique<State>()) {}
Client::~Client() {
  Close();
}

void Client::Close() {
  if (state_->socket) {
    try {
      state_->socket->close();
    } catch (const Poco::Exception&) {
      // The peer closed first.
    }
    state_->socket.reset();
  }
}

fhir::Result<std::string> Client::Exchange(std::string_view message) {
  const auto control_id = er7::ReadHeader(message).control_id;
  if (options_.tls.enabled && state_->tls.isNull()) {
    GW_ASSIGN(Poco::Net::Context * context, MakeTlsContext(options_.tls, TlsSide::kClient));
    state_->tls = Poco::Net::Context::Ptr(context);
  }
  try {
    // Bytes that wait before anything was asked are the peer's close or an answer nobody waits for.
    if (state_->socket && state_->socket->poll(SpanMs(0), Poco::Net::Socket::SELECT_READ)) {
      Close();
    }
    if (!state_->socket) {
      Poco::Net::StreamSocket plain;
      plain.connect(Poco::Net::SocketAddress(options_.host, options_.port), SpanMs(options_.connect_timeout_ms));
      plain.setKeepAlive(true);
      plain.setNoDelay(true);
      plain.setSendTimeout(SpanMs(options_.answer_timeout_ms));
      plain.setReceiveTimeout(SpanMs(options_.answer_timeout_ms));
      state_->socket =
          options_.tls.enabled ? Poco::Net::SecureStreamSocket::attach(plain, options_.host, state_->tls) : plain;
    }
    auto& socket = *state_->socket;
    const std::string frame = Frame(message);
    for (std::size_t sent = 0; sent < frame.size();) {
      const int count = socket.sendBytes(frame.data() + sent, static_cast<int>(frame.size() - sent));
      if (count <= 0) {
        Close();
        return Later(fhir::ErrorCode::kUnavailable, "the receiver closed the connection");
      }
      sent += static_cast<std::size_t>(count);
    }
    const auto deadline = ClientClock::now() + std::chrono::milliseconds(options_.answer_timeout_ms);
    FrameReader reader(options_.answer_bytes_max);
    std::vector<char> buffer(16 * 1024);
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - ClientClock::now()).count();
      if (left <= 0 || !(socket.available() > 0 || socket.poll(SpanMs(left), Poco::Net::Socket::SELECT_READ))) {
        Close();
        return Later(fhir::ErrorCode::kTimeout, "no acknowledgement came in time");
      }
      const int received = socket.receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
      if (received <= 0) {
        Close();
        return Later(fhir::ErrorCode::kUnavailable, "the receiver closed the connection without an acknowledgement");
      }
      std::string_view bytes(buffer.data(), static_cast<std::size_t>(received));
      while (!bytes.empty()) {
        const auto event = reader.Feed(bytes);
        if (event == FrameReader::Event::kTooLarge) {
          Close();
          return Later(fhir::ErrorCode::kTooLarge, "the acknowledgement is too large");
        }
        if (event == FrameReader::Event::kFrame) {
          std::string answer = reader.TakeFrame();
          const auto read = ack::Read(answer);
          if (read && read->control_id == control_id) {
            return answer;
          }
        }
      }
    }
  } catch (const Poco::TimeoutException& error) {
    Close();
    return Later(fhir::ErrorCode::kTimeout, "the receiver did not answer in time", error.displayText());
  } catch (const Poco::Exception& error) {
    Close();
    return Later(fhir::ErrorCode::kUnavailable, "the receiver cannot be reached", error.displayText());
  }
}

}  // namespace adapters::hospital::hl7v2::mllp
