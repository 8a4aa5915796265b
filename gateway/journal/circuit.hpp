// Which destinations are left alone for a while: one that does not answer must not keep the workers from the others.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/journal/backoff.hpp"

namespace gateway::journal {

struct CircuitOptions {
  int failures_max = 3;   ///< in a row; then the circuit opens
  int in_flight_max = 2;  ///< deliveries to one destination at a time
  BackoffOptions open = {.first_ms = 1'000, .last_ms = 60'000};
};

/// State per destination. thread-compatible: the dispatcher guards it. Time is passed in.
class CircuitTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit CircuitTable(CircuitOptions options) : options_(options) {}

  void Started(const std::string& destination);
  /// After an open circuit's pause, one delivery is tried; its failure opens the circuit again, for longer.
  void Ended(const std::string& destination, bool answered, TimePoint now, std::uint64_t random);
  /// Destinations that get nothing at the moment.
  std::vector<std::string> LeftOut(TimePoint now) const;

 private:
  struct Circuit {
    int in_flight = 0;
    int failures = 0;
    TimePoint open_until{};
  };
  const CircuitOptions options_;
  std::unordered_map<std::string, Circuit> circuits_;
};

}  // namespace gateway::journal
