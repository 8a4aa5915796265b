// How far the plan of an export has come: the position of its job, and the files that a stretch of rows is cut into.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::store::bulk {

struct PlannedFile {
  int file = 0;
  std::size_t type = 0;  ///< index in the order's types
  bool deletions = false;
  std::string after;
  std::string last;
  std::int64_t rows = 0;
};

/// Where the plan stands: in which type, after which id, and how much of a file is open there.
/// thread-compatible.
class ExportPlan {
 public:
  /// Errors: kInternal for a text that Write did not write. An empty text: at the beginning.
  static fhir::Result<ExportPlan> Read(std::string_view text);
  std::string Write() const;

  std::size_t type() const { return type_; }
  bool in_deletions() const { return deletions_; }
  const std::string& after() const { return after_; }
  std::int64_t rows_done() const { return rows_done_; }
  std::int64_t transaction_us = 0;

  /// One more row; ends the open file when it is full without it.
  void Add(std::string_view id, std::int64_t bytes, std::int64_t file_bytes_max);
  /// The rows of a type, or its deletions, have ended: the open file ends, and the next begins.
  void EndStretch(bool with_deletions);
  /// Files that have ended since this plan was read.
  std::vector<PlannedFile> TakeFiles();

 private:
  void EndFile();

  std::size_t type_ = 0;
  bool deletions_ = false;
  std::string after_;       // last id seen
  std::string file_after_;  // where the open file begins
  std::int64_t file_rows_ = 0;
  std::int64_t file_bytes_ = 0;
  int next_file_ = 0;
  std::int64_t rows_done_ = 0;
  std::vector<PlannedFile> ended_;
};

}  // namespace gateway::store::bulk
