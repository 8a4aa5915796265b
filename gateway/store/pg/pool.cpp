#include "gateway/store/pg/pool.hpp"

#include <fmt/format.h>

#include <chrono>
#include <vector>

namespace gateway::store::pg {
Pool::~Pool() = default;

Pool::Lease::~Lease() {
  if (connection_) {
    pool_->Release(std::move(connection_));
  }
}

fhir::Result<Pool::Lease> Pool::Acquire() {
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.wait_ms_max);
  ++waiting_;
  const bool free =
      freed_.wait_until(lock, deadline, [this] { return !idle_.empty() || open_ < options_.connections_max; });
  --waiting_;
  if (!free) {
    return fhir::Fail(
        fhir::ErrorCode::kUnavailable, {"The database is too busy."},
        {fmt::format("no free connection of {} within {} ms", options_.connections_max, options_.wait_ms_max)},
        fhir::Retry::kLater);
  }
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    lock.unlock();  // asking the socket is a system call: others need not wait for it
    if (connection->LooksAlive()) {
      return Lease(*this, std::move(connection));
    }
    connection.reset();
    lock.lock();
    --open_;
  }
  ++open_;  // the place is held while the connection is made without the lock
  lock.unlock();
  auto connection = Connection::Open(options_.connection);
  if (!connection) {
    lock.lock();
    --open_;
    lock.unlock();
    freed_.notify_one();
    return std::unexpected(std::move(connection).error());
  }
  return Lease(*this, *std::move(connection));
}

void Pool::Release(std::unique_ptr<Connection> connection) {
  const bool usable = !connection->broken() && connection->idle();
  const bool silent = connection->silent();
  if (!usable) {
    connection.reset();  // an open transaction ends with its connection
  }
  std::vector<std::unique_ptr<Connection>> doubtful;
  {
    const std::lock_guard lock(mutex_);
    if (usable) {
      idle_.push_back(std::move(connection));
    } else {
      --open_;
    }
    if (silent) {
      // The server has stopped, or the way to it: a new connection finds out sooner than a statement on an old one.
      doubtful.swap(idle_);
      open_ -= static_cast<int>(doubtful.size());
    }
  }
  silent ? freed_.notify_all() : freed_.notify_one();
}

fhir::Result<void> Pool::CheckHealth() {
  GW_ASSIGN(const Lease lease, Acquire());
  return lease->Ping(options_.health_ms_max);
}

PoolState Pool::state() const {
  const std::lock_guard lock(mutex_);
  return {.open = open_, .in_use = open_ - static_cast<int>(idle_.size()), .waiting = waiting_};
}

}  // namespace gateway::store::pg
