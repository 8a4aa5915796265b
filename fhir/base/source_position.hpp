// Where a byte stands in a text, as people count: issues keep byte offsets, reports show lines and columns.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace fhir {

/// Both count from 1. The column counts characters, not bytes; a byte inside a character has the character's column.
struct SourcePosition {
  std::size_t line = 1;
  std::size_t column = 1;
  bool operator==(const SourcePosition&) const = default;
};

/// The position of a byte; an offset past the end is taken for the end. Lines end by LF, CR LF, or CR alone.
/// Cost: O(offset). For one or two offsets; more go to a LineIndex.
SourcePosition PositionOf(std::string_view text, std::size_t offset);

/// Finds the positions of many offsets of one text, which must outlive the index. thread-safe once built.
class LineIndex {
 public:
  /// Cost: O(bytes), one number for each line.
  explicit LineIndex(std::string_view text);

  /// Cost: O(log lines + bytes of the line before the offset).
  SourcePosition Find(std::size_t offset) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // of each line, ascending; the first is 0
};

}  // namespace fhir
