// A bounded set of connections shared by all threads of the node.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/connection.hpp"

namespace gateway::store::pg {

struct PoolOptions {
  ConnectionOptions connection;
  int connections_max = 16;
  int wait_ms_max = 5'000;    ///< a caller waits at most this long for a connection
  int health_ms_max = 3'000;  ///< a server that takes longer over nothing is not well
};

struct PoolState {
  int open = 0;
  int in_use = 0;
  int waiting = 0;
};

/// thread-safe. Connections are made at first need; broken ones are dropped and made again.
class Pool {
 public:
  explicit Pool(PoolOptions options) : options_(std::move(options)) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A connection on loan; goes back at the end of its scope. Must not outlive the pool.
  class Lease {
   public:
    Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  /// Errors: kUnavailable with Retry::kLater when none came free in time or the server cannot be reached.
  fhir::Result<Lease> Acquire();
  /// One trivial statement on a connection of the pool, within a time of its own.
  fhir::Result<void> CheckHealth();
  PoolState state() const;
  const PoolOptions& options() const { return options_; }

 private:
  void Release(std::unique_ptr<Connection> connection);

  const PoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;  // last used at the back
  int open_ = 0;
  int waiting_ = 0;
};

}  // namespace gateway::store::pg
