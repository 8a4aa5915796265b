// What a statement returned. Columns are read by position, in the order of the statement's own list.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;  // libpq's PGresult; its functions are called in this folder alone

namespace gateway::store::pg {

/// One row; borrowed from its Rows. A NULL reads as "" or 0 unless asked for by IsNull or an Optional getter.
class Row {
 public:
  bool IsNull(int column) const;
  /// text, bytea, json, and the textual form of columns that came as text. Valid as long as the Rows.
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const { return Text(column); }
  std::string String(int column) const { return std::string(Text(column)); }
  /// int2, int4, int8.
  std::int64_t Int(int column) const;
  std::optional<std::int64_t> OptionalInt(int column) const;
  bool Bool(int column) const;
  double Double(int column) const;  ///< float8
  /// timestamptz, as microseconds since 1970 UTC; 0 for NULL.
  std::int64_t TimestampUs(int column) const;
  std::vector<std::string> TextArray(int column) const;  ///< text[], bytea[]; a NULL element is ""
  std::vector<std::int64_t> IntArray(int column) const;  ///< int2[], int4[], int8[]; a NULL element is 0

 private:
  friend class Rows;
  Row(const pg_result* result, int index) : result_(result), index_(index) {}
  const pg_result* result_;
  int index_;
};

/// Owns a result. Movable.
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* owned) : result_(owned) {}

  int size() const;
  bool empty() const { return size() == 0; }
  int column_count() const;
  Row operator[](int index) const { return Row(result_.get(), index); }
  /// Rows inserted, updated, deleted or selected.
  std::int64_t affected() const;
  /// The command as the server names it, e.g. "COMMIT", "INSERT 0 1".
  std::string_view command() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace gateway::store::pg
