#include "gateway/app/import/report.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

namespace gateway::app {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(250);

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::max(0.001, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}

}  // namespace

ImportReport::ImportReport(std::FILE* errors, std::size_t files)
    : errors_(errors), terminal_(isatty(fileno(errors)) == 1), files_(files) {}

void ImportReport::Loaded(std::size_t resources) {
  const std::lock_guard lock(mutex_);
  totals_.resources += resources;
  Progress(false);
}

void ImportReport::Failed(std::string_view place, std::string_view why, std::size_t entries) {
  const std::lock_guard lock(mutex_);
  totals_.failed += entries;
  Clear();
  fmt::print(errors_, "{}: {}\n", place, why);
  Progress(true);
}

void ImportReport::FileDone(bool bundle) {
  const std::lock_guard lock(mutex_);
  ++totals_.files;
  totals_.bundles += bundle ? 1 : 0;
  Progress(false);
}

void ImportReport::End() {
  const std::lock_guard lock(mutex_);
  Clear();
}

ImportTotals ImportReport::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::string ImportReport::Summary() const {
  const ImportTotals totals = this->totals();
  const double seconds = SecondsSince(begun_);
  return fmt::format("{} resources of {} files ({} Bundles) in {:.1f} s: {:.0f} a second, {} failed", totals.resources,
                     totals.files, totals.bundles, seconds, static_cast<double>(totals.resources) / seconds,
                     totals.failed);
}

/// Must be called with the lock.
void ImportReport::Progress(bool at_once) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || (!at_once && shown_ && now - shown_at_ < kProgressEvery)) {
    return;
  }
  shown_ = true;
  shown_at_ = now;
  fmt::print(errors_, "\r\033[K{} of {} files, {} resources, {:.0f} a second, {} failed", totals_.files, files_,
             totals_.resources, static_cast<double>(totals_.resources) / SecondsSince(begun_), totals_.failed);
  std::fflush(errors_);
}

/// Must be called with the lock.
void ImportReport::Clear() {
  if (shown_) {
    fmt::print(errors_, "\r\033[K");
    std::fflush(errors_);
    shown_ = false;
  }
}

}  // namespace gateway::app
