// Comma-separated values, record by record. Source: https://www.rfc-editor.org/rfc/rfc4180, with any delimiter, and
// line ends of all kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/concept_files/byte_source.hpp"

namespace fhir::concept_files {

struct CsvLimits {
  std::size_t record_bytes_max = 1024 * 1024;
  std::size_t fields_max = 1'000;
};

/// Holds one record and one piece of the source, which is borrowed. thread-compatible.
class CsvReader {
 public:
  CsvReader(ByteSource& source, char delimiter, const CsvLimits& limits = {})
      : source_(source), delimiter_(delimiter), limits_(limits) {}

  /// Reads the next record that is not an empty line; false at the end of the file.
  /// Errors: kInvalid with the line (a quote that is not closed, text after one), kTooLarge likewise; those of the
  ///         source.
  Result<bool> Next();

  const std::vector<std::string>& fields() const { return fields_; }
  /// Of the record's beginning, from 1.
  std::int64_t line() const { return record_line_; }

 private:
  enum class At : unsigned char { kFieldStart, kPlain, kQuoted, kAfterQuote };
  /// The next byte, or -1 at the end.
  Result<int> Get();
  void EndField();

  ByteSource& source_;
  const char delimiter_;
  const CsvLimits limits_;
  std::string_view piece_;
  bool ended_ = false;
  bool begun_ = false;
  bool after_return_ = false;  // a line feed that follows is of the same line end
  std::int64_t line_ = 1;
  std::int64_t record_line_ = 1;
  std::vector<std::string> fields_;
  std::string field_;
};

}  // namespace fhir::concept_files
