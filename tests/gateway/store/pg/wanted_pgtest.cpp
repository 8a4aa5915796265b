// A statement that nobody waits for any more is given up, here and on the server.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "gateway/store/pg/connection.hpp"
#include "gateway/store/pg/wanted.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::pg {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using tests::support::SharedDatabase;

constexpr Statement kWantedPid{"w_pid", "SELECT pg_backend_pid()"};
constexpr Statement kWantedShortNap{"w_short_nap", "SELECT pg_sleep(0.6)"};
constexpr Statement kWantedLongNap{"w_long_nap", "SELECT pg_sleep(25)"};
constexpr Statement kWantedAtWork{"w_at_work", "SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int"};

TEST(WhileWanted, QuickAnswer_IsNotAskedAbout) {
  const auto connection = *Connection::Open(SharedDatabase().Options());
  int asked = 0;
  const std::function<bool()> wanted = [&] { return ++asked < 0; };
  const WhileWanted scope(wanted);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection->Execute(kWantedPid));
  }
  EXPECT_LE(asked, 1) << "only what takes a quarter of a second, as on a busy machine now and then";
}

TEST(WhileWanted, SlowAnswerThatIsWanted_IsWaitedFor) {
  const auto connection = *Connection::Open(SharedDatabase().Options());
  int asked = 0;
  const std::function<bool()> wanted = [&] { return ++asked > 0; };
  {
    const WhileWanted scope(wanted);
    EXPECT_TRUE(connection->Execute(kWantedShortNap));
  }
  EXPECT_GE(asked, 2);
  const int before = asked;
  EXPECT_TRUE(connection->Execute(kWantedShortNap));
  EXPECT_EQ(asked, before) << "after its scope nobody is asked";
}

TEST(WhileWanted, Unwanted_IsGivenUpAndEndsOnTheServer) {
  const auto connection = *Connection::Open(SharedDatabase().Options());
  const auto observer = *Connection::Open(SharedDatabase().Options());
  const auto pid = (*connection->Execute(kWantedPid))[0].Int(0);
  const auto begun = steady_clock::now();
  {
    const std::function<bool()> wanted = [] { return false; };
    const WhileWanted scope(wanted);
    const auto rows = connection->Execute(kWantedLongNap);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, fhir::ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(connection->broken());
  EXPECT_FALSE(connection->silent()) << "the server is well: other connections are kept";
  std::int64_t left = 1;
  while (left != 0 && steady_clock::now() - begun < seconds(20)) {
    std::this_thread::yield();
    left = (*observer->Execute(kWantedAtWork, Parameters().Int(pid)))[0].Int(0);
  }
  EXPECT_EQ(left, 0) << "the server works on";
}

}  // namespace
}  // namespace gateway::store::pg
