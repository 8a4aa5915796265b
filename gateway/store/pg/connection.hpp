// One connection to PostgreSQL: the only class that holds libpq's handle.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/parameters.hpp"
#include "gateway/store/pg/rows.hpp"
#include "gateway/store/pg/statement.hpp"

struct pg_conn;  // libpq's PGconn

namespace gateway::store::pg {

struct ConnectionOptions {
  std::string conninfo;  ///< libpq key/value or URI; TLS and several hosts are said here
  std::string application_name = "passerelle";
  int connect_timeout_s = 5;
  int statement_timeout_ms = 30'000;             ///< 0: none; the server ends a statement after this
  int answer_margin_ms = 5'000;                  ///< beyond it, the server counts as gone
  int idle_in_transaction_timeout_ms = 120'000;  ///< a lost node's open transaction frees its locks after this
  std::string plan_cache_mode = "auto";          ///< auto, force_custom_plan, force_generic_plan
  std::size_t ad_hoc_statements_max = 200;       ///< prepared ad-hoc texts kept per connection
  StatementObserver* observer = nullptr;         ///< borrowed; outlives the connection
};

/// Whether an ad-hoc statement is kept prepared for the next use of the same text.
enum class Plan : std::uint8_t { kOnce, kKept };

/// What the server said about the last failure, for callers who must tell constraints apart.
struct FailureDetail {
  std::string sqlstate;
  std::string constraint;
};

/// Whether a server is there but takes no connections yet: it starts, or recovers after a crash.
/// Cost: one short connection. Source: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PQPING
bool IsStartingUp(const std::string& conninfo);

/// Every wait for the server ends: a statement whose answer is not there the margin after the statement timeout leaves
/// the connection broken, with kUnavailable and Retry::kLater, as a lost connection does. A transaction that was being
/// committed has then an unknown outcome. The statements of a pipeline share the time, a large one's by the piece.
/// thread-compatible: used by one thread at a time.
class Connection {
 public:
  /// Connects and applies the session settings.
  /// Errors: kConfiguration (the text is not a conninfo), kUnavailable with Retry::kLater.
  static fhir::Result<std::unique_ptr<Connection>> Open(const ConnectionOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs a named statement; prepares it at its first use on this connection.
  /// Cost: one round trip. Errors: by sqlstate.hpp; the transaction, if one is open, is then failed.
  fhir::Result<Rows> Execute(const Statement& statement, const Parameters& parameters = {});

  /// Runs SQL that was built at run time, from an AST. `name` goes to metrics and errors.
  fhir::Result<Rows> ExecuteAdHoc(std::string_view name, const std::string& sql, const Parameters& parameters,
                                  Plan plan = Plan::kOnce);

  /// Runs several statements separated by semicolons, without parameters; rows are dropped.
  fhir::Result<void> ExecuteScript(std::string_view name, const std::string& sql);

  /// The connection cannot be used any more. The pool replaces it.
  bool broken() const { return broken_; }
  /// It is broken because the server did not answer in time: others are likely to fare the same.
  bool silent() const { return silent_; }
  /// No transaction is open and nothing is under way.
  bool idle() const;
  /// Looks at the socket without a round trip: false when the server has hung up.
  bool LooksAlive();
  const FailureDetail& last_failure() const { return failure_; }
  /// e.g. 150020
  int server_version() const;

  /// One trivial statement, answered within the time or kUnavailable.
  fhir::Result<void> Ping(int within_ms);
  /// For statements without a statement timeout, e.g. of a migration: waits as long as it takes.
  void WaitWithoutEnd() { answer_ms_max_ = 0; }
  /// Undoes WaitWithoutEnd.
  void WaitAsUsual() { answer_ms_max_ = usual_answer_ms_max_; }

 private:
  friend class Pipeline;
  friend class CopyIn;
  friend class Transaction;

  struct Wire;  // parameters laid out for libpq

  explicit Connection(pg_conn* handle, const ConnectionOptions& options);
  fhir::Result<Rows> Run(std::string_view name, const char* prepared, const char* sql, const Parameters& parameters);
  fhir::Result<void> EnsureBegun();
  fhir::Result<void> Prepare(const char* name, const char* sql);
  fhir::Result<std::string> PrepareAdHoc(std::string_view name, const std::string& sql);
  /// The next result, or null at the end of a statement's results and when no more will come.
  pg_result* NextResult();
  /// Of a statement that was sent (`sent` as libpq's PQsend functions say it): its last result, or the one that failed.
  pg_result* Answer(int sent);
  /// Waits until what libpq still holds has left, so that a large transaction is not held twice.
  void SendAll();
  /// No more results will come.
  bool Lost() const;
  void FallSilent();
  fhir::Result<Rows> Check(std::string_view name, pg_result* owned);
  fhir::Error Failure(std::string_view name, const pg_result* result);
  void Observe(std::string_view name, std::int64_t started_us, bool ok);

  struct AdHoc {
    std::string prepared;
    std::list<const std::string*>::iterator position;  // in ad_hoc_recent_
  };

  pg_conn* handle_;
  StatementObserver* observer_;
  std::size_t ad_hoc_statements_max_;
  int usual_answer_ms_max_;  // 0: none
  int answer_ms_max_;
  bool broken_ = false;
  bool silent_ = false;
  const char* begin_pending_ = nullptr;  // BEGIN text that goes out with the next statement
  FailureDetail failure_;
  std::unordered_set<std::string_view> prepared_;  // views of Statement constants' names
  std::unordered_map<std::string, AdHoc> ad_hoc_;
  std::list<const std::string*> ad_hoc_recent_;  // keys of ad_hoc_, last used first
  std::uint64_t ad_hoc_made_ = 0;
};

}  // namespace gateway::store::pg
