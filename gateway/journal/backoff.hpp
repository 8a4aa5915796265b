// Pauses between attempts: growing, bounded, and spread so that many waiting entries do not come due at once.
#pragma once

#include <cstdint>

namespace gateway::journal {

struct BackoffOptions {
  int first_ms = 1'000;
  int last_ms = 5 * 60 * 1'000;
};

/// The pause after attempt number `attempts` (1 is the first): doubled each time, up to last_ms, of which between half
/// and all is taken, as `random` (any 64 bits) says.
int PauseMs(const BackoffOptions& options, int attempts, std::uint64_t random);

}  // namespace gateway::journal
