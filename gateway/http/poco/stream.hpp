// Bytes of one accepted connection, plain or over TLS, with a deadline on every wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gateway::http::poco {

using Deadline = std::chrono::steady_clock::time_point;

enum class IoStatus { kOk, kClosed, kTimeout, kError };

struct IoResult {
  IoStatus status = IoStatus::kError;
  std::size_t bytes = 0;
};

/// thread-compatible. Does not own the descriptor.
class Stream {
 public:
  virtual ~Stream() = default;
  /// At least one byte, or why not. `likely_ready` false says that the bytes are most likely still to come.
  virtual IoResult Read(char* buffer, std::size_t size, Deadline deadline, bool likely_ready) = 0;
  /// Everything, head first; `stall` bounds each wait without progress.
  virtual IoStatus Write(std::string_view head, std::string_view body, std::chrono::milliseconds stall) = 0;
  /// Says the end of what we send, as far as the protocol has a way to.
  virtual void Finish() = 0;
  virtual std::string PeerCertificateSubject() const { return {}; }
};

std::unique_ptr<Stream> MakePlainStream(int descriptor);

/// Waits for readability or writability; kOk, kTimeout or kError.
IoStatus WaitFor(int descriptor, short events, Deadline deadline);

}  // namespace gateway::http::poco
