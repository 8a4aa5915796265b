// Past versions at the end of their time: which go, which stay, and how a pass goes on where another stopped.
#include "gateway/store/history_pruning.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "gateway/jobs/worker.hpp"
#include "gateway/store/jobs/job_store.hpp"
#include "gateway/store/paging/closed_rows.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using gateway::store::HistoryPruning;
using gateway::store::HistoryPruningOptions;
using port::Verb;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr std::int64_t kLifetimeMs = 1;

class Pruning : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Script("DELETE FROM job");
  }

  static void Script(const std::string& sql) {
    const auto done = SharedDb().Connect()->ExecuteScript("script", sql);
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }

  void Write(std::string_view id, int times) {
    for (int i = 0; i < times; ++i) {
      Apply(Put(Verb::kUpdate, id, fmt::format(R"({{"resourceType":"Patient","name":[{{"family":"f{}"}}]}})", i)));
    }
  }

  std::vector<std::int64_t> Versions(std::string_view id, std::string_view type = "Patient") {
    const auto page = store_->History(
        System(), {.type = Type(type), .id = std::string(id), .since_us = {}, .count = 1000, .cursor = {}});
    EXPECT_TRUE(page) << page.error().internal_text.text;
    std::vector<std::int64_t> versions;
    if (page) {
      for (const auto& version : page->versions) {
        versions.push_back(version.version);
      }
    }
    return versions;
  }

  std::int64_t WrittenUs(std::string_view id, std::int64_t version) {
    const auto read = store_->Read(System(), Type("Patient"), id, version);
    EXPECT_TRUE(read);
    return read ? read->last_updated_us : 0;
  }

  /// The time of a node for which the setting ends right after this moment.
  static std::int64_t NodeTimeFor(std::int64_t until_us) { return until_us + kLifetimeMs * 1'000 + 1; }

  /// So that no page link keeps anything: as an hour later.
  void LetLinksEnd() {
    const gateway::store::paging::SweepOptions at_once{.lifetime_ms = 0, .margin_ms = 0, .mark_every_ms = 0};
    ASSERT_TRUE(gateway::store::paging::SweepClosedRows(*pool_, at_once));
    ASSERT_TRUE(gateway::store::paging::SweepClosedRows(*pool_, at_once));
  }

  /// A whole pass, as a worker does it.
  std::int64_t Prune(std::int64_t node_time_us, HistoryPruningOptions options = {}) {
    std::atomic<std::int64_t> pruned = 0;
    options.lifetime_ms = kLifetimeMs;
    options.on_pruned = [&](std::int64_t versions) { pruned += versions; };
    HistoryPruning pruning(*pool_, options);
    const auto begun = pruning.BeginPass(ids_, node_time_us);
    EXPECT_TRUE(begun && *begun);
    gateway::store::jobs::JobStore jobs(*pool_, ids_);
    gateway::jobs::Worker worker(jobs, {&pruning}, {.workers = 1, .poll_ms = 2, .retry_first_ms = 1});
    worker.Start();
    for (int i = 0; i < 5'000; ++i) {
      const auto counts = jobs.Count();
      if (!counts || counts->waiting + counts->leased == 0) {
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    worker.Stop();
    const auto rows = SharedDb().Connect()->ExecuteAdHoc("states", "SELECT DISTINCT state FROM job", {});
    EXPECT_EQ((*rows)[0].String(0), "done");
    Script("DELETE FROM job");
    return pruned;
  }
};

TEST_F(Pruning, VersionsThatWereFollowedLongAgo_Go_OthersStay) {
  Write("p1", 5);
  Write("p2", 1);
  LetLinksEnd();
  EXPECT_EQ(Prune(NodeTimeFor(WrittenUs("p1", 4))), 3);
  EXPECT_THAT(Versions("p1"), ElementsAre(5, 4)) << "4 was current until 5 came, which is not long ago";
  EXPECT_THAT(Versions("p2"), ElementsAre(1)) << "however old, it is current";
  EXPECT_EQ(store_->Read(System(), Type("Patient"), "p1", 2).error().code, fhir::ErrorCode::kNotFound);
  Write("p1", 1);
  EXPECT_THAT(Versions("p1"), ElementsAre(6, 5, 4)) << "numbers go on";
  EXPECT_THAT(Find(Ask("Patient", {})), ElementsAre("p1", "p2"));
}

TEST_F(Pruning, NewestPastVersions_StayAsManyAsTheSettingSays) {
  Write("p1", 6);
  LetLinksEnd();
  const std::int64_t later = NodeTimeFor(clock_.NowUs());
  EXPECT_EQ(Prune(later, {.versions_min = 5}), 0);
  EXPECT_EQ(Prune(later, {.versions_min = 2}), 3);
  EXPECT_THAT(Versions("p1"), ElementsAre(6, 5, 4));
  EXPECT_EQ(Prune(later, {.versions_min = 0}), 2);
  EXPECT_THAT(Versions("p1"), ElementsAre(6));
}

TEST_F(Pruning, OfADeletedResource_TheDeletionStays) {
  Write("p1", 2);
  Apply(Delete("Patient", "p1"));
  LetLinksEnd();
  EXPECT_EQ(Prune(NodeTimeFor(clock_.NowUs())), 2);
  EXPECT_THAT(Versions("p1"), ElementsAre(3));
  EXPECT_EQ(store_->Read(System(), Type("Patient"), "p1", {}).error().code, fhir::ErrorCode::kGone);
}

TEST_F(Pruning, TheAuditTrail_Stays) {
  for (const char* action : {"C", "R"}) {
    Apply(Put(Verb::kUpdate, "a1",
              fmt::format(R"({{"resourceType":"AuditEvent","type":{{"code":"rest"}},"action":"{}",
                           "recorded":"2025-01-01T00:00:00Z","agent":[{{"requestor":true}}],
                           "source":{{"observer":{{"display":"x"}}}}}})",
                          action)));
  }
  LetLinksEnd();
  EXPECT_EQ(Prune(NodeTimeFor(clock_.NowUs())), 0);
  EXPECT_THAT(Versions("a1", "AuditEvent"), ElementsAre(2, 1));
}

