#include <atomic>
#include <thread>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

class Claims : public StoreTest {
 protected:
  fhir::Result<void> ClaimOnce(const std::string& schedule, const std::string& appointment, int from_min, int to_min) {
    GW_ASSIGN(const auto work, factory_->Begin(System()));
    GW_TRY(work->Claim(
        {schedule, appointment, "slot", kStartUs + from_min * 60'000'000LL, kStartUs + to_min * 60'000'000LL}));
    return work->Commit();
  }
};

TEST_F(Claims, Overlap_IsConflict_NeighboursAndOtherSchedulesAreNot) {
  EXPECT_TRUE(ClaimOnce("s1", "a1", 0, 20));
  const auto refused = ClaimOnce("s1", "a2", 19, 40);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(refused.error().retry, fhir::Retry::kNever);
  EXPECT_TRUE(ClaimOnce("s1", "a2", 20, 40));
  EXPECT_TRUE(ClaimOnce("s2", "a3", 0, 20));
  EXPECT_TRUE(ClaimOnce("s1", "a1", 0, 20)) << "its own time can be claimed again";
  EXPECT_EQ(ClaimOnce("s1", "a1", 5, 5).error().code, fhir::ErrorCode::kInvalid);
}

TEST_F(Claims, Release_FreesTheTime) {
  ASSERT_TRUE(ClaimOnce("s1", "a1", 0, 20));
  auto work = factory_->Begin(System());
  ASSERT_TRUE((*work)->ReleaseClaims("a1"));
  ASSERT_TRUE((*work)->Claim({"s1", "a2", "slot", kStartUs, kStartUs + 60'000'000}));
  ASSERT_TRUE((*work)->Commit());
}

TEST_F(Claims, ManyAtOnce_OneWins) {
  std::atomic<int> won{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      const auto claimed = ClaimOnce("s1", fmt::format("a{}", i), 0, 20);
      if (claimed) {
        ++won;
      } else if (claimed.error().code == fhir::ErrorCode::kConflict) {
        ++refused;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, 15);
}

}  // namespace
}  // namespace tests::store
