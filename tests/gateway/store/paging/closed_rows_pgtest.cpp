#include "gateway/store/paging/closed_rows.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "gateway/store/pg/transaction.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using gateway::store::paging::SweepClosedRows;
using gateway::store::paging::SweepOptions;
using gateway::store::paging::SweptBefore;
using port::Verb;

constexpr SweepOptions kAtOnce{.lifetime_ms = 0, .margin_ms = 0, .mark_every_ms = 0};

class ClosedRows : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 10; ++i) {
        Apply(Put(Verb::kUpdate, fmt::format("p{}", i),
                  fmt::format(R"({{"resourceType":"Patient","gender":"{}","name":[{{"family":"f{}"}}],
                                   "birthDate":"200{}-01-01"}})",
                              round % 2 == 0 ? "male" : "female", round, round)));
      }
    }
    Apply(Delete("Patient", "p0"));
  }

  std::int64_t Count(const char* condition) {
    auto connection = SharedDb().Connect();
    std::int64_t rows = 0;
    for (const char* table : {"idx_string", "idx_token", "idx_date"}) {
      const auto counted =
          connection->ExecuteAdHoc("count", fmt::format("SELECT count(*) FROM {} WHERE {}", table, condition), {});
      EXPECT_TRUE(counted);
      rows += (*counted)[0].Int(0);
    }
    return rows;
  }
  std::int64_t Versions() {
    const auto counted = SharedDb().Connect()->ExecuteAdHoc("count", "SELECT count(*) FROM resource_version", {});
    return (*counted)[0].Int(0);
  }
};

TEST_F(ClosedRows, OldEnough_AreSweptAndNothingElse) {
  const auto heads = Count("closed_tx IS NULL");
  const auto closed = Count("closed_tx IS NOT NULL");
  const auto versions = Versions();
  ASSERT_GT(closed, 50);
  const auto young = SweepClosedRows(*pool_, {.lifetime_ms = 3'600'000, .margin_ms = 0, .mark_every_ms = 0});
  ASSERT_TRUE(young);
  EXPECT_EQ(Count("closed_tx IS NOT NULL"), closed) << "a walk may still need them";
  const auto swept = SweepClosedRows(*pool_, kAtOnce);
  ASSERT_TRUE(swept) << swept.error().internal_text.text;
  EXPECT_TRUE(swept->complete);
  EXPECT_EQ(Count("closed_tx IS NOT NULL"), 0);
  EXPECT_EQ(Count("closed_tx IS NULL"), heads);
  EXPECT_EQ(Versions(), versions) << "versions are history";
  std::int64_t told = 0;
  for (const auto& [table, rows] : swept->swept) {
    told += rows;
  }
  EXPECT_EQ(told, closed);
}

TEST_F(ClosedRows, Batches_AreBoundedAndResume) {
  const auto closed = Count("closed_tx IS NOT NULL");
  SweepOptions few = kAtOnce;
  few.rows_max = 7;
  few.batches_max = 2;
  const auto first = SweepClosedRows(*pool_, few);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->complete);
  EXPECT_EQ(Count("closed_tx IS NOT NULL"), closed - 14);
  int rounds = 1;
  for (bool complete = false; !complete && rounds < 100; ++rounds) {
    const auto next = SweepClosedRows(*pool_, few);
    ASSERT_TRUE(next);
    complete = next->complete;
  }
  EXPECT_EQ(Count("closed_tx IS NOT NULL"), 0);
  EXPECT_GT(rounds, 3);
}

TEST_F(ClosedRows, TransactionThatStillRuns_HoldsTheHorizon) {
  // It closed rows before the mark, but had not ended by then: a walk begun since does not see what it did.
  auto connection = SharedDb().Connect();
  gateway::store::pg::Transaction transaction(*connection);
  ASSERT_TRUE(
      connection->ExecuteAdHoc("close", "UPDATE idx_token SET closed_tx = pg_current_xact_id() WHERE id = 'p1'", {}));
  ASSERT_TRUE(SweepClosedRows(*pool_, kAtOnce));
  ASSERT_TRUE(SweepClosedRows(*pool_, kAtOnce));
  ASSERT_TRUE(transaction.Commit());
  EXPECT_GT(Count("closed_tx IS NOT NULL AND id = 'p1'"), 0);
  ASSERT_TRUE(SweepClosedRows(*pool_, kAtOnce));
  EXPECT_EQ(Count("closed_tx IS NOT NULL"), 0);
}

// A table of values that comes later must be swept too, and have an index for it.
TEST_F(ClosedRows, EveryTableOfValues_IsSwept) {
  const auto swept = SweepClosedRows(*pool_, kAtOnce);
  ASSERT_TRUE(swept);
  std::set<std::string> told;
  for (const auto& [table, rows] : swept->swept) {
    told.insert(table);
  }
  const auto tables = SharedDb().Connect()->ExecuteAdHoc(
      "tables",
      "SELECT c.table_name::text, EXISTS (SELECT 1 FROM pg_indexes i WHERE i.tablename = c.table_name"
      " AND i.indexdef LIKE '%(closed_tx) WHERE (closed_tx IS NOT NULL)')"
      " FROM information_schema.columns c WHERE c.column_name = 'closed_tx' AND c.table_name <> 'resource_version'",
      {});
  ASSERT_TRUE(tables) << tables.error().internal_text.text;
  EXPECT_GE(tables->size(), 7);
  for (int i = 0; i < tables->size(); ++i) {
    EXPECT_TRUE(told.contains((*tables)[i].String(0))) << (*tables)[i].String(0);
    EXPECT_TRUE((*tables)[i].Bool(1)) << (*tables)[i].String(0);
  }
}

TEST_F(ClosedRows, SeveralNodes_SweepEachRowOnce) {
  const auto closed = Count("closed_tx IS NOT NULL");
  SweepOptions small = kAtOnce;
  small.rows_max = 3;
  std::atomic<std::int64_t> swept = 0;
  std::vector<std::thread> nodes;
  for (int node = 0; node < 4; ++node) {
    nodes.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const auto report = SweepClosedRows(*pool_, small);
        ASSERT_TRUE(report) << report.error().internal_text.text;
        for (const auto& [table, rows] : report->swept) {
          swept += rows;
        }
      }
    });
  }
  for (auto& node : nodes) {
    node.join();
  }
  ASSERT_TRUE(SweepClosedRows(*pool_, kAtOnce));
  EXPECT_EQ(Count("closed_tx IS NOT NULL"), 0);
  EXPECT_LE(swept, closed) << "no row is counted twice";
}

TEST(SweptBeforeSnapshot, HorizonUpToItsLeast_IsWell) {
  const gateway::store::search_sql::Snapshot snapshot{.xmin = 10, .xmax = 20, .in_progress = {10}};
  EXPECT_FALSE(SweptBefore(snapshot, "10"));
  EXPECT_TRUE(SweptBefore(snapshot, "11"));
  EXPECT_TRUE(SweptBefore(snapshot, "")) << "a horizon that cannot be read protects nothing";
}

}  // namespace
}  // namespace tests::store
