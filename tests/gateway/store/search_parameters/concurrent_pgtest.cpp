// No write falls between the set of parameters it knew and the pass that fills the index: over two nodes, one of which
// does not know yet, and while both write.
#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/gateway/store/search_parameters/parameter_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ConcurrentIndexing = ParameterTest;

TEST_F(ConcurrentIndexing, AWriteUnderAnOlderSet_IsRepeated_WhenTheNewOneIsCommitted) {
  Store(*two_, "p0", Colour("p0", "red"));  // the second node has loaded the empty set
  Store(*one_, "sp", Parameter("colour"));
  auto indexer = MakeIndexer(*one_);
  IndexAll(indexer);
  auto work = two_->units->Begin(System());
  ASSERT_TRUE(work);
  std::vector<port::Change> changes;
  changes.push_back(Put(Verb::kUpdate, "p1", Colour("p1", "red")));
  fhir::IssueList issues;
  ASSERT_TRUE((*work)->Apply(std::move(changes), issues));
  const auto committed = (*work)->Commit();
  ASSERT_FALSE(committed) << "the row of the new parameter would be missing";
  EXPECT_EQ(committed.error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(committed.error().retry, fhir::Retry::kLater);
  work->reset();
  Store(*two_, "p1", Colour("p1", "red"));
  EXPECT_THAT(Found(*one_, {{"colour", "red"}}), ElementsAre("p0", "p1"));
}

TEST_F(ConcurrentIndexing, AWriteThatPassedBeforeTheChange_IsWaitedFor) {
  Store(*one_, "p0", Colour("p0", "red"));
  // A transaction as a node has it between its last statement and the end of its commit: it has passed the check, and
  // what it wrote is not to be seen.
  auto writer = SharedDb().Connect();
  ASSERT_TRUE(writer->ExecuteScript(
      "write",
      "BEGIN; INSERT INTO resource_version (id, type, version, last_updated, body) SELECT 'p1', type, 1, 1, "
      "convert_to(replace(convert_from(body, 'UTF8'), 'p0', 'p1'), 'UTF8') FROM resource_version WHERE id = 'p0';"
      "SELECT ln(count(*)::float8) FROM search_registry WHERE version = 1"));
  // Ids of transactions that began later and end sooner do not hide it.
  Store(*one_, "p2", Colour("p2", "red"));
  Store(*one_, "sp", Parameter("colour"));
  auto indexer = MakeIndexer(*two_);
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre(HasSubstr("being indexed")));
  ASSERT_TRUE(writer->ExecuteScript("end", "COMMIT"));
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre("p0", "p1", "p2"));
}

TEST_F(ConcurrentIndexing, ChangesOfDefinitionsOnTwoNodes_FollowEachOther) {
  Store(*one_, "p0", Colour("p0", "red"));
  Store(*two_, "p1", Colour("p1", "red"));
  std::thread other([&] {
    for (int i = 0; i < 5; ++i) {
      Store(*two_, fmt::format("t{}", i), Parameter(fmt::format("two{}", i)));
    }
  });
  for (int i = 0; i < 5; ++i) {
    Store(*one_, fmt::format("o{}", i), Parameter(fmt::format("one{}", i)));
  }
  other.join();
  EXPECT_EQ(Ask("SELECT count(*)::text FROM search_parameter"), "10");
  fhir::IssueList issues;
  EXPECT_FALSE(Write(*one_, Verb::kUpdate, "x", Parameter("two3"), &issues)) << "the other node's url";
}

TEST_F(ConcurrentIndexing, WritesOnTwoNodesWhileTheJobRuns_LeaveNoGapAndNothingTooMuch) {
  constexpr int kPatients = 60;
  const auto id_of = [](int i) { return fmt::format("p{:03}", i); };
  for (int i = 0; i < kPatients; ++i) {
    Store(*one_, id_of(i), Colour(id_of(i), "red"));
  }
  Store(*two_, "other", R"({"resourceType":"Patient"})");
  std::atomic<bool> stop = false;
  std::atomic<int> failed = 0;
  std::atomic<int> written = 0;
  const auto write = [&](Node& node, int seed) {
    unsigned state = static_cast<unsigned>(seed) * 2654435761u + 1;
    while (!stop) {
      state = state * 1664525u + 1013904223u;
      const int i = static_cast<int>((state >> 16) % (2 * kPatients));  // half of them are new
      const char* const colour = (state >> 8) % 2 == 0 ? "red" : "blue";
      // Repeats are bounded in the REST layer; here each write must come through in the end.
      for (int attempt = 0; attempt < 20; ++attempt) {
        const auto done = Write(node, Verb::kUpdate, id_of(i), Colour(id_of(i), colour));
        if (done || done.error().retry != fhir::Retry::kLater) {
          failed += done ? 0 : 1;
          break;
        }
      }
      ++written;
    }
  };
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] { write(n % 2 == 0 ? *one_ : *two_, n); });
  }
  Store(*one_, "sp", Parameter("colour"));
  std::thread second([&] {
    auto indexer = MakeIndexer(*two_, 3);
    for (int i = 0; i < 2'000 && Ask("SELECT state FROM search_parameter WHERE code = 'colour'") != "usable"; ++i) {
      (void)indexer.Step();
    }
  });
  auto indexer = MakeIndexer(*one_, 3);
  for (int i = 0; i < 2'000 && Ask("SELECT state FROM search_parameter WHERE code = 'colour'") != "usable"; ++i) {
    const auto step = indexer.Step();
    // A pass may lose a race for a head or a lock; it goes on from where it was.
    EXPECT_TRUE(step || step.error().retry == fhir::Retry::kLater) << step.error().internal_text.text;
  }
  // More writes after it has become usable.
  const int so_far = written;
  while (written < so_far + 40) {
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  second.join();
  EXPECT_EQ(failed, 0);
  ASSERT_EQ(Ask("SELECT state FROM search_parameter WHERE code = 'colour'"), "usable");
  for (const char* const colour : {"red", "blue"}) {
    const auto found = Found(*two_, {{"colour:exact", colour}});
    const std::set<std::string> of_index(found.begin(), found.end());
    EXPECT_EQ(of_index.size(), found.size());
    std::set<std::string> of_bodies;
    const auto rows = SharedDb().Connect()->ExecuteAdHoc(
        "bodies",
        fmt::format(
            "SELECT id FROM resource_version WHERE closed_tx IS NULL AND convert_from(body, 'UTF8') LIKE '%{}%'",
            colour),
        {});
    for (int i = 0; i < rows->size(); ++i) {
      of_bodies.insert((*rows)[i].String(0));
    }
    EXPECT_EQ(of_index, of_bodies) << colour;
  }
  EXPECT_EQ(Ask("SELECT count(*)::text FROM (SELECT id FROM idx_string WHERE parameter >= 16384 AND closed_tx IS NULL "
                "GROUP BY id HAVING count(*) > 1) twice"),
            "0");
}

}  // namespace
}  // namespace tests::store
