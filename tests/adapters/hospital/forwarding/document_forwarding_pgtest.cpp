#include "adapters/hospital/forwarding/document_forwarding.hpp"

#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {
namespace {

namespace forwarding = ::adapters::hospital::forwarding;

class DocumentForwardingTest : public ReactionTest {
 protected:
  void SetUp() override { Register({&forwarding_}); }

  static std::string Letter(std::string_view status, std::string_view channels, std::string_view more = "") {
    return fmt::format(R"({{"resourceType":"DocumentReference","id":"d1","status":"{}",{})"
                       R"("extension":[{{"url":"{}","valueCodeableConcept":{{"coding":[{}]}}}}],)"
                       R"("content":[{{"attachment":{{"title":"x"}}}}]}})",
                       status, more, forwarding::kForwardingExtension, channels);
  }

  std::string Sent() {
    std::string text;
    for (const auto& message : Outbox()) {
      text += fmt::format("{} {} {};", message.kind, message.destination, message.cause);
    }
    return text;
  }

  forwarding::DocumentForwarding forwarding_;
};

constexpr std::string_view kBoth = R"({"code":"DMP"},{"code":"MSSANTE-PAT"})";

TEST_F(DocumentForwardingTest, EachChannelAskedFor_GetsTheDocument) {
  Save("d1", Letter("current", kBoth));
  EXPECT_EQ(Sent(),
            "forwarding DMP DocumentReference/d1/_history/1;forwarding MSSANTE-PAT DocumentReference/d1/_history/1;");
  EXPECT_TRUE(Outbox()[0].payload.starts_with("DocumentReference/d1\n{\"resourceType\":\"DocumentReference\""));
  Save("d1", Letter("current", kBoth));
  EXPECT_EQ(Outbox().size(), 2u) << "unchanged";
}

TEST_F(DocumentForwardingTest, WithdrawnAndDeleted_AreTold_AndWhatWasNeverCurrentIsNot) {
  Save("d1", Letter("entered-in-error", R"({"code":"DMP"})"));
  EXPECT_EQ(Sent(), "");
  Save("d1", Letter("current", R"({"code":"DMP"})"));
  Save("d1", Letter("entered-in-error", R"({"code":"DMP"})"));
  EXPECT_EQ(Sent(), "forwarding DMP DocumentReference/d1/_history/2;forwarding DMP DocumentReference/d1/_history/3;");
  Save("d1", Letter("current", R"({"code":"DMP"})"));
  ASSERT_TRUE(TryDelete("DocumentReference", "d1"));
  EXPECT_EQ(Outbox().back().payload, "DocumentReference/d1\n");
}

class FakeHook final : public port::Sender {
 public:
  std::string_view kind() const override { return "rest-hook"; }
  fhir::Result<std::string> Send(const port::OutboxEntry& entry) override { return entry.message.destination; }
};

TEST(ForwardingSender, WithoutAChannel_RefusesForGoodByName_WithOneDelegates) {
  FakeHook hooks;
  forwarding::ForwardingSender sender({{"DMP", "connector"}}, hooks);
  const auto sent = sender.Send({.message = {.destination = "DMP"}});
  ASSERT_TRUE(sent);
  EXPECT_EQ(*sent, "connector");
  const auto refused = sender.Send({.message = {.destination = "MSSANTE-PS"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry, fhir::Retry::kNever);
  EXPECT_EQ(refused.error().public_text.text, "no channel to MSSANTE-PS is configured in routing.forwarding");
}

}  // namespace
}  // namespace tests::adapters_support
