// Waits on the server that end. libpq's own calls wait for ever on a server that is stopped, or behind a network that
// swallows packets. Private to this folder.
#pragma once

#include <chrono>

struct pg_conn;

namespace gateway::store::pg {

class Deadline {
 public:
  /// 0: none.
  static Deadline In(int ms);
  /// For poll: -1 when there is none.
  int RemainingMs() const;

 private:
  std::chrono::steady_clock::time_point at_ = std::chrono::steady_clock::time_point::max();
};

/// Until PQgetResult would not wait, or the connection has failed, which PQgetResult then says. What has not left yet
/// is sent meanwhile. False when the deadline has passed.
bool AwaitResult(pg_conn* connection, const Deadline& deadline);

/// Until everything has left, or the connection has failed. False when the deadline has passed.
bool AwaitSent(pg_conn* connection, const Deadline& deadline);

}  // namespace gateway::store::pg
