// The resources of an NDJSON file, one a line, without the file in memory.
// Source: https://hl7.org/fhir/R4/nd-json.html
#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::app {

/// Whether the name says NDJSON, in either case.
bool IsNdjson(std::string_view path);

struct ResourceLine {
  std::size_t number = 1;  ///< in the file, from 1; empty lines count
  std::string text;        ///< without the line's end; empty when it is too long
  bool too_long = false;
};

/// Gives the lines of a stream, which must outlive it, in order. thread-compatible.
class ResourceLines {
 public:
  /// A line of more than `bytes_max` bytes is passed over, whatever its length, and said to be too long.
  ResourceLines(std::istream& from, std::size_t bytes_max) : from_(from), bytes_max_(bytes_max) {}

  /// The next line that is not white space alone; nothing at the end, or where the stream breaks.
  /// Cost: O(bytes of the line); holds one piece of the stream besides the line.
  std::optional<ResourceLine> Next();

 private:
  bool Fill();

  std::istream& from_;
  std::size_t bytes_max_;
  std::string piece_;
  std::size_t at_ = 0;  // of what has not been given yet, in piece_
  std::size_t number_ = 0;
};

}  // namespace gateway::app
