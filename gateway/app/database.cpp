#include "gateway/app/database.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/store/migrations/migrate.hpp"
#include "gateway/store/pg/connection.hpp"
#include "gateway/telemetry/series_cache.hpp"

namespace gateway::app {

class Database::Statements final : public store::pg::StatementObserver {
 public:
  explicit Statements(telemetry::Metrics& metrics) : metrics_(metrics) {}
  void OnStatement(std::string_view name, std::int64_t duration_us, bool ok) override {
    const Series series = series_.Get(name, [&] {
      const telemetry::Labels labels = {{"statement", std::string(name)}};
      return Series{
          &metrics_.GetHistogram("passerelle_sql_seconds", "Time of SQL statements by name.", labels),
          &metrics_.GetCounter("passerelle_sql_failures_total", "SQL statements that failed, by name.", labels)};
    });
    series.seconds->ObserveMicros(duration_us);
    if (!ok) {
      series.failures->Add();
    }
  }

 private:
  struct Series {
    telemetry::Histogram* seconds;
    telemetry::Counter* failures;
  };

  telemetry::Metrics& metrics_;
  telemetry::SeriesCache<Series> series_;
};

namespace {

store::pg::PoolOptions PoolOptionsFor(const settings::Database& settings, std::string conninfo,
                                      store::pg::StatementObserver* observer) {
  store::pg::PoolOptions options;
  options.connection.conninfo = std::move(conninfo);
  options.connection.statement_timeout_ms = static_cast<int>(settings.statement_timeout_ms);
  options.connection.observer = observer;
  options.connections_max = static_cast<int>(settings.pool_size);
  options.wait_ms_max = static_cast<int>(settings.acquire_timeout_ms);
  return options;
}

/// The connection string of the PostgreSQL that works in `directory`, from the file its postmaster keeps there
/// (https://www.postgresql.org/docs/15/storage-file-layout.html: postmaster.pid; line 4 the port, line 5 the socket).
fhir::Result<std::string> RunningConnInfo(const std::string& directory) {
  std::ifstream file(std::filesystem::path(directory) / "postgres/postmaster.pid");
  std::string line;
  std::string port;
  std::string socket_folder;
  for (int number = 1; std::getline(file, line) && number <= 5; ++number) {
    if (number == 4) {
      port = line;
    } else if (number == 5) {
      socket_folder = line;
    }
  }
  if (socket_folder.empty()) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, "no gateway runs on this folder; start it, or use --server");
  }
  return fmt::format("host='{}' port={} user=passerelle dbname=passerelle", socket_folder, port);
}

/// The connection string itself, or the variable's that it names: a password does not belong in the configuration.
fhir::Result<std::string> ConnectionString(const settings::Database& settings) {
  if (settings.connection.starts_with("env:")) {
    return settings::ReadSecret(settings.connection, "database.connection");
  }
  return settings.connection;
}

}  // namespace

fhir::Result<std::unique_ptr<Database>> Database::Open(const settings::Database& settings, telemetry::Logger* logger,
                                                       telemetry::Metrics* metrics) {
  std::unique_ptr<Database> database(new Database);
  if (metrics != nullptr) {
    database->statements_ = std::make_unique<Statements>(*metrics);
  }
  GW_ASSIGN(std::string conninfo, ConnectionString(settings));
  if (!settings.embedded.directory.empty()) {
    store::embedded::EmbeddedOptions options;
    if (logger != nullptr) {
      options.on_event = [logger](std::string_view event) {
        logger->Info("database", "private PostgreSQL", {telemetry::Code("event", event)});
      };
    }
    // `serve` keeps the signals from every thread until it waits for them: a pending one ends a long recovery.
    options.stop_wanted = [] {
      sigset_t pending;
      sigpending(&pending);
      return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
    };
    auto started = store::embedded::EmbeddedPostgres::Start(settings.embedded.directory, std::move(options));
    if (!started) {
      // A folder in use or out of reach is no fault of the configuration's text: `serve` exits 1, not 78.
      started.error().code = fhir::ErrorCode::kUnavailable;
      return std::unexpected(std::move(started).error());
    }
    database->embedded_ = *std::move(started);
    conninfo = database->embedded_->ConnInfo();
  }
  database->pool_ = std::make_unique<store::pg::Pool>(PoolOptionsFor(settings, conninfo, database->statements_.get()));
  GW_ASSIGN(const auto connection, store::pg::Connection::Open(database->pool_->options().connection));
  GW_ASSIGN(const store::migrations::MigrateReport report, store::migrations::Migrate(*connection));
  if (logger != nullptr && report.version_before != report.version_after) {
    logger->Info("database", "migrated",
                 {telemetry::Count("from", report.version_before), telemetry::Count("to", report.version_after)});
  }
  return database;
}

fhir::Result<std::unique_ptr<Database>> Database::Attach(const settings::Database& settings) {
  std::unique_ptr<Database> database(new Database);
  GW_ASSIGN(std::string conninfo, ConnectionString(settings));
  if (!settings.embedded.directory.empty()) {
    GW_ASSIGN(conninfo, RunningConnInfo(settings.embedded.directory));
  }
  database->pool_ = std::make_unique<store::pg::Pool>(PoolOptionsFor(settings, conninfo, nullptr));
  return database;
}

Database::~Database() {
  Stop();
}

void Database::Stop() {
  if (embedded_ != nullptr) {
    embedded_->Stop();
  }
}

}  // namespace gateway::app
