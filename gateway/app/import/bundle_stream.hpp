// The entries of a Bundle that is too large to be held: one after another, out of a stream.
#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>

namespace gateway::app {

/// Holds one entry at a time. thread-compatible; the stream is borrowed.
class BundleStream {
 public:
  /// An entry, and what stands before the entries, has at most `bytes_max` bytes.
  BundleStream(std::istream& from, std::size_t bytes_max) : from_(from), bytes_max_(bytes_max) {}

  /// Reads to the first entry. Returns whether there are entries; see problem() when not.
  bool ToEntries();
  /// Bundle.type as far as it stands before the entries; then empty.
  const std::string& type() const { return type_; }

  /// The next entry's JSON text; nothing at the end, and where the text is not what a Bundle must be.
  std::optional<std::string> Next();
  /// Why there is no further entry; empty at the regular end.
  const std::string& problem() const { return problem_; }

 private:
  bool More();
  char Peek();
  bool Value(std::string& value);
  bool Member();
  bool Broken();

  std::istream& from_;
  const std::size_t bytes_max_;
  std::string held_;
  std::size_t at_ = 0;  // in held_
  std::string type_;
  std::string problem_;
  bool in_entries_ = false;
};

}  // namespace gateway::app
