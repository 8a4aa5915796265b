#include "gateway/store/paging/key_ring.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "gateway/store/paging/cursor.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::paging {
namespace {

constexpr CursorUse kUse{.fingerprint = "f", .party = "p"};
constexpr std::int64_t kHourMs = 3'600'000;

class KeysOfTheDatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    pool_ = tests::support::SharedDatabase().MakePool(16);
    Run("DELETE FROM cursor_key");
  }
  void Run(const std::string& sql) {
    const auto done = tests::support::SharedDatabase().Connect()->ExecuteScript("prepare", sql);
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }
  std::int64_t KeyCount() {
    const auto rows =
        tests::support::SharedDatabase().Connect()->ExecuteAdHoc("count", "SELECT count(*) FROM cursor_key", {});
    return (*rows)[0].Int(0);
  }
  std::unique_ptr<KeyRing> Node() {
    auto ring = KeyRing::OfDatabase(*pool_);
    EXPECT_TRUE(ring) << ring.error().internal_text.text;
    return *std::move(ring);
  }
  static std::string Link(const KeyRing& keys) {
    const auto text =
        WriteCursor({.snapshot = {.xmin = 1, .xmax = 1, .in_progress = {}}, .begun_us = 0, .total = {}, .position = {}},
                    kUse, keys);
    EXPECT_TRUE(text);
    return *text;
  }
  static bool Reads(KeyRing& keys, const std::string& link) {
    return ReadCursor(link, kUse, keys, 0, kHourMs).has_value();
  }

  std::unique_ptr<gateway::store::pg::Pool> pool_;
};

TEST_F(KeysOfTheDatabase, NodesThatStartAtOnce_ShareOneKey) {
  std::set<CipherKey> keys;
  std::mutex mutex;
  std::vector<std::thread> nodes;
  for (int i = 0; i < 8; ++i) {
    nodes.emplace_back([&] {
      const auto ring = Node();
      const std::lock_guard lock(mutex);
      keys.insert(ring->Current());
    });
  }
  for (auto& node : nodes) {
    node.join();
  }
  EXPECT_EQ(keys.size(), 1u);
  EXPECT_EQ(KeyCount(), 1);
}

TEST_F(KeysOfTheDatabase, LinkOfOneNode_IsGoodOnTheOther) {
  const auto one = Node();
  const auto other = Node();
  EXPECT_TRUE(Reads(*other, Link(*one)));
}

TEST_F(KeysOfTheDatabase, Rotated_OldLinksAreReadAndOtherNodesFollow) {
  const auto one = Node();
  const auto other = Node();
  const std::string before = Link(*one);
  const CipherKey first = one->Current();
  EXPECT_FALSE(*one->Rotate(kHourMs)) << "the key is young";
  ASSERT_TRUE(*one->Rotate(0));
  EXPECT_NE(one->Current(), first);
  EXPECT_TRUE(Reads(*one, before));
  EXPECT_TRUE(Reads(*other, Link(*one))) << "a key it has not seen is looked for";
  EXPECT_EQ(other->Current(), one->Current());
  EXPECT_TRUE(Reads(*other, before));
}

TEST_F(KeysOfTheDatabase, KeysOutOfUseForAMonth_AreForgotten) {
  const auto one = Node();
  Run("UPDATE cursor_key SET made_at = now() - interval '40 days'");
  ASSERT_TRUE(*one->Rotate(kHourMs));
  EXPECT_EQ(KeyCount(), 2) << "the first was in use until this moment";
  Run("UPDATE cursor_key SET made_at = made_at - interval '31 days'");
  ASSERT_TRUE(*one->Rotate(kHourMs));
  EXPECT_EQ(KeyCount(), 2) << "the first is followed by one of 31 days";
}

TEST_F(KeysOfTheDatabase, KeysThatWent_LeaveTheOldOnesInUse) {
  const auto one = Node();
  const std::string link = Link(*one);
  const CipherKey key = one->Current();
  Run("DELETE FROM cursor_key");
  EXPECT_FALSE(one->Find(KeyId{1, 2, 3, 4})) << "looks into the table, which is empty";
  EXPECT_EQ(one->Current(), key);
  EXPECT_TRUE(Reads(*one, link));
}

TEST_F(KeysOfTheDatabase, ForgedKeyNames_DoNotAskTheDatabaseEachTime) {
  const auto one = Node();
  EXPECT_FALSE(one->Find(KeyId{1, 2, 3, 4}));
  ASSERT_TRUE(*Node()->Rotate(0));
  const auto newest = Node()->Current();
  EXPECT_FALSE(one->Find(IdOf(newest))) << "within the second of the look before";
}

}  // namespace
}  // namespace gateway::store::paging
