#include "gateway/store/pg/wait.hpp"

#include <libpq-fe.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "gateway/store/pg/wanted.hpp"

namespace gateway::store::pg {
namespace {

enum class Polled { kSomething, kExpired };

constexpr int kWantedLookMs = 250;

// Of the thread's scope: the question comes from the edge of the program, and the wait is below everything.
thread_local const std::function<bool()>* wanted_by = nullptr;

/// TLS may hold bytes that the socket does not tell of any more.
bool HoldsBytes(pg_conn* connection) {
  const auto* tls = static_cast<const SSL*>(PQsslStruct(connection, "OpenSSL"));
  return tls != nullptr && SSL_pending(tls) > 0;
}

/// Waits for the socket and takes in what has come.
Polled Turn(pg_conn* connection, bool sending, const Deadline& deadline) {
  if (!HoldsBytes(connection)) {
    pollfd descriptor{PQsocket(connection), static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0};
    const int remaining_ms = deadline.RemainingMs();
    const bool looks = wanted_by != nullptr && (remaining_ms < 0 || remaining_ms > kWantedLookMs);
    const int ready = poll(&descriptor, 1, looks ? kWantedLookMs : remaining_ms);
    if (ready == 0 && !looks) {
      return Polled::kExpired;
    }
    if (ready == 0) {
      if (!(*wanted_by)()) {
        shutdown(descriptor.fd, SHUT_RDWR);  // libpq finds it lost at its next look
      }
      return Polled::kSomething;
    }
    if (ready < 0 || (descriptor.revents & ~POLLOUT) == 0) {
      return Polled::kSomething;  // interrupted, or room to send
    }
  }
  PQconsumeInput(connection);  // its failure shows in the connection's status
  return Polled::kSomething;
}

}  // namespace

Deadline Deadline::In(int ms) {
  Deadline deadline;
  if (ms > 0) {
    deadline.at_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  }
  return deadline;
}

int Deadline::RemainingMs() const {
  if (at_ == std::chrono::steady_clock::time_point::max()) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

WhileWanted::WhileWanted(const std::function<bool()>& wanted) {
  wanted_by = &wanted;
}

WhileWanted::~WhileWanted() {
  wanted_by = nullptr;
}

bool AwaitResult(pg_conn* connection, const Deadline& deadline) {
  while (PQisBusy(connection) != 0) {
    const int unsent = PQflush(connection);
    if (unsent < 0 || PQstatus(connection) != CONNECTION_OK) {
      return true;
    }
    if (Turn(connection, unsent > 0, deadline) == Polled::kExpired) {
      return false;
    }
  }
  return true;
}

bool AwaitSent(pg_conn* connection, const Deadline& deadline) {
  while (PQflush(connection) > 0) {
    if (Turn(connection, /*sending=*/true, deadline) == Polled::kExpired) {
      return false;
    }
  }
  return true;
}

}  // namespace gateway::store::pg
