// Accepts MLLP connections: one thread each, frames in order, one answer per frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/hospital/hl7v2/mllp/tls.hpp"
#include "fhir/base/error.hpp"

namespace adapters::hospital::hl7v2::mllp {

struct ListenerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one, see Listener::port
  TlsFiles tls;
  std::size_t connections_max = 64;  ///< one more is closed at once
  std::size_t frame_bytes_max = 64u * 1024 * 1024;
  int idle_timeout_ms = 600'000;  ///< between frames
  /// From a frame's first byte to its last, for the TLS handshake, and from the first byte that belongs to no frame to
  /// the beginning of one.
  int frame_timeout_ms = 30'000;
  int send_timeout_ms = 30'000;
  /// Told when this side ends a connection, in a word: "no-place", "idle", "half-frame", "junk", "unanswered". Must be
  /// thread-safe and must not throw. May be empty.
  std::function<void(std::string_view reason)> closed;
};

struct Session {
  std::string peer;          ///< "127.0.0.1:41234", for logs
  std::uint64_t number = 0;  ///< of the connection, for logs
  bool too_large = false;    ///< the frame is over the limit; its bytes are the beginning alone
};

/// Gets one frame's content and returns the answer's; "": none is wanted, and the next frame may come. nullopt: close
/// the connection without an answer, so that the sender keeps its message. Called on the connection's thread; must be
/// thread-safe; must not throw.
using Handler = std::function<std::optional<std::string>(std::string frame, const Session& session)>;

/// thread-safe.
class Listener {
 public:
  struct Counters {
    std::uint64_t connections = 0, connections_refused = 0, frames = 0, frames_too_large = 0, frames_cut_off = 0,
                  skipped_bytes = 0, closed_idle = 0, closed_junk = 0, closed_unanswered = 0;
  };

  /// Binds, listens and starts accepting.
  /// Errors: kUnavailable when the address is taken or unusable, kConfiguration for the TLS files.
  static fhir::Result<std::unique_ptr<Listener>> Start(ListenerOptions options, Handler handler);
  virtual ~Listener() = default;

  virtual std::uint16_t port() const = 0;
  virtual Counters counters() const = 0;
  virtual std::size_t open_connections() const = 0;
  /// Reads the TLS files again; connections that are open keep what they have. Errors: kConfiguration; the old stay.
  virtual fhir::Result<void> ReloadTls() = 0;
  /// Accepts no more, lets every connection finish the frame it has begun to handle, then closes. A frame of which only
  /// a part has arrived is left to the sender. Waits at most `wait_ms`, then closes the sockets anyway.
  virtual void Stop(int wait_ms) = 0;
};

}  // namespace adapters::hospital::hl7v2::mllp
