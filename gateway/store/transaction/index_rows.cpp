#include "gateway/store/transaction/index_rows.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <vector>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/transaction/index_tables.hpp"
#include "gateway/store/transaction/row_batch.hpp"

namespace gateway::store::transaction {
namespace {

using pg::ElementType;

// Of deleted resources: $1 ids, $2 types.
constexpr pg::Statement kCloseAll[] = {
    {"close_all_idx_string", R"sql(
UPDATE idx_string t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_token", R"sql(
UPDATE idx_token t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_reference", R"sql(
UPDATE idx_reference t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_date", R"sql(
UPDATE idx_date t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_number", R"sql(
UPDATE idx_number t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_quantity", R"sql(
UPDATE idx_quantity t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_uri", R"sql(
UPDATE idx_uri t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_composite", R"sql(
UPDATE idx_composite t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_text", R"sql(
UPDATE idx_text t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
    {"close_all_idx_position", R"sql(
UPDATE idx_position t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[]) LIMIT cardinality($1::text[])) AS w(id, type)
 WHERE t.id = w.id AND t.type = w.type AND t.closed_tx IS NULL)sql"},
};

auto Tie(const fhir::search::StringIndex& v) {
  return std::tie(v.parameter, v.folded, v.exact);
}
auto Tie(const fhir::search::TokenIndex& v) {
  return std::tie(v.parameter, v.system, v.code, v.identifier_type, v.text);
}
auto Tie(const fhir::search::ReferenceIndex& v) {
  return std::tie(v.parameter, v.type, v.id, v.url);
}
auto Tie(const fhir::search::DateIndex& v) {
  return std::tie(v.parameter, v.low_us, v.high_us);
}
auto Tie(const fhir::search::NumberIndex& v) {
  return std::tie(v.parameter, v.low, v.high);
}
auto Tie(const fhir::search::QuantityIndex& v) {
  return std::tie(v.parameter, v.low, v.high, v.system, v.code, v.unit);
}
auto Tie(const fhir::search::UriIndex& v) {
  return std::tie(v.parameter, v.uri);
}

auto Tie(const fhir::search::CompositeIndex& v) {
  return std::tie(v.parameter, v.token.code, v.token.system, v.second_token.code, v.second_token.system, v.quantity.low,
                  v.quantity.high, v.quantity.system, v.quantity.code, v.quantity.unit, v.second_number.low,
                  v.second_number.high, v.date.low_us, v.date.high_us, v.string.folded, v.reference.type,
                  v.reference.id, v.reference.url);
}
auto Tie(const fhir::search::TextIndex& v) {
  return std::tie(v.parameter, v.text);
}
auto Tie(const fhir::search::PositionIndex& v) {
  return std::tie(v.parameter, v.latitude, v.longitude);
}

template <typename Row>
void WriteTable(Session& session, std::span<IndexChange> changes, const IndexTable& table,
                std::vector<Row> fhir::search::IndexValues::* member) {
  static const InsertsOfFew kInserts(table);  // each type of row has its own table
  RowBatch inserts(session, table, table.insert, &kInserts);
  RowBatch closes(session, table, table.close, nullptr);
  const auto less = [](const Row& left, const Row& right) { return Tie(left) < Tie(right); };
  std::vector<Row> difference;
  const std::vector<Row> none;
  for (auto& change : changes) {
    if (change.after == nullptr) {
      continue;
    }
    const auto& before = change.before != nullptr ? change.before->*member : none;
    const auto& after = change.after->*member;
    if (before.empty()) {
      for (const auto& row : after) {
        inserts.Begin(change.id, change.type, row.parameter);
        Add(inserts, row);
      }
      continue;
    }
    auto& sorted_before = change.before->*member;
    std::sort(sorted_before.begin(), sorted_before.end(), less);
    std::sort((change.after->*member).begin(), (change.after->*member).end(), less);
    difference.clear();
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(difference), less);
    for (const auto& row : difference) {
      closes.Begin(change.id, change.type, row.parameter);
      Add(closes, row);
    }
    difference.clear();
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(difference), less);
    for (const auto& row : difference) {
      inserts.Begin(change.id, change.type, row.parameter);
      Add(inserts, row);
    }
  }
  closes.Send();
  inserts.Send();
}

void CloseDeleted(Session& session, std::span<const IndexChange> changes) {
  pg::Array ids(ElementType::kText);
  pg::Array types(ElementType::kInt2);
  for (const auto& change : changes) {
    if (change.after == nullptr) {
      ids.AddText(change.id);
      types.AddInt(change.type);
    }
  }
  if (ids.size() == 0) {
    return;
  }
  pg::Parameters parameters;
  parameters.Add(ids).Add(types);
  for (const auto& statement : kCloseAll) {
    session.Write(statement, parameters);
  }
}

}  // namespace

void WriteIndexRows(Session& session, std::span<IndexChange> changes) {
  CloseDeleted(session, changes);
  ForEachIndexTable([&](const IndexTable& table, auto member) { WriteTable(session, changes, table, member); });
}

}  // namespace gateway::store::transaction
