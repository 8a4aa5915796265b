// What all connections of one server share.
#pragma once

#include <atomic>
#include <memory>

#include "gateway/http/poco/budget.hpp"
#include "gateway/http/poco/registry.hpp"
#include "gateway/http/poco/tls.hpp"
#include "gateway/http/server.hpp"

namespace gateway::http::poco {

/// Threads beyond connections and queue: they answer 503 while all others are taken.
inline constexpr std::size_t kRefusingThreads = 16;

/// thread-safe.
struct Core {
  Core(ServerOptions given, Handler given_handler)
      : options(std::move(given)),
        handler(std::move(given_handler)),
        places(options.http.connections_max, options.http.connections_queue_max),
        body_bytes(options.http.body_budget_bytes, options.http.connections_max) {}

  void CountRefusal(int status);

  const ServerOptions options;
  const Handler handler;
  Budget places;
  Budget body_bytes;
  Registry registry;
  std::unique_ptr<TlsContext> tls;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> open{0};  ///< accepted and not closed
};

/// Gives back what it holds. thread-compatible.
class Share {
 public:
  explicit Share(Budget& budget) : budget_(budget) {}
  ~Share() { Shrink(0); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  /// Takes in one step, since a holder that waits for more could wait for another such holder.
  Budget::Outcome Take(std::size_t amount, Deadline deadline) {
    const Budget::Outcome outcome = budget_.Take(amount, deadline);
    held_ = outcome == Budget::Outcome::kGranted ? amount : 0;
    return outcome;
  }
  void Shrink(std::size_t amount) {
    if (held_ > amount) {
      budget_.Give(held_ - amount);
      held_ = amount;
    }
  }
  bool held() const { return held_ > 0; }

 private:
  Budget& budget_;
  std::size_t held_ = 0;
};

}  // namespace gateway::http::poco
