#include "gateway/store/migrations/migrate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::migrations {
namespace {

using tests::support::Schema;
using tests::support::TestDatabase;

constexpr Migration kFirst{1, "first", "aa", "CREATE TABLE one (id int); INSERT INTO one VALUES (1);"};
constexpr Migration kSecond{2, "second", "bb", "ALTER TABLE one ADD name text;"};
constexpr Migration kSecondChanged{2, "second", "cc", "ALTER TABLE one ADD other text;"};
constexpr Migration kSecondWrong{2, "second", "dd", "CREATE TABLE two (id int); SELECT * FROM missing;"};

TEST(Migrate, EmptyDatabase_GetsEveryMigrationOnce) {
  const TestDatabase database(Schema::kEmpty);
  const auto connection = database.Connect();
  const auto first = Migrate(*connection);
  ASSERT_TRUE(first) << first.error().internal_text.text;
  EXPECT_EQ(first->version_before, 0);
  EXPECT_EQ(first->version_after, static_cast<int>(Migrations().size()));
  const auto again = Migrate(*connection);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->version_before, again->version_after);
}

TEST(Migrate, FourNodesAtOnce_ApplyEachOnce) {
  const TestDatabase database(Schema::kEmpty);
  std::atomic<int> applied = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> nodes;
  for (int i = 0; i < 4; ++i) {
    nodes.emplace_back([&] {
      const auto connection = database.Connect();
      const auto report = Migrate(*connection);
      failed += report ? 0 : 1;
      applied += report ? report->version_after - report->version_before : 0;
    });
  }
  for (std::thread& node : nodes) {
    node.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(applied, static_cast<int>(Migrations().size()));
}

TEST(Migrate, LaterProgram_AddsWhatIsMissing) {
  const TestDatabase database(Schema::kEmpty);
  const auto connection = database.Connect();
  ASSERT_TRUE(Migrate(*connection, std::vector{kFirst}));
  const auto report = Migrate(*connection, std::vector{kFirst, kSecond});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->version_before, 1);
  EXPECT_EQ(report->version_after, 2);
}

TEST(Migrate, NewerDatabase_IsRefused) {
  const TestDatabase database(Schema::kEmpty);
  const auto connection = database.Connect();
  ASSERT_TRUE(Migrate(*connection, std::vector{kFirst, kSecond}));
  const auto report = Migrate(*connection, std::vector{kFirst});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_NE(report.error().public_text.text.find("version 2"), std::string::npos);
}

TEST(Migrate, ChangedMigration_IsRefused) {
  const TestDatabase database(Schema::kEmpty);
  const auto connection = database.Connect();
  ASSERT_TRUE(Migrate(*connection, std::vector{kFirst, kSecond}));
  const auto report = Migrate(*connection, std::vector{kFirst, kSecondChanged});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_NE(report.error().public_text.text.find("Migration 2 (second)"), std::string::npos);
}

TEST(Migrate, FailingMigration_LeavesNothingAndReleasesTheLock) {
  const TestDatabase database(Schema::kEmpty);
  const auto connection = database.Connect();
  ASSERT_FALSE(Migrate(*connection, std::vector{kFirst, kSecondWrong}));
  const auto rows = connection->ExecuteAdHoc("m", "SELECT to_regclass('two') IS NULL, to_regclass('one') IS NULL", {});
  ASSERT_TRUE(rows);
  EXPECT_TRUE((*rows)[0].Bool(0));
  EXPECT_FALSE((*rows)[0].Bool(1));
  const auto other = database.Connect();
  const auto report = Migrate(*other, std::vector{kFirst, kSecond});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->version_before, 1);
}

}  // namespace
}  // namespace gateway::store::migrations
