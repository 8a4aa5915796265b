// Brings a database to the schema this program was built for.
#pragma once

#include <span>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/connection.hpp"

namespace gateway::store::migrations {

/// One numbered .sql file of this folder, as embedded in the program by the build.
struct Migration {
  int version;
  std::string_view name;    ///< file name without number and extension
  std::string_view sha256;  ///< of the file's bytes, lower-case hexadecimal
  std::string_view sql;
};

/// All migrations of this program, in order.
std::span<const Migration> Migrations();

struct MigrateReport {
  int version_before = 0;
  int version_after = 0;
};

/// Applies what is missing, each migration in its own transaction, under an advisory lock: several nodes may start at
/// once. Forward only.
/// Errors: kConfiguration when the database is newer than the program or an applied migration differs from the
/// program's; those of the statements.
fhir::Result<MigrateReport> Migrate(pg::Connection& connection);

/// The same with a list of one's own, for tests.
fhir::Result<MigrateReport> Migrate(pg::Connection& connection, std::span<const Migration> migrations);

}  // namespace gateway::store::migrations
