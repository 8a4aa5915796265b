#include "gateway/app/housekeeping.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace gateway::app {
namespace {

fhir::Result<void> RunGuarded(const Duty& duty) {
  try {
    return duty.run();
  } catch (const std::exception&) {
    // The last resort of this thread. The exception's text may quote content.
    return fhir::Fail(fhir::ErrorCode::kInternal, "exception in a housekeeping duty");
  }
}

}  // namespace

Housekeeping::Housekeeping(std::vector<Duty> duties, std::function<void(std::string_view, const fhir::Error&)> failed)
    : duties_(std::move(duties)), failed_(std::move(failed)) {}

Housekeeping::~Housekeeping() {
  Stop();
}

void Housekeeping::Start() {
  worker_ = std::thread([this] { Work(); });
}

void Housekeeping::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (worker_.joinable()) {
    worker_.join();
  }
}

void Housekeeping::Work() {
  std::vector<Clock::time_point> due;
  due.assign(duties_.size(), Clock::now());
  while (!due.empty()) {
    const auto next = static_cast<std::size_t>(std::min_element(due.begin(), due.end()) - due.begin());
    {
      std::unique_lock lock(mutex_);
      if (woken_.wait_until(lock, due[next], [this] { return stopping_; })) {
        return;
      }
    }
    const Duty& duty = duties_[next];
    if (const auto done = RunGuarded(duty); !done && failed_) {
      failed_(duty.name, done.error());
    }
    due[next] = Clock::now() + std::chrono::milliseconds(duty.period_ms);
  }
}

}  // namespace gateway::app
