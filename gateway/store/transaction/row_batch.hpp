// Rows of one index table on their way into a statement.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/pg/statement.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

struct IndexColumn {
  const char* name;
  pg::ElementType kind;            ///< as which it travels
  const char* cast;                ///< what a parameter is read as; "text::numeric" where the server reads a text
  const char* function = nullptr;  ///< of the schema: makes the column's value of what was read
};

/// `insert` and `close` take arrays: ids, types, parameters, then the columns.
struct IndexTable {
  const char* name;
  std::span<const IndexColumn> columns;
  pg::Statement insert;
  pg::Statement close;
};

/// Statements that insert 1 to kRowsMax rows: for each its id, type, parameter and columns.
/// A list of VALUES costs the server less than arrays do, which become a table of their own first. Immutable.
class InsertsOfFew {
 public:
  static constexpr int kRowsMax = 16;

  explicit InsertsOfFew(const IndexTable& table);
  InsertsOfFew(const InsertsOfFew&) = delete;
  InsertsOfFew& operator=(const InsertsOfFew&) = delete;
  /// `rows` from 1 to kRowsMax.
  const pg::Statement& Of(int rows) const { return statements_[static_cast<std::size_t>(rows) - 1]; }

 private:
  std::vector<std::string> texts_;  // names and SQL that statements_ points to
  std::vector<pg::Statement> statements_;
};

/// Begin a row, then give it its columns by number; Send at the end. Sends by itself when there are many.
/// thread-compatible. The session, the table and `few` are borrowed.
class RowBatch {
 public:
  /// `few` is used instead of `statement` where it can be; may be null.
  RowBatch(Session& session, const IndexTable& table, const pg::Statement& statement, const InsertsOfFew* few);
  /// Collects rows, as many as come, and sends none: AddTo gives them away.
  RowBatch(Session& session, const IndexTable& table);
  void Begin(std::string_view id, std::int16_t type, std::uint16_t parameter);
  void Text(std::size_t column, std::string_view value) { columns_[column].AddText(value); }
  void Int(std::size_t column, std::int64_t value) { columns_[column].AddInt(value); }
  void Send();
  /// Appends ids, types, parameters and the columns, as arrays.
  void AddTo(pg::Parameters& parameters) const;

 private:
  void Clear();
  void SendValues();

  Session& session_;
  const IndexTable& table_;
  const pg::Statement* statement_;  // null: nothing is sent
  const InsertsOfFew* few_;
  pg::Array ids_{pg::ElementType::kText};
  pg::Array types_{pg::ElementType::kInt2};
  pg::Array parameters_{pg::ElementType::kInt2};
  std::vector<pg::Array> columns_;
};

}  // namespace gateway::store::transaction
