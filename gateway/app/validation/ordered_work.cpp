#include "gateway/app/validation/ordered_work.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gateway::app {
namespace {

/// thread-safe.
class Desk {
 public:
  struct Numbered {
    std::size_t number = 0;
    Piece piece;  // empty when none is left or the work is stopped
  };

  Desk(const OrderedWork& order, const NextPiece& next) : order_(order), source_(next) {}

  /// The next piece to work on, once there is room for its result.
  Numbered Next() {
    // Held while the source is read, which may wait for a disk: results go on meanwhile.
    const std::lock_guard reading(source_mutex_);
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return stopped_ || ended_ || given_ < taken_ + order_.waiting_max; });
      if (stopped_ || ended_) {
        return {};
      }
    }
    Piece piece = source_();
    const std::lock_guard lock(mutex_);
    if (!piece) {
      ended_ = true;
      ready_.notify_one();
      return {};
    }
    return {.number = given_++, .piece = std::move(piece)};
  }

  void Put(std::size_t number, std::string result) {
    const std::lock_guard lock(mutex_);
    results_.emplace(number, std::move(result));
    ready_.notify_one();
  }

  /// The next result; nothing when all have been taken.
  std::optional<std::string> Take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return failure_ || results_.contains(taken_) || (ended_ && taken_ == given_); });
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    if (!results_.contains(taken_)) {
      return std::nullopt;
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
  std::mutex source_mutex_;  // taken before mutex_
  const NextPiece& source_;  // guarded by source_mutex_
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::map<std::size_t, std::string> results_;  // guarded by mutex_, as is all below
  std::size_t given_ = 0;
  std::size_t taken_ = 0;
  bool ended_ = false;
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

void WorkAt(Desk& desk) {
  try {
    for (Desk::Numbered next = desk.Next(); next.piece; next = desk.Next()) {
      desk.Put(next.number, next.piece());
    }
  } catch (...) {
    desk.Fail(std::current_exception());
  }
}

}  // namespace

bool RunInOrder(const OrderedWork& order, const NextPiece& next, const std::function<bool(std::string)>& take) {
  Desk desk(order, next);
  std::vector<std::jthread> threads;
  threads.reserve(std::max<std::size_t>(order.threads, 1));
  const DeskCloser closer(desk);
  for (std::size_t at = 0; at < std::max<std::size_t>(order.threads, 1); ++at) {
    threads.emplace_back([&] { WorkAt(desk); });
  }
  while (std::optional<std::string> result = desk.Take()) {
    if (!take(*std::move(result))) {
      return false;
    }
  }
  return true;
}

}  // namespace gateway::app
