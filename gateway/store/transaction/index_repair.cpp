#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/transaction/index_rows.hpp"
#include "gateway/store/transaction/index_tables.hpp"
#include "gateway/store/transaction/row_batch.hpp"

namespace gateway::store::transaction {
namespace {

using pg::ElementType;

/// One statement that makes rows of a table what is wanted: $1 ids and $2 types of the resources, $3 parameters or NULL
/// for all, then the wanted rows. Both parts see the rows as they were before it: what it closes it does not insert.
class Repair {
 public:
  explicit Repair(const IndexTable& table) : name_(fmt::format("repair_{}", table.name)) {
    std::string arrays = "$4::text[], $5::smallint[], $6::smallint[]";
    std::string names = "id, type, parameter";
    std::string values = "w.id, w.type, w.parameter";
    std::string equal = "w.id = t.id AND w.type = t.type AND w.parameter = t.parameter";
    int number = 6;
    for (const IndexColumn& column : table.columns) {
      const std::string_view cast = column.cast;
      const std::size_t colons = std::min(cast.find("::"), cast.size());
      arrays += fmt::format(", ${}::{}[]", ++number, cast.substr(0, colons));
      names += fmt::format(", {}", column.name);
      values += column.function == nullptr
                    ? fmt::format(", w.{}{} AS {}", column.name, cast.substr(colons), column.name)
                    : fmt::format(", {}(w.{}) AS {}", column.function, column.name, column.name);
      equal += fmt::format(" AND w.{0} = t.{0}", column.name);
    }
    sql_ = fmt::format(R"sql(
WITH visited AS (SELECT * FROM unnest($1::text[], $2::smallint[]) AS v(id, type)),
     wanted AS (SELECT {values} FROM unnest({arrays}) AS w({names})),
     closed AS (
  UPDATE {table} t SET closed_tx = pg_current_xact_id()
    FROM visited v
   WHERE t.id = v.id AND t.type = v.type AND t.closed_tx IS NULL
     AND ($3::smallint[] IS NULL OR t.parameter = ANY ($3::smallint[]))
     AND NOT EXISTS (SELECT 1 FROM wanted w WHERE {equal}))
INSERT INTO {table} ({names})
SELECT {names} FROM wanted w
 WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE {equal} AND t.closed_tx IS NULL))sql",
                       fmt::arg("values", values), fmt::arg("arrays", arrays), fmt::arg("names", names),
                       fmt::arg("table", table.name), fmt::arg("equal", equal));
    drop_name_ = fmt::format("drop_{}", table.name);
    drop_sql_ = fmt::format(
        "DELETE FROM {} t USING unnest($1::text[]) AS v(id)"
        " WHERE t.id = v.id AND t.type = $2::smallint AND t.parameter = ANY ($3::smallint[])",
        table.name);
  }
  Repair(const Repair&) = delete;
  Repair& operator=(const Repair&) = delete;

  pg::Statement statement() const { return {name_.c_str(), sql_.c_str()}; }
  pg::Statement drop() const { return {drop_name_.c_str(), drop_sql_.c_str()}; }

 private:
  std::string name_;
  std::string sql_;
  std::string drop_name_;
  std::string drop_sql_;
};

template <typename Row>
const Repair& RepairOf(const IndexTable& table) {
  static const Repair kRepair(table);  // each type of row has its own table
  return kRepair;
}

template <typename Row>
void RepairTable(Session& session, std::span<const IndexChange> resources,
                 const std::optional<std::vector<std::uint16_t>>& only, const IndexTable& table,
                 std::vector<Row> fhir::search::IndexValues::* member) {
  pg::Array ids(ElementType::kText);
  pg::Array types(ElementType::kInt2);
  RowBatch wanted(session, table);
  for (const IndexChange& resource : resources) {
    ids.AddText(resource.id);
    types.AddInt(resource.type);
    if (resource.after == nullptr) {
      continue;
    }
    for (const Row& row : resource.after->*member) {
      wanted.Begin(resource.id, resource.type, row.parameter);
      Add(wanted, row);
    }
  }
  pg::Parameters parameters;
  parameters.Add(ids).Add(types);
  if (only) {
    pg::Array numbers(ElementType::kInt2);
    for (const std::uint16_t number : *only) {
      numbers.AddInt(number);
    }
    parameters.Add(numbers);
  } else {
    parameters.Null();
  }
  wanted.AddTo(parameters);
  session.Write(RepairOf<Row>(table).statement(), parameters);
}

}  // namespace

void RepairIndexRows(Session& session, std::span<const IndexChange> resources,
                     const std::optional<std::vector<std::uint16_t>>& only) {
  if (resources.empty()) {
    return;
  }
  ForEachIndexTable(
      [&](const IndexTable& table, auto member) { RepairTable(session, resources, only, table, member); });
}

void DropIndexRows(Session& session, std::int16_t type, std::span<const std::string> ids,
                   std::span<const std::uint16_t> parameters) {
  if (ids.empty()) {
    return;
  }
  pg::Array numbers(ElementType::kInt2);
  for (const std::uint16_t parameter : parameters) {
    numbers.AddInt(parameter);
  }
  pg::Parameters values;
  values.Add(pg::Array::Texts(ids)).Int(type).Add(numbers);
  ForEachIndexTable([&]<typename Row>(const IndexTable& table, std::vector<Row> fhir::search::IndexValues::*) {
    session.Write(RepairOf<Row>(table).drop(), values);
  });
}

}  // namespace gateway::store::transaction
