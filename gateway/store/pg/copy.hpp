// COPY … FROM STDIN: many rows into one table without a statement each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/connection.hpp"

namespace gateway::store::pg {

/// Builds rows of COPY's text format and sends them in large pieces.
/// Source: https://www.postgresql.org/docs/15/sql-copy.html, "Text Format"
class CopyIn {
 public:
  /// `statement.sql` is "COPY table (columns) FROM STDIN". The connection serves nothing else until Finish.
  static fhir::Result<CopyIn> Begin(Connection& connection, const Statement& statement);
  CopyIn(CopyIn&& other) noexcept;
  CopyIn& operator=(CopyIn&&) = delete;
  ~CopyIn();  ///< without Finish, the copy is abandoned and writes nothing

  void Text(std::string_view value);
  void Bytes(std::string_view value);  ///< bytea, as hexadecimal
  void Int(std::int64_t value);
  void Null();
  fhir::Result<void> EndRow();
  /// Returns the number of rows written.
  fhir::Result<std::int64_t> Finish();

 private:
  CopyIn(Connection& connection, std::string_view name) : connection_(&connection), name_(name) {}
  void Separate();
  fhir::Result<void> Flush();

  Connection* connection_;
  std::string_view name_;
  std::string buffer_;
  bool row_started_ = false;
};

}  // namespace gateway::store::pg
