#include "adapters/hospital/hl7v2/mllp/listener.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "adapters/hospital/hl7v2/mllp/framing.hpp"
#include "adapters/hospital/hl7v2/mllp/tls_context.hpp"

namespace adapters::hospital::hl7v2::mllp {
namespace {

using ListenerClock = std::chrono::steady_clock;

constexpr int kWakeMs = 100;  // how often a waiting thread looks whether it should stop
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::uint64_t kJunkBytesMax = 4096;  // what may stand before a frame: more is no MLLP

struct AtomicCounters {
  std::atomic<std::uint64_t> connections = 0, connections_refused = 0, frames = 0, frames_too_large = 0,
                             frames_cut_off = 0, skipped_bytes = 0, closed_idle = 0, closed_junk = 0,
                             closed_unanswered = 0;
};

/// A connection and its thread. The socket is shared by the thread and by Stop, which may shut it down.
struct Connection {
  Poco::Net::StreamSocket socket;
  std::thread thread;
  std::atomic<bool> done = false;
};

class PocoListener final : public Listener {
 public:
  PocoListener(ListenerOptions options, Handler handler) : options_(std::move(options)), handler_(std::move(handler)) {}
  ~PocoListener() override { Stop(0); }

  fhir::Result<void> Open() {
    if (options_.tls.enabled) {
      GW_TRY(ReloadTls());
    }
    try {
      // Without SO_REUSEPORT: two gateways must not share one port unnoticed.
      server_.bind(Poco::Net::SocketAddress(options_.host, options_.port), true, false);
      server_.listen(128);
      port_ = server_.address().port();
    } catch (const Poco::Exception& error) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable,
                        {"the MLLP address " + options_.host + ":" + std::to_string(options_.port) + " cannot be used"},
                        {error.displayText()});
    }
    accepting_ = std::thread([this] { Accept(); });
    return {};
  }

  std::uint16_t port() const override { return port_; }

  Counters counters() const override {
    return {counters_.connections,      counters_.connections_refused, counters_.frames,
            counters_.frames_too_large, counters_.frames_cut_off,      counters_.skipped_bytes,
            counters_.closed_idle,      counters_.closed_junk,         counters_.closed_unanswered};
  }

  std::size_t open_connections() const override { return open_; }

  fhir::Result<void> ReloadTls() override {
    if (!options_.tls.enabled) {
      return {};
    }
    GW_ASSIGN(Poco::Net::Context * context, MakeTlsContext(options_.tls, TlsSide::kServer));
    const std::lock_guard lock(mutex_);
    tls_ = Poco::Net::Context::Ptr(context);
    return {};
  }

