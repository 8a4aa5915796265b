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

/// Ids whose neighbours in time are neighbours in the indexes.
class TimeOrderedIds final : public adapters::port::IdSource {
 public:
  /// 18 letters and digits: the time in ticks of 250 ns, then 53 random bits. Half as long as a UUID, because an id
  /// stands in every index row of its resource; strictly ascending, because a B-tree then fills its pages.
  std::string NewId() override;
  /// Version 7. Source: RFC 9562, section 5.7.
  std::string NewUuid() override;

 private:
  std::atomic<std::uint64_t> last_{0};  ///< tick of the latest id
};

}  // namespace gateway::app
