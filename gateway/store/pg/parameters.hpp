// Values for $1, $2 … of a statement. Values never become part of SQL text.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gateway/store/pg/array.hpp"

namespace gateway::store::pg {

/// Parameters in order. thread-compatible.
/// Text and bytes are borrowed: they must live until the statement has been executed or added to a Pipeline.
class Parameters {
 public:
  Parameters() = default;

  /// For parameters of type text, json or bytea: sent as bytes, without a copy.
  Parameters& Text(std::string_view value);
  Parameters& Bytes(std::string_view value) { return Text(value); }
  /// For every other type: sent as text that the server reads (dates, numerics, ranges, uuid). Copied.
  Parameters& Literal(std::string value);
  /// For int2, int4, int8 and numeric.
  Parameters& Int(std::int64_t value);
  Parameters& Double(double value);
  Parameters& Bool(bool value);
  /// For timestamptz: microseconds since 1970 UTC.
  Parameters& TimestampUs(std::int64_t unix_us);
  Parameters& Null();
  Parameters& Add(const Array& array);

  Parameters& TextOrNull(std::string_view value) { return value.empty() ? Null() : Text(value); }
  Parameters& IntOrNull(std::optional<std::int64_t> value) { return value ? Int(*value) : Null(); }
  Parameters& TimestampUsOrNull(std::optional<std::int64_t> value) { return value ? TimestampUs(*value) : Null(); }

  std::size_t size() const { return slots_.size(); }

 private:
  friend class Connection;
  enum class Kind : std::uint8_t { kNull, kBorrowed, kOwnedText, kOwnedBinary };
  struct Slot {
    Kind kind;
    std::string_view borrowed;
    std::string owned;
  };
  std::vector<Slot> slots_;
};

}  // namespace gateway::store::pg
