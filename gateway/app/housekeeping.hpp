// Small duties that come round: one thread for all of them, each with a period of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::app {

/// Something to do again and again. `run` is bounded in time: the others wait for it, and so does Stop.
struct Duty {
  std::string_view name;  ///< for logs; a constant
  int period_ms = 0;      ///< from the end of one run to the begin of the next; the first run is at once
  std::function<fhir::Result<void>()> run;
};

/// thread-safe. Several nodes may run one each when their duties allow it.
class Housekeeping {
 public:
  /// `failed` is told of a duty that did not succeed; it is tried again after its period.
  Housekeeping(std::vector<Duty> duties, std::function<void(std::string_view name, const fhir::Error& error)> failed);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  void Start();
  /// Finishes the duty under way. Safe to call twice.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;
  void Work();

  const std::vector<Duty> duties_;
  const std::function<void(std::string_view, const fhir::Error&)> failed_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread worker_;
};

}  // namespace gateway::app
