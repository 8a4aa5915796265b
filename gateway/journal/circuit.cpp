#include "gateway/journal/circuit.hpp"

namespace gateway::journal {

void CircuitTable::Started(const std::string& destination) {
  ++circuits_[destination].in_flight;
}

void CircuitTable::Ended(const std::string& destination, bool answered, TimePoint now, std::uint64_t random) {
  Circuit& circuit = circuits_[destination];
  --circuit.in_flight;
  if (!answered) {
    ++circuit.failures;
    if (circuit.failures >= options_.failures_max) {
      const int attempt = circuit.failures - options_.failures_max + 1;
      circuit.open_until = now + std::chrono::milliseconds(PauseMs(options_.open, attempt, random));
    }
    return;
  }
  circuit.failures = 0;
  if (circuit.in_flight == 0) {
    circuits_.erase(destination);  // the table holds only what is in use or in trouble
  }
}

std::vector<std::string> CircuitTable::LeftOut(TimePoint now) const {
  std::vector<std::string> left_out;
  for (const auto& [destination, circuit] : circuits_) {
    const bool in_trouble = circuit.failures >= options_.failures_max;
    if ((in_trouble && now < circuit.open_until) || circuit.in_flight >= (in_trouble ? 1 : options_.in_flight_max)) {
      left_out.push_back(destination);
    }
  }
  return left_out;
}

}  // namespace gateway::journal