  void Stop(int wait_ms) override {
    stopping_ = true;
    const std::lock_guard stop_lock(stop_mutex_);
    if (accepting_.joinable()) {
      accepting_.join();
    }
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return open_ == 0; });
      for (auto& connection : connections_) {
        if (!connection.done) {
          try {
            connection.socket.shutdown();
          } catch (const Poco::Exception&) {
            // Already gone: that is what was wanted.
          }
        }
      }
    }
    for (auto& connection : connections_) {
      if (connection.thread.joinable()) {
        connection.thread.join();
      }
    }
    connections_.clear();
  }

 private:
  void Accept() {
    while (!stopping_) {
      Reap();
      try {
        if (!server_.poll(Poco::Timespan(0, kWakeMs * 1000), Poco::Net::Socket::SELECT_READ)) {
          continue;
        }
        Poco::Net::StreamSocket socket = server_.acceptConnection();
        if (open_ >= options_.connections_max) {
          ++counters_.connections_refused;
          Tell("no-place");
          socket.close();
          continue;
        }
        Begin(socket);
      } catch (const std::exception&) {
        // The peer left while it was being accepted, or descriptors ran out for a moment.
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    try {
      server_.close();
    } catch (const Poco::Exception&) {
      // Nothing is left to do with it.
    }
  }

  void Begin(const Poco::Net::StreamSocket& socket) {
    ++counters_.connections;
    ++open_;
    const std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.socket = socket;
    connection.thread = std::thread([this, &connection, number = counters_.connections.load()] {
      try {
        Serve(connection.socket, number);
      } catch (const std::exception&) {
        // The peer is gone or does not speak TLS: the connection ends, nothing was acknowledged.
      }
      try {
        connection.socket.close();
      } catch (const std::exception&) {
        // Gone already.
      }
      const std::lock_guard done_lock(mutex_);
      connection.done = true;
      --open_;
      changed_.notify_all();
    });
  }

  void Reap() {
    const std::lock_guard lock(mutex_);
    for (auto at = connections_.begin(); at != connections_.end();) {
      if (at->done) {
        at->thread.join();
        at = connections_.erase(at);
      } else {
        ++at;
      }
    }
  }

  void Serve(Poco::Net::StreamSocket plain, std::uint64_t number) {
    Session session{.peer = plain.peerAddress().toString(), .number = number};
    plain.setKeepAlive(true);
    plain.setNoDelay(true);
    plain.setReceiveTimeout(Poco::Timespan(std::int64_t{options_.frame_timeout_ms} * 1000));
    plain.setSendTimeout(Poco::Timespan(std::int64_t{options_.send_timeout_ms} * 1000));
    Poco::Net::StreamSocket socket = plain;
    if (options_.tls.enabled) {
      Poco::Net::Context::Ptr context;
      {
        const std::lock_guard lock(mutex_);
        context = tls_;
      }
      auto secure = Poco::Net::SecureStreamSocket::attach(plain, context);
      if (!plain.poll(Poco::Timespan(std::int64_t{options_.frame_timeout_ms} * 1000), Poco::Net::Socket::SELECT_READ)) {
        return;
      }
      secure.completeHandshake();
      socket = secure;
    }
    FrameReader reader(options_.frame_bytes_max);
    std::vector<char> buffer(kReadBytes);
    auto waiting_since = ListenerClock::now();
    while (true) {
      if (!WaitForBytes(socket, reader, waiting_since)) {
        CountEnd(reader);
        if (reader.too_large()) {
          session.too_large = true;
          Answer(socket, reader, session);
        }
        return;
      }
      const int received = socket.receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
      if (received <= 0) {
        CountEnd(reader);
        return;
      }
      const bool was_inside = reader.inside_frame();
      const bool was_clean = reader.junk_bytes() == 0;
      const auto skipped_before = reader.skipped_bytes();
      std::string_view bytes(buffer.data(), static_cast<std::size_t>(received));
      bool handled = false;
      while (!bytes.empty()) {
        const auto event = reader.Feed(bytes);
        if (event == FrameReader::Event::kNeedMore) {
          continue;
        }
        handled = true;
        session.too_large = event == FrameReader::Event::kTooLarge;
        if (!Answer(socket, reader, session)) {
          return;
        }
        if (stopping_) {
          return;
        }
      }
      counters_.skipped_bytes += reader.skipped_bytes() - skipped_before;
      if (reader.junk_bytes() > kJunkBytesMax) {
        ++counters_.closed_junk;
        Tell("junk");
        return;
      }
      // The clock of a frame runs from its first byte, and that of a peer who sends something else from his; line ends
      // between frames do not keep a connection awake.
      if (handled || (!was_inside && reader.inside_frame()) || (was_clean && reader.junk_bytes() > 0)) {
        waiting_since = ListenerClock::now();
      }
    }
  }

  /// False when the time is up or the listener stops while no frame is being handled.
  bool WaitForBytes(Poco::Net::StreamSocket& socket, const FrameReader& reader, ListenerClock::time_point since) {
    const bool junk = !reader.inside_frame() && reader.junk_bytes() > 0;
    const auto limit =
        std::chrono::milliseconds(reader.inside_frame() || junk ? options_.frame_timeout_ms : options_.idle_timeout_ms);
    while (!stopping_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(since + limit - ListenerClock::now());
      if (left.count() <= 0) {
        ++(junk ? counters_.closed_junk : counters_.closed_idle);
        Tell(junk ? "junk" : reader.inside_frame() ? "half-frame" : "idle");
        return false;
      }
      const auto wait_ms = std::min<std::int64_t>(left.count(), kWakeMs);
      if (socket.available() > 0 || socket.poll(Poco::Timespan(wait_ms * 1000), Poco::Net::Socket::SELECT_READ)) {
        return true;
      }
    }
    return false;
  }

  void Tell(std::string_view reason) const {
    if (options_.closed) {
      options_.closed(reason);
    }
  }

  void CountEnd(const FrameReader& reader) {
    if (reader.inside_frame()) {
      ++counters_.frames_cut_off;
    }
  }

  bool Answer(Poco::Net::StreamSocket& socket, FrameReader& reader, const Session& session) {
    ++counters_.frames;
    if (session.too_large) {
      ++counters_.frames_too_large;
    }
    const auto answer = handler_(reader.TakeFrame(), session);
    if (!answer) {
      ++counters_.closed_unanswered;
      Tell("unanswered");
      return false;
    }
    const std::string frame = answer->empty() ? std::string() : Frame(*answer);
    std::size_t sent = 0;
    while (sent < frame.size()) {
      const int count = socket.sendBytes(frame.data() + sent, static_cast<int>(frame.size() - sent));
      if (count <= 0) {
        return false;
      }
      sent += static_cast<std::size_t>(count);
    }
    return true;
  }

  const ListenerOptions options_;
  const Handler handler_;
  Poco::Net::ServerSocket server_;
  std::uint16_t port_ = 0;
  std::thread accepting_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> open_ = 0;
  AtomicCounters counters_;
  std::mutex stop_mutex_;  // one Stop at a time
  std::mutex mutex_;       // guards connections_, tls_ and the done flags
  std::condition_variable changed_;
  std::list<Connection> connections_;
  Poco::Net::Context::Ptr tls_;
};

}  // namespace

fhir::Result<std::unique_ptr<Listener>> Listener::Start(ListenerOptions options, Handler handler) {
  auto listener = std::make_unique<PocoListener>(std::move(options), std::move(handler));
  GW_TRY(listener->Open());
  return listener;
}

}  // namespace adapters::hospital::hl7v2::mllp