TEST_F(Pruning, WhatAPageLinkStillShows_Stays) {
  LetLinksEnd();
  Write("p1", 1);
  Write("p2", 1);
  auto query = Ask("Patient", {{"_count", "1"}});
  const auto first = store_->Search(System(), query);
  ASSERT_TRUE(first);
  Apply(Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient","gender":"male"})"));
  EXPECT_EQ(Prune(NodeTimeFor(clock_.NowUs())), 0);
  query.cursor = first->next_cursor;
  const auto second = store_->Search(System(), query);
  ASSERT_TRUE(second) << second.error().public_text.text;
  ASSERT_EQ(second->hits.size(), 1u);
  EXPECT_EQ(second->hits[0].resource.version, 1);
  LetLinksEnd();
  EXPECT_EQ(Prune(NodeTimeFor(clock_.NowUs())), 1);
  EXPECT_EQ(store_->Search(System(), query).error().code, fhir::ErrorCode::kGone);
}

TEST_F(Pruning, TransactionsAreBounded_AndAnotherNodeGoesOnWhereOneStopped) {
  for (int i = 0; i < 10; ++i) {
    Write(fmt::format("p{}", i), 5);
  }
  Apply(Put(Verb::kUpdate, "o1", R"({"resourceType":"Organization","name":"a"})"),
        Put(Verb::kUpdate, "o2", R"({"resourceType":"Organization","name":"a"})"));
  Apply(Put(Verb::kUpdate, "o1", R"({"resourceType":"Organization","name":"b"})"));
  LetLinksEnd();
  std::vector<std::int64_t> batches;
  const auto node = [&] {
    return HistoryPruning(
        *pool_, {.lifetime_ms = kLifetimeMs, .rows_max = 7, .step_ms_max = 0, .on_pruned = [&](std::int64_t versions) {
                   batches.push_back(versions);
                 }});
  };
  ASSERT_TRUE(*node().BeginPass(ids_, NodeTimeFor(clock_.NowUs())));
  gateway::store::jobs::JobStore jobs(*pool_, ids_);
  const std::string kinds[] = {std::string(gateway::store::kPruneHistoryJob)};
  class Run final : public port::JobRun {
    bool Stopping() const override { return false; }
  } run;
  int steps = 0;
  bool crashed = false;
  while (true) {
    const auto claim = jobs.Claim(kinds, 60'000);
    ASSERT_TRUE(claim);
    if (!*claim) {
      break;
    }
    auto pruning = node();
    const auto step = pruning.Step((*claim)->job, run);
    ASSERT_TRUE(step) << step.error().internal_text.text;
    ++steps;
    if (!crashed && !batches.empty()) {
      crashed = true;  // what the step did is there, its position is not: the next one does it again
      Script("UPDATE job SET lease_until = clock_timestamp() - interval '1 ms'");
      continue;
    }
    ASSERT_TRUE(*(step->finished ? jobs.Finish(**claim, *step) : jobs.Advance(**claim, *step, true)));
  }
  EXPECT_TRUE(crashed);
  EXPECT_GE(steps, 8);
  EXPECT_THAT(batches, Each(Le(7)));
  std::int64_t pruned = 0;
  for (const std::int64_t batch : batches) {
    pruned += batch;
  }
  EXPECT_EQ(pruned, 10 * 4 + 1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(Versions(fmt::format("p{}", i)), ElementsAre(5));
  }
  EXPECT_THAT(Versions("o1", "Organization"), ElementsAre(2));
}

TEST_F(Pruning, WhileOthersWrite_NoVersionThatIsNeededGoes) {
  Write("p1", 3);
  LetLinksEnd();
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 3; ++i) {
      writers.emplace_back([&, i] { Write(fmt::format("w{}", i), 20); });
    }
    for (int i = 0; i < 5; ++i) {
      LetLinksEnd();
      Prune(NodeTimeFor(clock_.NowUs()), {.rows_max = 5});
    }
  }
  for (int i = 0; i < 3; ++i) {
    const auto read = store_->Read(System(), Type("Patient"), fmt::format("w{}", i), {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->version, 20);
  }
  EXPECT_THAT(Versions("p1"), ElementsAre(3));
}

TEST_F(Pruning, OfManyNodes_OneBeginsAPass_AndTheNextComesAfterItsTime) {
  HistoryPruning off(*pool_, {.lifetime_ms = 0});
  EXPECT_FALSE(*off.BeginPass(ids_, clock_.NowUs()));
  HistoryPruning pruning(*pool_, {.lifetime_ms = kLifetimeMs});
  std::atomic<int> begun = 0;
  {
    std::vector<std::jthread> nodes;
    for (int i = 0; i < 8; ++i) {
      nodes.emplace_back([&] {
        const auto mine = pruning.BeginPass(ids_, clock_.NowUs());
        EXPECT_TRUE(mine) << mine.error().internal_text.text;
        begun += mine && *mine ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(begun, 1);
  Script("UPDATE job SET state = 'done', expires_at = clock_timestamp() + interval '1 hour'");
  EXPECT_FALSE(*pruning.BeginPass(ids_, clock_.NowUs()));
  Script("UPDATE job SET expires_at = clock_timestamp()");
  EXPECT_TRUE(*pruning.BeginPass(ids_, clock_.NowUs()));
}

}  // namespace
}  // namespace tests::store
