#include "tests/support/postgres/test_database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "gateway/store/embedded/embedded_postgres.hpp"
#include "gateway/store/migrations/migrate.hpp"

namespace tests::support {
namespace {

namespace pg = gateway::store::pg;
using gateway::store::embedded::EmbeddedOptions;
using gateway::store::embedded::EmbeddedPostgres;

[[noreturn]] void Die(const std::string& what, const fhir::Error& error) {
  fmt::print(stderr, "{}: {} ({})\n", what, error.public_text.text, error.internal_text.text);
  std::_Exit(1);
}

/// The private server of this program and its folder.
struct PrivateServer {
  std::filesystem::path folder;
  std::unique_ptr<EmbeddedPostgres> postgres;

  PrivateServer() {
    std::string pattern = (std::filesystem::temp_directory_path() / "passerelle-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      Die("temporary folder", {});
    }
    folder = pattern;
    std::filesystem::permissions(folder, std::filesystem::perms::others_exec, std::filesystem::perm_options::add);
    EmbeddedOptions options;
    options.start_ms_max = 60'000;
    options.cluster = {.connections_max = 100, .shared_buffers_mb = 64, .durable = false};
    auto started = EmbeddedPostgres::Start(folder, options);
    if (!started) {
      Die("private PostgreSQL", started.error());
    }
    postgres = *std::move(started);
  }
  ~PrivateServer() {
    postgres.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

/// What lives as long as the program, destroyed in this order: database, then server.
struct Shared {
  std::unique_ptr<PrivateServer> server;
  std::unique_ptr<TestDatabase> database;
};

Shared& TheShared() {
  static Shared shared;
  return shared;
}

std::string ServerConnInfo() {
  if (const char* given = std::getenv("PASSERELLE_TEST_PG"); given != nullptr && *given != '\0') {
    return given;
  }
  Shared& shared = TheShared();
  if (!shared.server) {
    shared.server = std::make_unique<PrivateServer>();
  }
  return shared.server->postgres->ConnInfo("postgres");
}

std::unique_ptr<pg::Connection> ConnectOrDie(const std::string& conninfo) {
  auto connection = pg::Connection::Open({.conninfo = conninfo});
  if (!connection) {
    Die("connection", connection.error());
  }
  return *std::move(connection);
}

std::string UniqueName() {
  static std::atomic<int> count = 0;
  return fmt::format("gw_test_{}_{}", getpid(), ++count);
}

}  // namespace

TestDatabase::TestDatabase(Schema schema) : name_(UniqueName()), server_(ServerConnInfo()) {
  const auto server = ConnectOrDie(server_);
  // A program that was killed with the same process number may have left one.
  for (const std::string& sql : {fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_),
                                 fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name_)}) {
    if (auto done = server->ExecuteScript("test_database", sql); !done) {
      Die("test database", done.error());
    }
  }
  conninfo_ = fmt::format("{} dbname={}", server_, name_);
  if (schema == Schema::kMigrated) {
    if (auto migrated = gateway::store::migrations::Migrate(*Connect()); !migrated) {
      Die("migrations", migrated.error());
    }
  }
}

TestDatabase::~TestDatabase() {
  if (auto server = pg::Connection::Open({.conninfo = server_})) {
    (void)(*server)->ExecuteScript("test_database", fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_));
  }
}

std::unique_ptr<pg::Connection> TestDatabase::Connect() const {
  return ConnectOrDie(conninfo_);
}

std::unique_ptr<pg::Pool> TestDatabase::MakePool(int connections_max) const {
  return std::make_unique<pg::Pool>(pg::PoolOptions{.connection = Options(), .connections_max = connections_max});
}

TestDatabase& SharedDatabase() {
  Shared& shared = TheShared();
  if (!shared.database) {
    shared.database = std::make_unique<TestDatabase>();
  }
  return *shared.database;
}

}  // namespace tests::support
