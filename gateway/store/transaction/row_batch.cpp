#include "gateway/store/transaction/row_batch.hpp"

#include <fmt/format.h>

#include <utility>

namespace gateway::store::transaction {
namespace {

constexpr int kRowsPerStatement = 20'000;

std::string ValuesSql(const IndexTable& table, int rows) {
  std::string sql = fmt::format("INSERT INTO {} (id, type, parameter", table.name);
  for (const IndexColumn& column : table.columns) {
    sql += fmt::format(", {}", column.name);
  }
  sql += ") VALUES ";
  int number = 0;
  for (int row = 0; row < rows; ++row) {
    sql += fmt::format("{}(${}::text, ${}::smallint, ${}::smallint", row == 0 ? "" : ", ", number + 1, number + 2,
                       number + 3);
    number += 3;
    for (const IndexColumn& column : table.columns) {
      ++number;
      sql += column.function == nullptr ? fmt::format(", ${}::{}", number, column.cast)
                                        : fmt::format(", {}(${}::{})", column.function, number, column.cast);
    }
    sql += ")";
  }
  return sql;
}

}  // namespace

InsertsOfFew::InsertsOfFew(const IndexTable& table) {
  texts_.reserve(std::size_t{2} * kRowsMax);  // pointed into
  statements_.reserve(kRowsMax);
  for (int rows = 1; rows <= kRowsMax; ++rows) {
    const std::string& name = texts_.emplace_back(fmt::format("{}_{}", table.insert.name, rows));
    const std::string& sql = texts_.emplace_back(ValuesSql(table, rows));
    statements_.push_back({name.c_str(), sql.c_str(), table.insert.name});
  }
}

RowBatch::RowBatch(Session& session, const IndexTable& table, const pg::Statement& statement, const InsertsOfFew* few)
    : session_(session), table_(table), statement_(&statement), few_(few) {
  Clear();
}

RowBatch::RowBatch(Session& session, const IndexTable& table)
    : session_(session), table_(table), statement_(nullptr), few_(nullptr) {
  Clear();
}

void RowBatch::AddTo(pg::Parameters& parameters) const {
  parameters.Add(ids_).Add(types_).Add(parameters_);
  for (const auto& column : columns_) {
    parameters.Add(column);
  }
}

void RowBatch::Begin(std::string_view id, std::int16_t type, std::uint16_t parameter) {
  if (statement_ != nullptr && ids_.size() >= kRowsPerStatement) {
    Send();
    Clear();
  }
  ids_.AddText(id);
  types_.AddInt(type);
  parameters_.AddInt(parameter);
}

void RowBatch::Send() {
  if (ids_.size() == 0) {
    return;
  }
  if (few_ != nullptr && ids_.size() <= InsertsOfFew::kRowsMax) {
    SendValues();
    return;
  }
  pg::Parameters parameters;
  AddTo(parameters);
  session_.Write(*statement_, parameters);
}

void RowBatch::SendValues() {
  std::vector<std::vector<std::string_view>> columns{ids_.Elements(), types_.Elements(), parameters_.Elements()};
  columns.reserve(columns.size() + columns_.size());
  for (const auto& column : columns_) {
    columns.push_back(column.Elements());
  }
  pg::Parameters parameters;
  const int rows = ids_.size();
  for (std::size_t row = 0; std::cmp_less(row, rows); ++row) {
    for (const auto& column : columns) {
      parameters.Bytes(column[row]);
    }
  }
  session_.Write(few_->Of(rows), parameters);
}

void RowBatch::Clear() {
  ids_ = pg::Array(pg::ElementType::kText);
  types_ = pg::Array(pg::ElementType::kInt2);
  parameters_ = pg::Array(pg::ElementType::kInt2);
  columns_.clear();
  for (const auto& column : table_.columns) {
    columns_.emplace_back(column.kind);
  }
}

}  // namespace gateway::store::transaction
