#include "gateway/app/validation/ordered_work.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace gateway::app {
namespace {

/// thread-safe.
class Desk {
 public:
  explicit Desk(const OrderedWork& order) : order_(order) {}

  /// The next piece to work on, once there is room for its result; `pieces` when none is left.
  std::size_t Next() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return next_ >= order_.pieces || next_ < taken_ + order_.waiting_max; });
    return next_ >= order_.pieces ? order_.pieces : next_++;
  }

  void Put(std::size_t piece, std::string result) {
    const std::lock_guard lock(mutex_);
    results_.emplace(piece, std::move(result));
    ready_.notify_one();
  }

  std::string Take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return results_.contains(taken_); });
    std::string result = std::move(results_.extract(taken_).mapped());
    ++taken_;
    room_.notify_all();
    return result;
  }

 private:
  const OrderedWork order_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::map<std::size_t, std::string> results_;  // guarded by mutex_, as are the two below
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace

void RunInOrder(const OrderedWork& order, const std::function<std::string(std::size_t)>& work,
                const std::function<void(std::string)>& take) {
  Desk desk(order);
  std::vector<std::jthread> threads;
  const std::size_t count = std::min(std::max<std::size_t>(order.threads, 1), order.pieces);
  threads.reserve(count);
  for (std::size_t at = 0; at < count; ++at) {
    threads.emplace_back([&] {
      for (std::size_t piece = desk.Next(); piece < order.pieces; piece = desk.Next()) {
        desk.Put(piece, work(piece));
      }
    });
  }
  for (std::size_t piece = 0; piece < order.pieces; ++piece) {
    take(desk.Take());
  }
}

}  // namespace gateway::app
