// The database of a process: a private PostgreSQL or an outside one, brought to the program's schema, behind one pool.
#pragma once

#include <memory>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/store/embedded/embedded_postgres.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/telemetry/logger.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// thread-safe once opened.
class Database {
 public:
  /// Starts the private PostgreSQL when settings name a folder, then migrates, under an advisory lock.
  /// `logger` and `metrics` are borrowed; either may be null.
  static fhir::Result<std::unique_ptr<Database>> Open(const settings::Database& settings, telemetry::Logger* logger,
                                                      telemetry::Metrics* metrics);
  /// For commands beside a running gateway: the private PostgreSQL of `directory` as it runs, or the outside one.
  /// Nothing is started or migrated. Errors: kUnavailable when none runs.
  static fhir::Result<std::unique_ptr<Database>> Attach(const settings::Database& settings);
  ~Database();

  store::pg::Pool& pool() { return *pool_; }
  /// Ends the private PostgreSQL, if there is one. The pool fails from here on.
  void Stop();

 private:
  Database() = default;
  class Statements;  // measures what runs

  std::unique_ptr<Statements> statements_;
  std::unique_ptr<store::embedded::EmbeddedPostgres> embedded_;
  std::unique_ptr<store::pg::Pool> pool_;
};

}  // namespace gateway::app
