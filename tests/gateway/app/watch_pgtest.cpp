#include "gateway/app/watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/postgres/test_database.hpp"

namespace gateway::app {
namespace {

using testing::HasSubstr;
using tests::support::TestDatabase;

class WatchTest : public testing::Test {
 protected:
  WatchTest() : pool_(database_.MakePool(4)), store_(*pool_) {}

  std::unique_ptr<Watch> Make() {
    return std::make_unique<Watch>(
        settings_, std::vector<std::string>{"chu"}, store_, metrics_, [this](const store::Alert& alert) {
          told_ += (alert.ended_us == 0 ? "+" : "-") + alert.kind + ":" + alert.subject + " ";
        });
  }

  /// Ten messages in every hour of ten days, and for three hours nothing.
  void HistoryAndSilence() {
    const auto lease = pool_->Acquire();
    const auto done = (*lease)->ExecuteAdHoc(
        "test",
        "INSERT INTO exchange_hour (partner, hour, received, last_at) "
        "SELECT 'chu', h, 10, least(h + interval '1 hour', now() - interval '3 hours') "
        "FROM generate_series(date_trunc('hour', now() - interval '10 days'), date_trunc('hour', now() - interval "
        "'3 hours'), interval '1 hour') AS h",
        {});
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }

  static std::int64_t NowUs() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  static constexpr std::string_view kAccepted = "MSH|^~\\&|A|B|C|D|2025||ACK|1|P|2.5\rMSA|AA|1\r";
  static constexpr std::string_view kRefused = "MSH|^~\\&|A|B|C|D|2025||ACK|2|P|2.5\rMSA|AE|1\r";

  TestDatabase database_;
  std::unique_ptr<store::pg::Pool> pool_;
  store::WatchStore store_;
  telemetry::Metrics metrics_;
  settings::WatchSettings settings_;
  std::string told_;
};

TEST_F(WatchTest, Silence_BeginsOneAlert_AndTheNextMessageEndsIt) {
  HistoryAndSilence();
  const auto watch = Make();
  const auto other_node = Make();
  ASSERT_TRUE(watch->Run(NowUs()));
  ASSERT_TRUE(other_node->Run(NowUs()));
  ASSERT_TRUE(watch->Run(NowUs()));
  EXPECT_EQ(told_, "+silent:chu ");
  EXPECT_THAT(metrics_.Exposition(), HasSubstr("passerelle_alerts{kind=\"silent\"} 1"));
  watch->Count("chu", kAccepted);
  ASSERT_TRUE(watch->Run(NowUs()));
  ASSERT_TRUE(other_node->Run(NowUs()));
  EXPECT_EQ(told_, "+silent:chu -silent:chu ");
  EXPECT_THAT(metrics_.Exposition(), HasSubstr("passerelle_alerts{kind=\"silent\"} 0"));
}

TEST_F(WatchTest, Silence_IsNoAlert_WhereTheSettingSaysSo_OrBelowIt) {
  HistoryAndSilence();
  settings_.silence_messages = 0;
  ASSERT_TRUE(Make()->Run(NowUs()));
  settings_.silence_messages = 1'000;
  ASSERT_TRUE(Make()->Run(NowUs()));
  EXPECT_EQ(told_, "");
}

TEST_F(WatchTest, Counts_SayHowMessagesWereAnswered) {
  const auto watch = Make();
  watch->Count("chu", kAccepted);
  watch->Count("chu", kRefused);
  watch->Count("chu", "");
  ASSERT_TRUE(watch->Run(NowUs()));
  const auto partners = store_.Partners();
  ASSERT_TRUE(partners);
  ASSERT_EQ(partners->size(), 1u);
  EXPECT_EQ(partners->front().received_day, 3);
  EXPECT_EQ(partners->front().acknowledged_day, 1);
  EXPECT_EQ(partners->front().failed_day, 2);
  ASSERT_TRUE(watch->Run(NowUs()));
  EXPECT_EQ(store_.Partners()->front().received_day, 3) << "said once";
}

}  // namespace
}  // namespace gateway::app
