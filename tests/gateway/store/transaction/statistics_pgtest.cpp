#include "gateway/store/statistics.hpp"

#include <gtest/gtest.h>

#include "tests/support/postgres/test_database.hpp"

namespace gateway::store {
namespace {

using tests::support::TestDatabase;

constexpr pg::Statement kFill{"st_fill",
                              "INSERT INTO idx_uri (id, type, parameter, uri) SELECT 'id' || n, 1, n % 3, 'urn:' || n "
                              "FROM generate_series(1, $1::int) n"};
constexpr pg::Statement kStatistics{"st_statistics", "SELECT count(*) FROM pg_stats WHERE tablename = 'idx_uri'"};

TEST(Statistics, TableThatGrew_IsAnalyzedOnceUntilItGrowsAgain) {
  const TestDatabase database;
  const auto pool = database.MakePool(2);
  const auto connection = database.Connect();
  // Autovacuum must not come first.
  ASSERT_TRUE(connection->ExecuteScript("st_off", "ALTER TABLE idx_uri SET (autovacuum_enabled = false)"));
  const auto fill = [&](int rows) {
    ASSERT_TRUE(connection->Execute(kFill, pg::Parameters().Int(rows)));
    ASSERT_TRUE(connection->ExecuteScript("st_flush", "SELECT pg_stat_force_next_flush()"));
  };
  const auto analyzed = [&] { return (*connection->Execute(kStatistics))[0].Int(0) > 0; };
  fill(400);
  ASSERT_TRUE(RefreshStatistics(*pool));
  EXPECT_FALSE(analyzed()) << "a few hundred rows need no statistics";
  fill(200);
  EXPECT_EQ(RefreshStatistics(*pool).value_or(-1), 1);
  EXPECT_TRUE(analyzed());
  EXPECT_EQ(RefreshStatistics(*pool).value_or(-1), 0);
  fill(450);
  EXPECT_EQ(RefreshStatistics(*pool).value_or(-1), 0) << "fewer than the least";
  fill(450);
  EXPECT_EQ(RefreshStatistics(*pool).value_or(-1), 0) << "900 of 1,500 are new";
  fill(1000);
  EXPECT_EQ(RefreshStatistics(*pool).value_or(-1), 1) << "1,900 of 2,500";
}

}  // namespace
}  // namespace gateway::store
