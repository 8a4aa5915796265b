// A database of a test program's own: on the server named by PASSERELLE_TEST_PG (the connection string of a superuser)
// or, where that is not set, on a private PostgreSQL in a temporary folder that ends with the program.
#pragma once

#include <memory>
#include <string>

#include "gateway/store/pg/pool.hpp"

namespace tests::support {

enum class Schema { kEmpty, kMigrated };

/// Made by a test, a fixture, or SharedDatabase(). Dropped at the end, also when connections are still open.
class TestDatabase {
 public:
  explicit TestDatabase(Schema schema = Schema::kMigrated);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& conninfo() const { return conninfo_; }
  gateway::store::pg::ConnectionOptions Options() const { return {.conninfo = conninfo_}; }
  /// A connection of its own; ends the program with a message when there is none.
  std::unique_ptr<gateway::store::pg::Connection> Connect() const;
  std::unique_ptr<gateway::store::pg::Pool> MakePool(int connections_max = 8) const;

 private:
  std::string name_;
  std::string server_;
  std::string conninfo_;
};

/// The program's one migrated database, made at the first call. Tests that share it keep to their own rows.
TestDatabase& SharedDatabase();

}  // namespace tests::support
