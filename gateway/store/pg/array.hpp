// Encoder of one-dimensional PostgreSQL arrays in the binary format: no quoting, and bytea elements travel as they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::store::pg {

/// The element type; it must be the parameter's own: binary parameters are not converted by the server.
enum class ElementType : std::uint8_t { kText, kBytea, kInt2, kInt4, kInt8, kFloat8, kBool, kTimestamp };

/// Collects elements; Parameters::Add(Array) sends them. Elements are copied.
class Array {
 public:
  explicit Array(ElementType type);

  void AddText(std::string_view value);       ///< kText, kBytea
  void AddInt(std::int64_t value);            ///< kInt2, kInt4, kInt8; the caller keeps to the type's range
  void AddDouble(double value);               ///< kFloat8
  void AddBool(bool value);                   ///< kBool
  void AddTimestampUs(std::int64_t unix_us);  ///< kTimestamp (timestamptz): microseconds since 1970 UTC
  void AddNull();

  static Array Texts(std::span<const std::string> values);
  static Array Int64s(std::span<const std::int64_t> values);
  static Array Int32s(std::span<const std::int32_t> values);

  int size() const { return count_; }
  /// Each element's own wire form, in order: a parameter of the element's type. Borrowed from the array; none is NULL.
  std::vector<std::string_view> Elements() const;
  /// The wire form, with its header filled in.
  std::string Encode() const;

 private:
  ElementType type_;
  int count_ = 0;
  bool has_null_ = false;
  std::string elements_;
};

}  // namespace gateway::store::pg
