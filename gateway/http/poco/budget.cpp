#include "gateway/http/poco/budget.hpp"

#include <algorithm>

namespace gateway::http::poco {

void Budget::GrantHead() {
  while (!waiters_.empty() && waiters_.front()->amount <= left_) {
    left_ -= waiters_.front()->amount;
    waiters_.front()->granted = true;
    waiters_.front()->wake.notify_one();
    waiters_.pop_front();
  }
}

Budget::Outcome Budget::Take(std::size_t amount, std::chrono::steady_clock::time_point deadline) {
  amount = std::min(amount, total_);
  std::unique_lock lock(mutex_);
  if (waiters_.empty() && amount <= left_) {
    left_ -= amount;
    return Outcome::kGranted;
  }
  if (waiters_.size() >= waiters_max_) {
    return Outcome::kQueueFull;
  }
  Waiter waiter{amount};
  waiters_.push_back(&waiter);
  if (waiter.wake.wait_until(lock, deadline, [&waiter] { return waiter.granted; })) {
    return Outcome::kGranted;
  }
  std::erase(waiters_, &waiter);
  GrantHead();  // who stood behind a large demand may fit
  return Outcome::kTimeout;
}

void Budget::Give(std::size_t amount) {
  const std::scoped_lock lock(mutex_);
  left_ += std::min(amount, total_);
  GrantHead();
}

std::size_t Budget::waiting() const {
  const std::scoped_lock lock(mutex_);
  return waiters_.size();
}

std::size_t Budget::taken() const {
  const std::scoped_lock lock(mutex_);
  return total_ - left_;
}

}  // namespace gateway::http::poco
