#include "gateway/store/search_sql/visible_rows.hpp"

namespace gateway::store::search_sql {
namespace {

// Comparisons rather than pg_visible_in_snapshot: they have statistics, and an index can serve them.
void AppendMade(SqlText& sql, std::string_view alias) {
  sql << alias << ".made_tx";
  (sql << " < ").AppendXmax();
  if (!sql.as_of()->in_progress.empty()) {
    sql << " AND " << alias << ".made_tx";
    (sql << " <> ALL (").AppendInProgress() << ")";
  }
}

void AppendNotYetClosed(SqlText& sql, std::string_view alias) {
  sql << alias << ".closed_tx";
  if (sql.as_of()->in_progress.empty()) {
    (sql << " >= ").AppendXmax();
    return;
  }
  (sql << " >= ").AppendXmin();
  sql << " AND (" << alias << ".closed_tx";
  (sql << " >= ").AppendXmax();
  sql << " OR " << alias << ".closed_tx";
  (sql << " = ANY (").AppendInProgress() << "))";
}

}  // namespace

void AppendCounts(SqlText& sql, std::string_view alias) {
  if (sql.as_of() == nullptr) {
    sql << " AND " << alias << ".closed_tx IS NULL";
    return;
  }
  sql << " AND ";
  AppendMade(sql, alias);
  sql << " AND (" << alias << ".closed_tx IS NULL OR ";
  AppendNotYetClosed(sql, alias);
  sql << ")";
}

void AppendVersionWritten(SqlText& sql, std::string_view alias) {
  if (sql.as_of() != nullptr) {
    sql << " AND ";
    AppendMade(sql, alias);
  }
}

std::string_view StateAlias(const SqlText& sql, Walk walk) {
  return sql.as_of() != nullptr && walk == Walk::kByResource ? "s" : "r";
}

// Versions of one resource are written one after another, so the snapshot's is the greatest that it sees. The
// conditions on r alone are tested once for each head: of a head that is older than the snapshot no other version is
// looked for.
void AppendResources(SqlText& sql, Walk walk) {
  sql << " FROM resource_version r";
  if (StateAlias(sql, walk) == "r") {
    return;
  }
  sql << " CROSS JOIN LATERAL (SELECT r.version, r.last_updated, r.deleted, r.body WHERE ";
  AppendMade(sql, "r");
  sql << " UNION ALL (SELECT v.version, v.last_updated, v.deleted, v.body FROM resource_version v WHERE r.version > 1"
         " AND NOT (";
  AppendMade(sql, "r");
  sql << ") AND v.id = r.id AND v.type = r.type AND v.version < r.version AND ";
  AppendMade(sql, "v");
  sql << " ORDER BY v.version DESC LIMIT 1)) s";
}

void AppendResourcesCount(SqlText& sql, Walk walk) {
  if (StateAlias(sql, walk) == "r") {
    AppendCounts(sql, "r");
    sql << " AND NOT r.deleted";
  } else {
    sql << " AND r.closed_tx IS NULL AND NOT s.deleted";
  }
}

}  // namespace gateway::store::search_sql
