#include "gateway/app/validation/ordered_work.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
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

  /// The next piece to work on, once there is room for its result; `pieces` when none is left or the work is stopped.
  std::size_t Next() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return stopped_ || next_ >= order_.pieces || next_ < taken_ + order_.waiting_max; });
    return stopped_ || next_ >= order_.pieces ? order_.pieces : next_++;
  }

  void Put(std::size_t piece, std::string result) {
    const std::lock_guard lock(mutex_);
    results_.emplace(piece, std::move(result));
    ready_.notify_one();
  }

  std::string Take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return failure_ || results_.contains(taken_); });
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    std::string result = std::move(results_.extract(taken_).mapped());
    ++taken_;
    room_.notify_all();
    return result;
  }

  /// The piece whose result will never come ends the work: Take throws `failure`.
  void Fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    ready_.notify_one();
  }

  /// Nobody takes results any more: no thread may wait for room.
  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_all();
  }

 private:
  const OrderedWork order_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::map<std::size_t, std::string> results_;  // guarded by mutex_, as is all below
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
  std::exception_ptr failure_;
  bool stopped_ = false;
};

/// Stops the desk on every way out, before the threads are joined.
class DeskCloser {
 public:
  explicit DeskCloser(Desk& desk) : desk_(desk) {}
  DeskCloser(const DeskCloser&) = delete;
  DeskCloser& operator=(const DeskCloser&) = delete;
  ~DeskCloser() { desk_.Stop(); }

 private:
  Desk& desk_;
};

void WorkAt(Desk& desk, std::size_t pieces, const std::function<std::string(std::size_t)>& work) {
  try {
    for (std::size_t piece = desk.Next(); piece < pieces; piece = desk.Next()) {
      desk.Put(piece, work(piece));
    }
  } catch (...) {
    desk.Fail(std::current_exception());
  }
}

}  // namespace

bool RunInOrder(const OrderedWork& order, const std::function<std::string(std::size_t)>& work,
                const std::function<bool(std::string)>& take) {
  Desk desk(order);
  std::vector<std::jthread> threads;
  const std::size_t count = std::min(std::max<std::size_t>(order.threads, 1), order.pieces);
  threads.reserve(count);
  const DeskCloser closer(desk);
  for (std::size_t at = 0; at < count; ++at) {
    threads.emplace_back([&] { WorkAt(desk, order.pieces, work); });
  }
  for (std::size_t piece = 0; piece < order.pieces; ++piece) {
    if (!take(desk.Take())) {
      return false;
    }
  }
  return true;
}

}  // namespace gateway::app
