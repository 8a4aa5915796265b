#include "gateway/journal/backoff.hpp"

#include <algorithm>

namespace gateway::journal {

int PauseMs(const BackoffOptions& options, int attempts, std::uint64_t random) {
  constexpr int kDoublingsMax = 30;
  const int doublings = std::clamp(attempts - 1, 0, kDoublingsMax);
  const std::int64_t full =
      std::min<std::int64_t>(static_cast<std::int64_t>(options.first_ms) << doublings, options.last_ms);
  const std::int64_t half = full / 2;
  return static_cast<int>(half + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(full - half + 1)));
}

}  // namespace gateway::journal
