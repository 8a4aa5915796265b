// What an import tells people: what could not be loaded, how far it has come, and what it came to.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace gateway::app {

struct ImportTotals {
  std::size_t files = 0;      ///< read to their end
  std::size_t bundles = 0;    ///< of the files, those that hold a Bundle
  std::size_t resources = 0;  ///< entries that the server has taken
  std::size_t failed = 0;     ///< entries, and files, that it has not
};

/// thread-safe.
class ImportReport {
 public:
  /// Failures, and progress when `errors` is a terminal, go to `errors`, which is borrowed.
  ImportReport(std::FILE* errors, std::size_t files);

  void Loaded(std::size_t resources);
  /// `entries`: how many are lost with it.
  void Failed(std::string_view place, std::string_view why, std::size_t entries = 1);
  void FileDone(bool bundle);
  /// Ends the line of progress.
  void End();

  ImportTotals totals() const;
  /// "77772 resources of 102 files (102 Bundles) in 31.2 s: 2492 a second, 0 failed"
  std::string Summary() const;

 private:
  void Progress(bool at_once);
  void Clear();

  std::FILE* const errors_;
  const bool terminal_;
  const std::size_t files_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  ImportTotals totals_;                               // guarded by mutex_, as is all below
  std::chrono::steady_clock::time_point shown_at_{};  // of the line of progress
  bool shown_ = false;
};

}  // namespace gateway::app
