#include "gateway/store/pg/connection.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>

#include "gateway/store/pg/pipeline.hpp"
#include "gateway/store/pg/sqlstate.hpp"
#include "gateway/store/pg/wait.hpp"
#include "gateway/store/pg/wire_parameters.hpp"

namespace gateway::store::pg {
namespace {

constexpr int kResultsBinary = 1;
constexpr Statement kPing{"check_health", "SELECT 1"};

std::int64_t MonotonicUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string_view FieldOf(const pg_result* result, int field) {
  const char* text = result != nullptr ? PQresultErrorField(result, field) : nullptr;
  return text != nullptr ? text : "";
}

// Notices go nowhere: they may quote values.
void DropNotice(void*, const pg_result*) {}

std::string OneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  for (char& c : text) {
    if (c == '\n' || c == '\t') {
      c = ' ';
    }
  }
  return text;
}

}  // namespace

Connection::Wire::Wire(const Parameters& parameters) {
  values.reserve(parameters.slots_.size());
  lengths.reserve(parameters.slots_.size());
  formats.reserve(parameters.slots_.size());
  for (const Parameters::Slot& slot : parameters.slots_) {
    const std::string_view bytes = slot.kind == Parameters::Kind::kBorrowed ? slot.borrowed : slot.owned;
    const bool is_null = slot.kind == Parameters::Kind::kNull;
    // A null data pointer means NULL to libpq, so an empty view needs some address.
    values.push_back(is_null ? nullptr : bytes.data() != nullptr ? bytes.data() : "");
    lengths.push_back(static_cast<int>(bytes.size()));
    formats.push_back(slot.kind == Parameters::Kind::kOwnedText ? 0 : 1);
  }
}

Connection::Connection(pg_conn* handle, const ConnectionOptions& options)
    : handle_(handle),
      observer_(options.observer),
      ad_hoc_statements_max_(options.ad_hoc_statements_max),
      usual_answer_ms_max_(options.statement_timeout_ms > 0 ? options.statement_timeout_ms + options.answer_margin_ms
                                                            : 0),
      answer_ms_max_(usual_answer_ms_max_) {}

Connection::~Connection() {
  PQfinish(handle_);
}

bool IsStartingUp(const std::string& conninfo) {
  return PQping(conninfo.c_str()) == PQPING_REJECT;
}

fhir::Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options) {
  PQconninfoOption* parsed = PQconninfoParse(options.conninfo.c_str(), nullptr);
  if (parsed == nullptr) {
    // libpq's own message may quote a piece of the password.
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The database's connection string cannot be read."},
                      {"not a libpq connection string"});
  }
  std::string session_options;
  for (const PQconninfoOption* option = parsed; option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "options" && option->val != nullptr) {
      session_options = std::string(option->val) + " ";
    }
  }
  PQconninfoFree(parsed);

  const std::string connect_timeout = std::to_string(options.connect_timeout_s);
  session_options += fmt::format(
      "-c statement_timeout={} -c idle_in_transaction_session_timeout={} -c plan_cache_mode={} "
      // Plans that are kept may have been made while a table was small. Every statement has an index for what it
      // wants, which serves at any size.
      "-c enable_seqscan=off "
      // What a search looks up is in memory or on flash: as for disks that turn, the server would rather read a whole
      // list of an index than look up a few of its entries.
      "-c random_page_cost=1.1 "
      // Compiling a plan takes 100 ms, many times what most statements run for, and its costs are guessed for any
      // LIMIT.
      "-c jit=off "
      // What nobody waits for any more ends: closing a connection is how a search is given up (wanted.hpp), and a
      // gateway that died does not leave work behind.
      "-c client_connection_check_interval=1000 "
      "-c synchronous_commit=on -c client_min_messages=error -c timezone=UTC -c datestyle=ISO "
      "-c standard_conforming_strings=on",
      options.statement_timeout_ms, options.idle_in_transaction_timeout_ms, options.plan_cache_mode);
  // The connection string (dbname) overrides what stands before it; what stands after overrides the string.
  const char* const keys[] = {"application_name", "connect_timeout", "keepalives_idle", "gssencmode",
                              "dbname",           "options",         "client_encoding", nullptr};
  const char* const values[] = {options.application_name.c_str(), connect_timeout.c_str(), "30",   "disable",
                                options.conninfo.c_str(),         session_options.c_str(), "UTF8", nullptr};
  pg_conn* handle = PQconnectdbParams(keys, values, /*expand_dbname=*/1);
  if (handle == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The database failed."}, {"libpq is out of memory"});
  }
  std::unique_ptr<Connection> connection(new Connection(handle, options));
  if (PQstatus(handle) != CONNECTION_OK) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"The database is not available."},
                      {fmt::format("connect: {}", OneLine(PQerrorMessage(handle)))}, fhir::Retry::kLater);
  }
  PQsetNoticeReceiver(handle, DropNotice, nullptr);
  if (PQsetnonblocking(handle, 1) != 0) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The database failed."}, {"libpq cannot do without waiting"});
  }
  return connection;
}

