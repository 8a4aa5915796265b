// A server that accepts and never answers: every wait for it ends.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "gateway/store/pg/copy.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::pg {
namespace {

using tests::support::SharedDatabase;

constexpr Statement kSilentPid{"s_pid", "SELECT pg_backend_pid()"};
constexpr Statement kSilentNap{"s_nap", "SELECT pg_sleep(0.3)"};
constexpr Statement kSilentBytes{"s_bytes", "SELECT length($1::bytea)"};
constexpr Statement kSilentBytesAndNap{"s_bytes_and_nap", "SELECT length($1::bytea), pg_sleep(0.3)"};
constexpr Statement kSilentCopy{"s_copy", "COPY silent (x) FROM STDIN"};

/// Listens, and leaves it at that.
class MuteServer {
 public:
  MuteServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 4), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~MuteServer() { close(socket_); }
  MuteServer(const MuteServer&) = delete;
  MuteServer& operator=(const MuteServer&) = delete;
  std::string ConnInfo() const { return "host=127.0.0.1 user=x dbname=x port=" + std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

ConnectionOptions ShortOptions() {
  ConnectionOptions options = SharedDatabase().Options();
  options.statement_timeout_ms = 400;
  options.answer_margin_ms = 200;
  return options;
}

/// Stops the server's process of one connection, until the end of the scope.
class Frozen {
 public:
  explicit Frozen(Connection& connection)
      : pid_(static_cast<pid_t>((*connection.Execute(kSilentPid))[0].Int(0))), stopped_(kill(pid_, SIGSTOP) == 0) {}
  ~Frozen() {
    if (stopped_) {
      kill(pid_, SIGCONT);
    }
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  bool stopped() const { return stopped_; }

 private:
  pid_t pid_;
  bool stopped_;
};

#define SKIP_UNLESS(frozen)                                        \
  if (!(frozen).stopped()) {                                       \
    GTEST_SKIP() << "the server's processes are out of our reach"; \
  }

template <typename T>
void ExpectGone(const fhir::Result<T>& result, const Connection& connection) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().retry, fhir::Retry::kLater);
  EXPECT_NE(result.error().internal_text.text.find("no answer within 600 ms"), std::string::npos)
      << result.error().internal_text.text;
  EXPECT_TRUE(connection.broken());
  EXPECT_TRUE(connection.silent());
  EXPECT_FALSE(connection.idle());
}

class Silence : public ::testing::Test {
 protected:
  void SetUp() override { begun_ = std::chrono::steady_clock::now(); }
  void TearDown() override { EXPECT_LT(std::chrono::steady_clock::now() - begun_, std::chrono::seconds(15)); }

