#include "gateway/store/statistics.hpp"

#include <string_view>

namespace gateway::store {
namespace {

struct AnalyzedTable {
  std::string_view name;
  const char* analyze;
};

constexpr AnalyzedTable kTables[] = {
    {"resource_version", "ANALYZE resource_version"},
    {"idx_string", "ANALYZE idx_string"},
    {"idx_token", "ANALYZE idx_token"},
    {"idx_reference", "ANALYZE idx_reference"},
    {"idx_date", "ANALYZE idx_date"},
    {"idx_number", "ANALYZE idx_number"},
    {"idx_quantity", "ANALYZE idx_quantity"},
    {"idx_uri", "ANALYZE idx_uri"},
    {"idx_composite", "ANALYZE idx_composite"},
    {"idx_text", "ANALYZE idx_text"},
    {"idx_position", "ANALYZE idx_position"},
    {"contained_resource", "ANALYZE contained_resource"},
    {"message", "ANALYZE message"},
    {"outbox", "ANALYZE outbox"},
};

// Below a few hundred rows any plan will do. The counters of writers arrive within a second.
constexpr pg::Statement kSelectStale{"select_stale_statistics", R"sql(
SELECT relname::text
  FROM pg_stat_user_tables
 WHERE relid IN (to_regclass('resource_version'), to_regclass('idx_string'), to_regclass('idx_token'),
                 to_regclass('idx_reference'), to_regclass('idx_date'), to_regclass('idx_number'),
                 to_regclass('idx_quantity'), to_regclass('idx_uri'), to_regclass('idx_composite'), to_regclass('idx_text'),
                 to_regclass('idx_position'), to_regclass('contained_resource'), to_regclass('message'), to_regclass('outbox'))
   AND n_mod_since_analyze >= greatest(500, n_live_tup * 3 / 4))sql"};

}  // namespace

fhir::Result<int> RefreshStatistics(pg::Pool& pool) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  GW_ASSIGN(const pg::Rows stale, connection->Execute(kSelectStale));
  int analyzed = 0;
  for (int i = 0; i < stale.size(); ++i) {
    for (const AnalyzedTable& table : kTables) {
      if (table.name == stale[i].Text(0)) {
        GW_TRY(connection->ExecuteScript("analyze", table.analyze));
        ++analyzed;
      }
    }
  }
  return analyzed;
}

}  // namespace gateway::store