bool Connection::idle() const {
  return begin_pending_ == nullptr && PQtransactionStatus(handle_) == PQTRANS_IDLE;
}

bool Connection::LooksAlive() {
  pollfd descriptor{PQsocket(handle_), POLLIN, 0};
  if (broken_ || descriptor.fd < 0) {
    return false;
  }
  // The server speaks unasked only to say that it ends the connection, or to report a reloaded setting: rare enough to
  // take a new connection for it too.
  if (poll(&descriptor, 1, 0) != 0) {
    broken_ = true;
  }
  return !broken_;
}

int Connection::server_version() const {
  return PQserverVersion(handle_);
}

pg_result* Connection::NextResult() {
  if (silent_) {
    return nullptr;
  }
  if (!AwaitResult(handle_, Deadline::In(answer_ms_max_))) {
    FallSilent();
    return nullptr;
  }
  return PQgetResult(handle_);
}

pg_result* Connection::Answer(int sent) {
  pg_result* last = nullptr;
  if (sent == 0) {
    return last;
  }
  while (pg_result* result = NextResult()) {
    if (last != nullptr && PQresultStatus(last) == PGRES_FATAL_ERROR) {
      PQclear(result);
      continue;
    }
    PQclear(last);
    last = result;
    if (PQresultStatus(last) == PGRES_COPY_IN || PQstatus(handle_) != CONNECTION_OK) {
      break;
    }
  }
  if (silent_) {
    PQclear(std::exchange(last, nullptr));
  }
  return last;
}

void Connection::SendAll() {
  if (!silent_ && !AwaitSent(handle_, Deadline::In(answer_ms_max_))) {
    FallSilent();
  }
}

bool Connection::Lost() const {
  return silent_ || PQstatus(handle_) != CONNECTION_OK;
}

void Connection::FallSilent() {
  silent_ = true;
  broken_ = true;
  // Whatever libpq still tries, down to its good-bye, then fails at once; and a server that comes back hears of it.
  shutdown(PQsocket(handle_), SHUT_RDWR);
}

fhir::Result<void> Connection::Ping(int within_ms) {
  const int usual_ms = std::exchange(answer_ms_max_, within_ms);
  const auto rows = Execute(kPing);
  answer_ms_max_ = usual_ms;
  return rows ? fhir::Result<void>() : std::unexpected(rows.error());
}

void Connection::Observe(std::string_view name, std::int64_t started_us, bool ok) {
  if (observer_ != nullptr) {
    observer_->OnStatement(name, MonotonicUs() - started_us, ok);
  }
}

fhir::Error Connection::Failure(std::string_view name, const pg_result* result) {
  failure_.sqlstate = FieldOf(result, PG_DIAG_SQLSTATE);
  failure_.constraint = FieldOf(result, PG_DIAG_CONSTRAINT_NAME);
  if (PQstatus(handle_) != CONNECTION_OK) {
    broken_ = true;
  }
  const SqlstateMeaning& meaning = MeaningOf(failure_.sqlstate);
  if (failure_.sqlstate.empty() || failure_.sqlstate.starts_with("57P") || failure_.sqlstate == "25006") {
    broken_ = true;
  }
  // Never the message as such: it may quote values. In class 42 (the statement itself is wrong) it cannot.
  std::string detail = silent_ ? fmt::format("statement {}: no answer within {} ms", name, answer_ms_max_)
                               : fmt::format("statement {}: SQLSTATE {}", name,
                                             failure_.sqlstate.empty() ? "none (connection lost)" : failure_.sqlstate);
  if (!failure_.constraint.empty()) {
    detail += fmt::format(", constraint {}", failure_.constraint);
  }
  if (failure_.sqlstate.starts_with("42")) {
    detail += fmt::format(", {}", FieldOf(result, PG_DIAG_MESSAGE_PRIMARY));
  }
  return {meaning.code, {std::string(meaning.public_text)}, {std::move(detail)}, meaning.retry, {}};
}

