#include "gateway/store/migrations/migrate.hpp"

#include <fmt/format.h>

#include "gateway/store/pg/transaction.hpp"

namespace gateway::store::migrations {
namespace {

// Any fixed number that no other advisory lock of the database uses: "GWMIGRAT" in ASCII.
constexpr pg::Statement kLock{"migrate_lock", "SELECT pg_advisory_lock(5141786021553819988)"};
constexpr pg::Statement kUnlock{"migrate_unlock", "SELECT pg_advisory_unlock(5141786021553819988)"};
constexpr const char* kCreateTable = R"sql(
CREATE TABLE IF NOT EXISTS schema_migration (
  version    integer     PRIMARY KEY,
  name       text        NOT NULL,
  sha256     text        NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
))sql";
constexpr pg::Statement kSelectApplied{"migrate_select_applied",
                                       "SELECT version, name, sha256 FROM schema_migration ORDER BY version"};
constexpr pg::Statement kInsertApplied{
    "migrate_insert_applied",
    "INSERT INTO schema_migration (version, name, sha256) VALUES ($1::int, $2::text, $3::text)"};
// A migration may rewrite a table; the limit for requests does not fit it.
constexpr const char* kNoTimeout = "SET statement_timeout = 0";
constexpr const char* kUsualTimeout = "RESET statement_timeout";

/// Holds the advisory lock for the length of a scope.
class MigrationLock {
 public:
  explicit MigrationLock(pg::Connection& connection) : connection_(connection) {}
  ~MigrationLock() {
    connection_.WaitAsUsual();
    if (!connection_.broken()) {
      (void)connection_.Execute(kUnlock);
      (void)connection_.ExecuteScript("migrate_timeout", kUsualTimeout);
    }
  }
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;

 private:
  pg::Connection& connection_;
};

fhir::Result<int> CheckApplied(const pg::Rows& applied, std::span<const Migration> migrations) {
  const int known = static_cast<int>(migrations.size());
  for (int i = 0; i < applied.size(); ++i) {
    const auto version = static_cast<int>(applied[i].Int(0));
    if (version > known) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("The database's schema has version {}, made by a newer release; this program knows "
                                    "versions up to {}. Install the newer release.",
                                    applied[applied.size() - 1].Int(0), known));
    }
    if (version != i + 1 || applied[i].Text(2) != migrations[static_cast<std::size_t>(i)].sha256) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("Migration {} ({}) was applied to the database with other contents than this "
                                    "program carries. The database was made by a different build.",
                                    version, applied[i].Text(1)));
    }
  }
  return applied.size();
}

fhir::Result<void> Apply(pg::Connection& connection, const Migration& migration) {
  pg::Transaction transaction(connection);
  GW_TRY(connection.ExecuteScript(migration.name, std::string(migration.sql)));
  GW_TRY(connection.Execute(kInsertApplied,
                            pg::Parameters().Int(migration.version).Text(migration.name).Text(migration.sha256)));
  return transaction.Commit();
}

}  // namespace

fhir::Result<MigrateReport> Migrate(pg::Connection& connection) {
  return Migrate(connection, Migrations());
}

fhir::Result<MigrateReport> Migrate(pg::Connection& connection, std::span<const Migration> migrations) {
  GW_TRY(connection.ExecuteScript("migrate_timeout", kNoTimeout));
  connection.WaitWithoutEnd();  // for another node's migration, and for ours
  const MigrationLock lock(connection);
  GW_TRY(connection.Execute(kLock));
  GW_TRY(connection.ExecuteScript("migrate_create_table", kCreateTable));
  GW_ASSIGN(const pg::Rows applied, connection.Execute(kSelectApplied));
  MigrateReport report;
  GW_ASSIGN(report.version_before, CheckApplied(applied, migrations));
  report.version_after = report.version_before;
  for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(report.version_before))) {
    GW_TRY(Apply(connection, migration));
    report.version_after = migration.version;
  }
  return report;
}

}  // namespace gateway::store::migrations
