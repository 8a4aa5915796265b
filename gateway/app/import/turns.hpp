// The order in which pieces of work were begun, for those that must wait until all before them have ended.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>

namespace gateway::app {

/// thread-safe.
class Turns {
 public:
  /// The number of a piece of work that begins; numbers ascend.
  std::size_t Begin();
  void End(std::size_t number);
  /// Whether any piece that began before this one has not ended.
  bool AnyEarlier(std::size_t number) const;
  /// Waits for them. The first of all never waits, so somebody always goes on.
  void AwaitEarlier(std::size_t number);

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::set<std::size_t> running_;  // guarded by mutex_
  std::size_t next_ = 0;           // guarded by mutex_
};

}  // namespace gateway::app
