// The machine's clock and randomness behind the ports, for the composition root alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "adapters/port/ports.hpp"

namespace gateway::app {

class SystemClock final : public adapters::port::Clock {
 public:
  std::int64_t NowUs() const override;
};

/// Time-ordered UUIDs: neighbours in time are neighbours in the indexes. Source: RFC 9562, section 5.7.
class UuidV7Source final : public adapters::port::IdSource {
 public:
  std::string NewId() override;
};

}  // namespace gateway::app