 private:
  std::chrono::steady_clock::time_point begun_;
};

TEST_F(Silence, Connecting_IsUnavailable) {
  const MuteServer server;
  const auto connection = Connection::Open({.conninfo = server.ConnInfo(), .connect_timeout_s = 2});
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(connection.error().retry, fhir::Retry::kLater);
}

TEST_F(Silence, Statement_IsUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  ASSERT_TRUE(connection->Execute(kSilentNap));
  const Frozen frozen(*connection);
  SKIP_UNLESS(frozen);
  ExpectGone(connection->Execute(kSilentNap), *connection);
  ExpectGone(connection->Execute(kSilentNap), *connection);
}

TEST_F(Silence, StatementNotPreparedYet_IsUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  const Frozen frozen(*connection);
  SKIP_UNLESS(frozen);
  ExpectGone(connection->Execute(kSilentNap), *connection);
}

TEST_F(Silence, AdHocAndScript_AreUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  const auto other = *Connection::Open(ShortOptions());
  const Frozen frozen(*connection);
  const Frozen frozen_too(*other);
  SKIP_UNLESS(frozen);
  ExpectGone(connection->ExecuteAdHoc("s_ad_hoc", "SELECT 1", {}, Plan::kKept), *connection);
  ExpectGone(other->ExecuteScript("s_script", "SELECT 1; SELECT 2"), *other);
}

TEST_F(Silence, Commit_IsUnavailableAndItsOutcomeUnknown) {
  const auto connection = *Connection::Open(ShortOptions());
  Transaction transaction(*connection);
  ASSERT_TRUE(connection->Execute(kSilentPid));
  const Frozen frozen(*connection);
  SKIP_UNLESS(frozen);
  ExpectGone(transaction.Commit(), *connection);
}

TEST_F(Silence, PipelineWithCommit_IsUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  Transaction transaction(*connection);
  const Frozen frozen(*connection);
  SKIP_UNLESS(frozen);
  Pipeline pipeline(*connection);
  pipeline.Add(kSilentPid);
  pipeline.Add(kSilentNap);
  ExpectGone(transaction.CommitWith(pipeline), *connection);
}

TEST_F(Silence, ServerThatDoesNotRead_IsUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  const std::string large(32u * 1024 * 1024, 'x');
  const Frozen frozen(*connection);
  SKIP_UNLESS(frozen);
  Pipeline pipeline(*connection);
  pipeline.Add(kSilentBytes, Parameters().Bytes(large));
  pipeline.Add(kSilentPid);
  ExpectGone(pipeline.Run(), *connection);
}

TEST_F(Silence, Copy_IsUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  ASSERT_TRUE(connection->ExecuteScript("s_table", "CREATE TEMP TABLE silent (x text)"));
  const Frozen frozen(*connection);
  SKIP_UNLESS(frozen);
  ExpectGone(CopyIn::Begin(*connection, kSilentCopy), *connection);
}

TEST_F(Silence, CopyUnderWay_IsUnavailable) {
  const auto connection = *Connection::Open(ShortOptions());
  ASSERT_TRUE(connection->ExecuteScript("s_table", "CREATE TEMP TABLE silent (x text)"));
  const auto pid = static_cast<pid_t>((*connection->Execute(kSilentPid))[0].Int(0));
  auto copy = CopyIn::Begin(*connection, kSilentCopy);
  ASSERT_TRUE(copy);
  if (kill(pid, SIGSTOP) != 0) {
    GTEST_SKIP() << "the server's processes are out of our reach";
  }
  copy->Text("x");
  (void)copy->EndRow();
  ExpectGone(copy->Finish(), *connection);
  kill(pid, SIGCONT);
}

TEST_F(Silence, StatementsOfAPipeline_ShareTheTime) {
  const auto connection = *Connection::Open(ShortOptions());
  Pipeline pipeline(*connection);
  for (int i = 0; i < 4; ++i) {
    pipeline.Add(kSilentNap);  // 1.2 s together, each below the limit
  }
  ExpectGone(pipeline.Run(), *connection);
}

TEST_F(Silence, LargePipeline_HasTheTimeForEachPiece) {
  const auto connection = *Connection::Open(ShortOptions());
  const std::string large(300 * 1024, 'x');
  Pipeline pipeline(*connection);
  for (int i = 0; i < 4; ++i) {
    pipeline.Add(kSilentBytesAndNap, Parameters().Bytes(large));
  }
  const auto all = pipeline.Run();
  ASSERT_TRUE(all) << all.error().internal_text.text;
  EXPECT_EQ(all->size(), 4U);
}

TEST_F(Silence, WaitWithoutEnd_OutlivesTheTime) {
  ConnectionOptions options = ShortOptions();
  const auto connection = *Connection::Open(options);
  connection->WaitWithoutEnd();
  ASSERT_TRUE(connection->ExecuteScript("s_long", "SET statement_timeout = 0; SELECT pg_sleep(0.8)"));
  connection->WaitAsUsual();
  EXPECT_FALSE(connection->ExecuteScript("s_long", "SELECT pg_sleep(2)"));
  EXPECT_TRUE(connection->silent());
}

TEST_F(Silence, OneConnection_MakesThePoolDropTheIdleOnes) {
  Pool pool({.connection = ShortOptions(), .connections_max = 3});
  {
    const auto first = pool.Acquire();
    const auto second = pool.Acquire();
    ASSERT_TRUE(first && second);
  }
  ASSERT_EQ(pool.state().open, 2);
  {
    const auto lease = pool.Acquire();
    const Frozen frozen(**lease);
    SKIP_UNLESS(frozen);
    ExpectGone((*lease)->Execute(kSilentNap), **lease);
  }
  EXPECT_EQ(pool.state().open, 0);
  EXPECT_TRUE(pool.CheckHealth());
}

TEST_F(Silence, HealthCheck_HasATimeOfItsOwn) {
  ConnectionOptions options = SharedDatabase().Options();
  Pool pool({.connection = options, .connections_max = 1, .health_ms_max = 300});
  pid_t pid = 0;
  {
    const auto lease = pool.Acquire();
    pid = static_cast<pid_t>((*(*lease)->Execute(kSilentPid))[0].Int(0));
  }
  if (kill(pid, SIGSTOP) != 0) {
    GTEST_SKIP() << "the server's processes are out of our reach";
  }
  const auto health = pool.CheckHealth();
  kill(pid, SIGCONT);
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_TRUE(pool.CheckHealth());
}

}  // namespace
}  // namespace gateway::store::pg
