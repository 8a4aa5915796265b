#include "gateway/http/poco/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>

#include "gateway/http/poco/response_writer.hpp"
#include "gateway/http/target.hpp"

namespace gateway::http::poco {
namespace {

using fhir::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kLingerBytesMax = 16 * 1024 * 1024;
constexpr auto kLingerTime = milliseconds(1'000);
constexpr wire::Refusal kHeaderSlow{408, ErrorCode::kTimeout, "The request header arrived too slowly."};
constexpr wire::Refusal kHeaderCut{400, ErrorCode::kMalformed, "The request is cut short."};
constexpr wire::Refusal kNoPlace{503, ErrorCode::kUnavailable, "Too many connections; try again later."};

/// Whether the peer has closed its side, or the connection is broken; what it has sent ahead does not matter.
bool HasLeft(int descriptor) {
  pollfd looked_at{descriptor, POLLRDHUP, 0};
  return ::poll(&looked_at, 1, 0) > 0;
}

wire::HeadLimits LimitsOf(const settings::Http& http) {
  return {http.request_line_bytes_max, http.header_bytes_max, http.header_count_max};
}

}  // namespace

Connection::Connection(Core& core, Peer peer)
    : core_(core), peer_(std::move(peer)), scanner_(LimitsOf(core.options.http)) {
  entry_.descriptor = peer_.descriptor;
}

void Connection::Run() {
  core_.registry.Add(entry_);
  try {
    Serve();
  } catch (const std::exception&) {
    // The thread's last resort: nothing is known about how far the answer got, so the connection ends here.
    core_.CountRefusal(500);
  }
  core_.registry.Remove(entry_);
}

void Connection::Serve() {
  const settings::Http& http = core_.options.http;
  Share place(core_.places);
  if (core_.places.taken() >= http.connections_max) {
    core_.registry.EvictOldestIdle();
  }
  const auto outcome = place.Take(1, steady_clock::now() + milliseconds(http.queue_timeout_ms));
  const bool served = outcome == Budget::Outcome::kGranted && !core_.stopping;
  if (core_.tls) {
    const auto patience = served ? milliseconds(http.header_timeout_ms) : kLingerTime;
    stream_ = core_.tls->Accept(peer_.descriptor, steady_clock::now() + patience);
    if (!stream_) {
      return;
    }
    request_.client_certificate_subject = stream_->PeerCertificateSubject();
  } else {
    stream_ = MakePlainStream(peer_.descriptor);
  }
  if (!served) {
    Refuse(kNoPlace);
    Linger();
    return;
  }
  while (ServeOne() == Next::kRequest) {
  }
  place.Shrink(0);  // closing may take a moment, and needs no place
  Linger();
}

Connection::Next Connection::ReadHead(std::size_t& head_bytes) {
  const settings::Http& http = core_.options.http;
  std::array<char, kReadBytes> buffer;
  scanner_.Reset();
  if (input_.empty()) {
    entry_.idle_since = steady_clock::now().time_since_epoch().count();
    entry_.phase = Phase::kIdle;
    if (core_.stopping) {
      return Next::kClose;
    }
    const auto patience = milliseconds(requests_ == 0 ? http.header_timeout_ms : http.idle_timeout_ms);
    const IoResult read = stream_->Read(buffer.data(), buffer.size(), steady_clock::now() + patience, false);
    Phase idle = Phase::kIdle;
    evicted_ = !entry_.phase.compare_exchange_strong(idle, Phase::kBusy);
    entry_.phase = Phase::kBusy;
    if (read.status != IoStatus::kOk) {
      return Next::kClose;
    }
    input_.assign(buffer.data(), read.bytes);
  }
  request_started_ = steady_clock::now();
  const Deadline deadline = request_started_ + milliseconds(std::min(http.header_timeout_ms, http.request_timeout_ms));
  for (;;) {
    const auto scanned = scanner_.Scan(input_);
    if (!scanned) {
      return Refuse(scanned.error());
    }
    if (*scanned > 0) {
      head_bytes = *scanned;
      return Next::kRequest;
    }
    // A peer that sends a byte now and then is never waited for, so the deadline is looked at here as well.
    const IoResult read = steady_clock::now() >= deadline ? IoResult{IoStatus::kTimeout, 0}
                                                          : stream_->Read(buffer.data(), buffer.size(), deadline, true);
    switch (read.status) {
      case IoStatus::kOk:
        input_.append(buffer.data(), read.bytes);
        break;
      case IoStatus::kTimeout:
        return Refuse(kHeaderSlow);
      case IoStatus::kClosed:
        return Refuse(kHeaderCut);
      case IoStatus::kError:
        return Next::kClose;
    }
  }
}

bool Connection::FillRequest(const wire::Head& head, Request& request) {
  auto target = ParseTarget(head.target, core_.options.http.query_parameters_max);
  if (!target) {
    const ErrorCode code = target.error().code;
    Refuse({code == ErrorCode::kTooLarge ? 414 : 400, code, target.error().public_text.text});
    return false;
  }
  request.method = head.method;
  request.target.assign(head.target);
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.headers.Clear();
  for (const auto& [name, value] : head.fields) {
    if (!EqualsIgnoringCase(name, "Content-Encoding")) {
      request.headers.Add(std::string(name), std::string(value));
    }
  }
  request.peer = peer_.address;
  request.tls = core_.tls != nullptr;
  request.from_loopback = peer_.loopback;
  request.request_id.clear();
  request.path_parameters.clear();
  request.route = {};
  return true;
}

Connection::Next Connection::ServeOne() {
  std::size_t head_bytes = 0;
  if (ReadHead(head_bytes) == Next::kClose) {
    return Next::kClose;
  }
  ++requests_;
  // The head's views point into `bytes`, so what follows the head moves to input_ while the head is kept apart.
  std::string bytes = input_.substr(0, head_bytes);
  input_.erase(0, head_bytes);
  if (const auto refusal = wire::ParseHead(bytes, head_)) {
    return Refuse(*refusal);
  }
  if (!FillRequest(head_, request_)) {
    return Next::kClose;
  }
  const settings::Http& http = core_.options.http;
  Share share(core_.body_bytes);
  const bool has_body = head_.chunked || head_.content_length.value_or(0) > 0;
  const bool body_unread = has_body && core_.options.wants_body && !core_.options.wants_body(request_);
  if (body_unread) {
    request_.body.clear();
  } else {
    BodyReader reader(core_, *stream_, input_, share, request_started_ + milliseconds(http.request_timeout_ms));
    if (const Trouble trouble = reader.Read(head_, request_.body)) {
      return trouble->status == 0 ? Next::kClose : Refuse(*trouble, &request_);
    }
  }
  const bool head_only = request_.method == Method::kHead;
  Response response;
  try {
    if (core_.options.around) {
      const std::function<bool()> waits = [this] { return !HasLeft(peer_.descriptor); };
      response = core_.options.around(core_.handler, request_, waits);
    } else {
      response = core_.handler(request_);
    }
  } catch (...) {
    // The REST layer has its own last resort with a log line; this one keeps the connection's promise of an answer.
    core_.CountRefusal(500);
    response = ErrorResponse(500, ErrorCode::kInternal, "The server failed.", core_.options.error_body);
    response.close = true;
  }
  if (request_.body.capacity() > http.body_budget_from_bytes) {
    request_.body = {};  // its share of the budget ends with this request
  }
  if (http.compress_responses) {  // for HEAD too: its header is that of GET
    CompressResponse(response, AcceptsGzip(request_.headers.Get("Accept-Encoding").value_or("")),
                     http.compress_from_bytes);
  }
  const bool keep_alive = head_.keep_alive && !body_unread && !response.close && !evicted_ && !core_.stopping &&
                          requests_ < http.requests_per_connection_max && core_.places.waiting() == 0;
  return Answer(std::move(response), head_only, keep_alive);
}

Connection::Next Connection::Answer(Response response, bool head_only, bool keep_alive) {
  const ResponseFraming framing{head_only, keep_alive};
  WriteHead(response, framing, output_);
  const std::string_view body =
      SendsBody(response.status, framing) ? std::string_view(response.body) : std::string_view();
  const IoStatus sent = stream_->Write(output_, body, milliseconds(core_.options.http.write_timeout_ms));
  return sent == IoStatus::kOk && keep_alive ? Next::kRequest : Next::kClose;
}

Connection::Next Connection::Refuse(const wire::Refusal& refusal, const Request* request) {
  core_.CountRefusal(refusal.status);
  Response response = ErrorResponse(refusal.status, refusal.code, refusal.text, core_.options.error_body);
  if (request != nullptr && core_.options.adapt_refusal) {
    core_.options.adapt_refusal(*request, response);
  }
  if (refusal.status == 503) {
    response.headers.Set("Retry-After", "1");
  } else if (refusal.status == 415) {
    response.headers.Set("Accept-Encoding", "gzip");
  } else if (refusal.status == 501) {
    response.headers.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  return Answer(std::move(response), false, false);
}

/// Closing with unread bytes sends a reset, which may destroy the answer on its way (RFC 9112 §9.6); so the sending
/// side is ended first, and what still arrives is read and dropped for a moment.
void Connection::Linger() {
  stream_->Finish();
  ::shutdown(peer_.descriptor, SHUT_WR);
  std::array<char, kReadBytes> buffer;
  const Deadline deadline = steady_clock::now() + (core_.stopping ? milliseconds(100) : kLingerTime);
  for (std::size_t dropped = 0; dropped < kLingerBytesMax && steady_clock::now() < deadline;) {
    if (WaitFor(peer_.descriptor, POLLIN, deadline) != IoStatus::kOk) {
      return;
    }
    const ssize_t count = ::recv(peer_.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count <= 0) {
      return;
    }
    dropped += static_cast<std::size_t>(count);
  }
}

}  // namespace gateway::http::poco
