#include "gateway/store/journal_months.hpp"

#include <fmt/format.h>

#include <chrono>

#include "gateway/store/pg/transaction.hpp"

namespace gateway::store {
namespace {

// Any fixed number that no other advisory lock of the database uses: "GWMONTHS" in ASCII.
constexpr pg::Statement kLockMonths{"lock_months", "SELECT pg_try_advisory_xact_lock(5141786064402634835)"};
constexpr pg::Statement kSelectNow{"select_months_now", "SELECT now()"};
constexpr pg::Statement kSelectMonths{"select_months", R"sql(
SELECT c.relname::text
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = to_regclass('journal') AND c.relname ~ '^message_[0-9]{4}_[0-9]{2}$'
 ORDER BY c.relname)sql"};
// $1: the begin of the month.
constexpr pg::Statement kSelectEnded{"select_ended_month", R"sql(
SELECT EXISTS (SELECT 1 FROM (SELECT received_at FROM message
                               WHERE state <> 'received' AND state <> 'parked' AND NOT holds
                               ORDER BY received_at LIMIT 1) oldest
                WHERE received_at < $1::timestamptz))sql"};
constexpr pg::Statement kCountOpen{"count_open_messages", R"sql(
SELECT (SELECT count(*) FROM message WHERE state = 'received') + (SELECT count(*) FROM message WHERE state = 'parked')
     + (SELECT count(*) FROM message
         WHERE lane IS NOT NULL AND state = 'refused' AND holds AND (state IN ('received', 'parked') OR holds)))sql"};
// $1: what every key of a message that was received before some time has as its horizon at most.
constexpr pg::Statement kSelectKeyed{"select_keyed_month",
                                     "SELECT EXISTS (SELECT 1 FROM message_key WHERE horizon_at < $1::timestamptz)"};

constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

/// Months since January of year 0.
int MonthOf(std::int64_t us) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us)))};
  return static_cast<int>(day.year()) * 12 + static_cast<int>(static_cast<unsigned>(day.month())) - 1;
}

std::int64_t BeginOf(int month) {
  const std::chrono::sys_days day{std::chrono::year(month / 12) /
                                  std::chrono::month(static_cast<unsigned>(month % 12 + 1)) / 1};
  return day.time_since_epoch().count() * kMicrosPerDay;
}

std::string SuffixOf(int month) {
  return fmt::format("{:04}_{:02}", month / 12, month % 12 + 1);
}

int MonthOfTable(std::string_view table) {
  const std::string_view digits = table.substr(table.size() - 7);
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : digits.substr(at, count)) {
      value = value * 10 + (c - '0');
    }
    return value;
  };
  return number(0, 4) * 12 + number(5, 2) - 1;
}

/// The names hold digits alone besides what stands here. What is open is found by partial indexes, not by reading the
/// month: everybody waits meanwhile.
std::string TurnScript(int month) {
  return fmt::format(R"sql(
LOCK TABLE message, message_chunk IN ACCESS EXCLUSIVE MODE;
ALTER TABLE message RENAME TO message_{0};
CREATE TABLE message (LIKE message_{0} INCLUDING ALL) WITH (fillfactor = 80);
ALTER TABLE message INHERIT journal;
WITH open AS (
  DELETE FROM message_{0} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM message_{0} WHERE state = 'received'
    UNION SELECT ctid FROM message_{0} WHERE state = 'parked'
    UNION SELECT ctid FROM message_{0} WHERE lane IS NOT NULL AND holds AND (state IN ('received', 'parked') OR holds)))
  RETURNING *
)
INSERT INTO message SELECT * FROM open;
ALTER TABLE message_chunk RENAME TO message_chunk_{0};
CREATE TABLE message_chunk (LIKE message_chunk_{0} INCLUDING ALL);
ALTER TABLE message_chunk INHERIT journal_chunk;
WITH open AS (
  DELETE FROM message_chunk_{0} c USING message m
   WHERE m.encoding = 'chunks' AND c.bucket = m.bucket AND c.message_id = m.id RETURNING c.*
)
INSERT INTO message_chunk SELECT * FROM open;)sql",
                     SuffixOf(month));
}

std::string DropScript(int month) {
  return fmt::format("DROP TABLE message_{0}; DROP TABLE message_chunk_{0};", SuffixOf(month));
}

fhir::Result<bool> Ask(pg::Connection& connection, const pg::Statement& statement, std::int64_t us) {
  GW_ASSIGN(const pg::Rows rows, connection.Execute(statement, pg::Parameters().TimestampUs(us)));
  return rows[0].Bool(0);
}

/// Runs the script alone among the nodes, waiting for its locks no longer than others may wait behind it.
fhir::Result<bool> RunAlone(pg::Connection& connection, const char* name, const std::string& script,
                            const MonthsOptions& options) {
  pg::Transaction transaction(connection);
  GW_ASSIGN(const pg::Rows locked, connection.Execute(kLockMonths));
  if (!locked[0].Bool(0)) {
    return false;
  }
  GW_TRY(
      connection.ExecuteScript(name, fmt::format("SET LOCAL lock_timeout = {};{}", options.lock_timeout_ms, script)));
  GW_TRY(transaction.Commit());
  return true;
}

fhir::Result<void> Turn(pg::Connection& connection, int month, const MonthsOptions& options, MonthsReport& report) {
  GW_ASSIGN(const bool ended, Ask(connection, kSelectEnded, BeginOf(month + 1)));
  if (!ended) {
    return {};
  }
  GW_ASSIGN(const pg::Rows open, connection.Execute(kCountOpen));
  if (open[0].Int(0) > options.open_max) {
    report.too_many_open = true;
    return {};
  }
  GW_ASSIGN(const bool done, RunAlone(connection, "turn_month", TurnScript(month), options));
  if (done) {
    report.ended = "message_" + SuffixOf(month);
    report.moved = open[0].Int(0);
  }
  return {};
}

}  // namespace

fhir::Result<MonthsReport> KeepMonths(pg::Pool& pool, const MonthsOptions& options) {
  MonthsReport report;
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  GW_ASSIGN(const pg::Rows now, connection->Execute(kSelectNow));
  const int month = MonthOf(options.now_us.value_or(now[0].TimestampUs(0)));
  GW_ASSIGN(const pg::Rows tables, connection->Execute(kSelectMonths));
  // A clock that stepped back puts nothing under an earlier name.
  if (tables.empty() || MonthOfTable(tables[tables.size() - 1].Text(0)) < month - 1) {
    GW_TRY(Turn(*connection, month - 1, options, report));
  }
  for (int i = 0; options.keep_months != 0 && i < tables.size(); ++i) {
    const int held = MonthOfTable(tables[i].Text(0));
    if (month - held <= options.keep_months) {
      break;
    }
    GW_ASSIGN(const bool keyed,
              Ask(*connection, kSelectKeyed, BeginOf(held + 1) + options.repeat_horizon_days * kMicrosPerDay));
    if (keyed) {
      break;  // their repeats are recognised yet, or the sweep of the keys has not come round
    }
    GW_ASSIGN(const bool done, RunAlone(*connection, "drop_month", DropScript(held), options));
    if (!done) {
      break;
    }
    report.dropped.push_back(tables[i].String(0));
  }
  return report;
}

}  // namespace gateway::store
