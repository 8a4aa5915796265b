#include "gateway/app/import/turns.hpp"

namespace gateway::app {

std::size_t Turns::Begin() {
  const std::lock_guard lock(mutex_);
  running_.insert(next_);
  return next_++;
}

void Turns::End(std::size_t number) {
  const std::lock_guard lock(mutex_);
  running_.erase(number);
  ended_.notify_all();
}

bool Turns::AnyEarlier(std::size_t number) const {
  const std::lock_guard lock(mutex_);
  return !running_.empty() && *running_.begin() < number;
}

void Turns::AwaitEarlier(std::size_t number) {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] { return running_.empty() || *running_.begin() >= number; });
}

}  // namespace gateway::app