fhir::Result<Rows> Connection::Check(std::string_view name, pg_result* owned) {
  Rows rows(owned);
  switch (owned != nullptr ? PQresultStatus(owned) : PGRES_FATAL_ERROR) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_IN:
      return rows;
    default:
      return std::unexpected(Failure(name, owned));
  }
}

fhir::Result<void> Connection::EnsureBegun() {
  if (begin_pending_ != nullptr) {
    const char* begin = std::exchange(begin_pending_, nullptr);
    GW_TRY(Check("begin", Answer(PQsendQuery(handle_, begin))));
  }
  return {};
}

fhir::Result<void> Connection::Prepare(const char* name, const char* sql) {
  if (!prepared_.contains(name)) {
    GW_TRY(Check(name, Answer(PQsendPrepare(handle_, name, sql, 0, nullptr))));
    prepared_.insert(name);
  }
  return {};
}

fhir::Result<Rows> Connection::Run(std::string_view name, const char* prepared, const char* sql,
                                   const Parameters& parameters) {
  const std::int64_t started_us = MonotonicUs();
  const Wire wire(parameters);
  const int sent = prepared != nullptr ? PQsendQueryPrepared(handle_, prepared, wire.count(), wire.values.data(),
                                                             wire.lengths.data(), wire.formats.data(), kResultsBinary)
                                       : PQsendQueryParams(handle_, sql, wire.count(), nullptr, wire.values.data(),
                                                           wire.lengths.data(), wire.formats.data(), kResultsBinary);
  auto rows = Check(name, Answer(sent));
  Observe(name, started_us, rows.has_value());
  return rows;
}

fhir::Result<Rows> Connection::Execute(const Statement& statement, const Parameters& parameters) {
  if (begin_pending_ != nullptr) {
    // BEGIN travels with the statement.
    Pipeline pipeline(*this);
    pipeline.Add(statement, parameters);
    GW_ASSIGN(std::vector<Rows> all, pipeline.Run());
    return std::move(all.front());
  }
  GW_TRY(Prepare(statement.name, statement.sql));
  return Run(statement.label(), statement.name, nullptr, parameters);
}

fhir::Result<std::string> Connection::PrepareAdHoc(std::string_view name, const std::string& sql) {
  if (auto found = ad_hoc_.find(sql); found != ad_hoc_.end()) {
    ad_hoc_recent_.splice(ad_hoc_recent_.begin(), ad_hoc_recent_, found->second.position);
    return found->second.prepared;
  }
  if (ad_hoc_.size() >= ad_hoc_statements_max_) {
    const auto oldest = ad_hoc_.find(*ad_hoc_recent_.back());
    GW_TRY(ExecuteScript("deallocate", fmt::format("DEALLOCATE {}", oldest->second.prepared)));
    ad_hoc_recent_.pop_back();
    ad_hoc_.erase(oldest);
  }
  const std::string prepared = fmt::format("ad_hoc_{}", ++ad_hoc_made_);
  GW_TRY(Check(name, Answer(PQsendPrepare(handle_, prepared.c_str(), sql.c_str(), 0, nullptr))));
  const auto [entry, added] = ad_hoc_.emplace(sql, AdHoc{prepared, {}});
  entry->second.position = ad_hoc_recent_.insert(ad_hoc_recent_.begin(), &entry->first);
  return prepared;
}

fhir::Result<Rows> Connection::ExecuteAdHoc(std::string_view name, const std::string& sql, const Parameters& parameters,
                                            Plan plan) {
  GW_TRY(EnsureBegun());
  if (plan == Plan::kOnce || ad_hoc_statements_max_ == 0) {
    return Run(name, nullptr, sql.c_str(), parameters);
  }
  GW_ASSIGN(const std::string prepared, PrepareAdHoc(name, sql));
  return Run(name, prepared.c_str(), nullptr, parameters);
}

fhir::Result<void> Connection::ExecuteScript(std::string_view name, const std::string& sql) {
  GW_TRY(EnsureBegun());
  const std::int64_t started_us = MonotonicUs();
  auto rows = Check(name, Answer(PQsendQuery(handle_, sql.c_str())));
  Observe(name, started_us, rows.has_value());
  if (!rows) {
    return std::unexpected(std::move(rows).error());
  }
  return {};
}

}  // namespace gateway::store::pg
