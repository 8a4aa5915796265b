#include "gateway/store/pg/connection.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>

#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::pg {
namespace {

using tests::support::SharedDatabase;

constexpr Statement kEcho{"t_echo",
                          "SELECT $1::text, $2::int8, $3::bool, $4::bytea, $5::timestamptz, $6::text, $7::float8"};
constexpr Statement kArrays{"t_arrays",
                            "SELECT $1::text[], $2::int8[], $3::int4[], $4::bytea[], $5::int2[], $6::bool[]"};
constexpr Statement kWrong{"t_wrong", "SELECT * FROM no_such_table WHERE x = $1"};
constexpr Statement kDivide{"t_divide", "SELECT 1 / $1::int"};
constexpr Statement kSleep{"t_sleep", "SELECT pg_sleep(30)"};
constexpr Statement kOne{"t_one", "SELECT 1"};

class Recorder : public StatementObserver {
 public:
  void OnStatement(std::string_view name, std::int64_t duration_us, bool ok) override {
    const std::lock_guard lock(mutex_);
    lines.push_back(std::string(name) + (ok ? " ok" : " failed"));
    EXPECT_GE(duration_us, 0);
  }
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

TEST(Connection, EveryKindOfValue_ComesBackAsSent) {
  const auto connection = SharedDatabase().Connect();
  const std::string bytes("\0\xff\\'\n", 5);
  const auto rows = connection->Execute(kEcho, Parameters()
                                                   .Text("é'\"\\")
                                                   .Int(-9'000'000'000)
                                                   .Bool(true)
                                                   .Bytes(bytes)
                                                   .TimestampUs(1'700'000'000'123'456)
                                                   .Null()
                                                   .Double(0.1));
  ASSERT_TRUE(rows) << rows.error().internal_text.text;
  ASSERT_EQ(rows->size(), 1);
  const Row row = (*rows)[0];
  EXPECT_EQ(row.Text(0), "é'\"\\");
  EXPECT_EQ(row.Int(1), -9'000'000'000);
  EXPECT_TRUE(row.Bool(2));
  EXPECT_EQ(row.Bytes(3), bytes);
  EXPECT_EQ(row.TimestampUs(4), 1'700'000'000'123'456);
  EXPECT_TRUE(row.IsNull(5));
  EXPECT_EQ(row.Text(5), "");
  EXPECT_EQ(row.Double(6), 0.1);
}

TEST(Connection, EmptyText_IsNotNull) {
  const auto connection = SharedDatabase().Connect();
  const auto rows = connection->Execute(
      kEcho, Parameters().Text({}).Int(0).Bool(false).Bytes("").TimestampUsOrNull({}).TextOrNull("").Double(1));
  ASSERT_TRUE(rows);
  EXPECT_FALSE((*rows)[0].IsNull(0));
  EXPECT_FALSE((*rows)[0].IsNull(3));
  EXPECT_TRUE((*rows)[0].IsNull(4));
  EXPECT_EQ((*rows)[0].TimestampUs(4), 0);
  EXPECT_TRUE((*rows)[0].IsNull(5));
}

TEST(Connection, Arrays_ComeBackAsSent) {
  const auto connection = SharedDatabase().Connect();
  const std::vector<std::string> texts{"a", "", "{\"quoted\",NULL}", "é"};
  Array bytes(ElementType::kBytea);
  bytes.AddText(std::string_view("\0\1", 2));
  bytes.AddNull();
  Array small(ElementType::kInt2);
  small.AddInt(-5);
  Array flags(ElementType::kBool);
  flags.AddBool(true);
  flags.AddBool(false);
  const auto rows = connection->Execute(kArrays, Parameters()
                                                     .Add(Array::Texts(texts))
                                                     .Add(Array::Int64s(std::vector<std::int64_t>{1, -2}))
                                                     .Add(Array(ElementType::kInt4))
                                                     .Add(bytes)
                                                     .Add(small)
                                                     .Add(flags));
  ASSERT_TRUE(rows) << rows.error().internal_text.text;
  EXPECT_EQ((*rows)[0].TextArray(0), texts);
  EXPECT_EQ((*rows)[0].IntArray(1), (std::vector<std::int64_t>{1, -2}));
  EXPECT_TRUE((*rows)[0].IntArray(2).empty());
  EXPECT_FALSE((*rows)[0].IsNull(2));
  EXPECT_EQ((*rows)[0].TextArray(3), (std::vector<std::string>{std::string("\0\1", 2), ""}));
  EXPECT_EQ((*rows)[0].IntArray(4), std::vector<std::int64_t>{-5});
  EXPECT_EQ((*rows)[0].IntArray(5), (std::vector<std::int64_t>{1, 0}));
}

TEST(Connection, FailedStatement_NamesStatementAndStateButNoValue) {
  const auto connection = SharedDatabase().Connect();
  ASSERT_TRUE(connection->ExecuteScript("t", "CREATE TEMP TABLE mark (name text CONSTRAINT mark_once PRIMARY KEY)"));
  const std::string sql = "INSERT INTO mark VALUES ($1::text)";
  ASSERT_TRUE(connection->ExecuteAdHoc("t_mark", sql, Parameters().Text("ZZMARKZZ")));
  const auto twice = connection->ExecuteAdHoc("t_mark", sql, Parameters().Text("ZZMARKZZ"));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(twice.error().retry, fhir::Retry::kNever);
  EXPECT_EQ(twice.error().internal_text.text, "statement t_mark: SQLSTATE 23505, constraint mark_once");
  EXPECT_EQ(connection->last_failure().constraint, "mark_once");
  const auto cast = connection->ExecuteAdHoc("t_cast", "SELECT $1::text::int", Parameters().Text("ZZMARKZZ"));
  ASSERT_FALSE(cast);
  EXPECT_EQ((cast.error().internal_text.text + cast.error().public_text.text).find("ZZMARKZZ"), std::string::npos);
  EXPECT_FALSE(connection->broken());
}

TEST(Connection, TextWithNul_IsInvalid) {
  const auto connection = SharedDatabase().Connect();
  const auto rows =
      connection->ExecuteAdHoc("t_nul", "SELECT $1::text", Parameters().Text(std::string_view("a\0b", 3)));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, fhir::ErrorCode::kInvalid);
}

TEST(Connection, WrongStatement_FailsEachTimeAndConnectionGoesOn) {
  const auto connection = SharedDatabase().Connect();
  for (int i = 0; i < 2; ++i) {
    const auto rows = connection->Execute(kWrong, Parameters().Int(1));
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, fhir::ErrorCode::kInternal);
    EXPECT_NE(rows.error().internal_text.text.find("no_such_table"), std::string::npos);
  }
  EXPECT_TRUE(connection->Execute(kOne));
}

TEST(Connection, StatementBeyondItsTime_IsTimeout) {
  ConnectionOptions options = SharedDatabase().Options();
  options.statement_timeout_ms = 50;
  const auto connection = Connection::Open(options);
  ASSERT_TRUE(connection);
  const auto rows = (*connection)->Execute(kSleep);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, fhir::ErrorCode::kTimeout);
  EXPECT_TRUE((*connection)->Execute(kOne));
}

TEST(Connection, Session_HasItsSettings) {
  ConnectionOptions options = SharedDatabase().Options();
  options.application_name = "t_name";
  options.plan_cache_mode = "force_custom_plan";
  const auto connection = Connection::Open(options);
  ASSERT_TRUE(connection);
  const auto rows =
      (*connection)
          ->ExecuteAdHoc("t_settings",
                         "SELECT current_setting('application_name'), current_setting('plan_cache_mode'), "
                         "current_setting('synchronous_commit'), current_setting('statement_timeout')",
                         {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].Text(0), "t_name");
  EXPECT_EQ((*rows)[0].Text(1), "force_custom_plan");
  EXPECT_EQ((*rows)[0].Text(2), "on");
  EXPECT_EQ((*rows)[0].Text(3), "30s");
}

TEST(Connection, NotAConnectionString_IsConfigurationAndNotQuoted) {
  const auto connection = Connection::Open({.conninfo = "host=a passwordSECRET"});
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_EQ(connection.error().internal_text.text.find("SECRET"), std::string::npos);
}

TEST(Connection, NoServer_IsUnavailable) {
  const auto connection = Connection::Open({.conninfo = "host=/nonexistent dbname=x"});
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(connection.error().retry, fhir::Retry::kLater);
}

TEST(Connection, Observer_HearsOfEveryStatement) {
  Recorder recorder;
  ConnectionOptions options = SharedDatabase().Options();
  options.observer = &recorder;
  const auto connection = Connection::Open(options);
  ASSERT_TRUE(connection);
  ASSERT_TRUE((*connection)->Execute(kOne));
  ASSERT_FALSE((*connection)->Execute(kDivide, Parameters().Int(0)));
  EXPECT_EQ(recorder.lines, (std::vector<std::string>{"t_one ok", "t_divide failed"}));
}

TEST(Connection, AdHocKept_DropsTheLeastUsedBeyondItsLimit) {
  ConnectionOptions options = SharedDatabase().Options();
  options.ad_hoc_statements_max = 2;
  const auto connection = Connection::Open(options);
  ASSERT_TRUE(connection);
  for (const char* sql : {"SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3"}) {
    ASSERT_TRUE((*connection)->ExecuteAdHoc("t_kept", sql, {}, Plan::kKept));
  }
  const auto rows = (*connection)
                        ->ExecuteAdHoc("t_list",
                                       "SELECT array_agg(statement ORDER BY statement) FROM pg_prepared_statements "
                                       "WHERE name LIKE 'ad_hoc%'",
                                       {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].TextArray(0), (std::vector<std::string>{"SELECT 1", "SELECT 3"}));
}

}  // namespace
}  // namespace gateway::store::pg
