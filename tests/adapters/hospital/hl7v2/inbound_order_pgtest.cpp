// Whole messages through journal and store: what happens to a patient's later messages when one fails for good.
#include <gtest/gtest.h>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/inbound.hpp"
#include "gateway/store/journal_store.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"
#include "tests/adapters/reaction_fixture.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;
namespace port = adapters::port;
using port::MessageState;

class InboundOrder : public tests::adapters_support::ReactionTest {
 protected:
  void SetUp() override {
    Register({});
    ASSERT_TRUE(SharedDb().Connect()->ExecuteScript("empty", "TRUNCATE message, message_key, message_chunk"));
    journal_ = std::make_unique<gateway::store::JournalStore>(*pool_);
    hl7::InboundOptions options{.partner = tests::hl7v2::TestPartner(), .actor = System()};
    options.report = [this](const hl7::InboundReport& report) { reports_.push_back(report); };
    processor_ = std::make_unique<hl7::InboundProcessor>(
        std::move(options), [this] { return maps_; }, *journal_, *factory_, clock_);
  }

  /// An admission with its own number, of a patient with a number and a birth date.
  static std::string Admission(const std::string& control_id, const std::string& ipp, const std::string& birth_date) {
    std::string raw = tests::hl7v2::ReadData("adult_admission.hl7");
    const auto put = [&raw](std::string_view old, const std::string& next) {
      for (auto at = raw.find(old); at != std::string::npos; at = raw.find(old, at + next.size())) {
        raw.replace(at, old.size(), next);
      }
    };
    put("|A01-1|", "|" + control_id + "|");
    put("IPP0001", ipp);
    put("25000001", "2500" + ipp);
    put("279035121518989^^^", ipp + "^^^");
    put("||19790328|", "||" + birth_date + "|");
    return raw;
  }
  std::string Answer(const std::string& raw) {
    const auto answer = processor_->Receive(raw);
    return answer ? std::string(hl7::ack::Name(hl7::ack::Read(*answer)->code)) : "none";
  }
  std::string BirthDateOf(const std::string& ipp) {
    const auto found = All("Patient", {{"identifier", ipp}});
    return found.size() == 1 ? std::string(found[0].root().FindValue("birthDate")) : std::to_string(found.size());
  }
  /// What a worker does, until nothing is left to be claimed.
  void WorkOff() {
    ASSERT_TRUE(journal_->Release(100));
    for (;;) {
      const auto claimed = journal_->ClaimUnfinished(60'000, 10);
      ASSERT_TRUE(claimed);
      if (claimed->empty()) {
        return;
      }
      for (const auto& entry : *claimed) {
        ASSERT_TRUE(processor_->Process(entry));
      }
    }
  }

  std::shared_ptr<const hl7::messages::MapSet> maps_ = tests::hl7v2::ShippedMaps();
  std::vector<hl7::InboundReport> reports_;
  std::unique_ptr<gateway::store::JournalStore> journal_;
  std::unique_ptr<hl7::InboundProcessor> processor_;
};

TEST_F(InboundOrder, BadMessage_ParksItsPatientAlone_UntilItIsDiscarded) {
  EXPECT_EQ(Answer(Admission("BAD", "P1", "1979-bad")), "AE");
  const auto bad = reports_.back().message;
  EXPECT_TRUE(reports_.back().holds);
  const auto held = processor_->Receive(Admission("NEXT", "P1", "19790328"));
  ASSERT_TRUE(held);
  EXPECT_NE(held->find("held behind BAD"), std::string::npos) << *held;
  EXPECT_EQ(Answer(Admission("LAST", "P1", "19790401")), "AE");
  EXPECT_EQ(Answer(Admission("OTHER", "P2", "19800101")), "AA") << "nobody else is held";
  EXPECT_EQ(BirthDateOf("P1"), "0");
  EXPECT_EQ(BirthDateOf("P2"), "1980-01-01");
  EXPECT_EQ(journal_->CountBacklog()->parked, 2);
  WorkOff();
  EXPECT_EQ(BirthDateOf("P1"), "0");

  ASSERT_TRUE(journal_->Discard(bad));
  WorkOff();
  EXPECT_EQ(BirthDateOf("P1"), "1979-04-01") << "both, in the order in which they came";
  EXPECT_EQ(journal_->CountBacklog()->parked, 0);
  EXPECT_EQ(journal_->Count()->committed, 3);
  EXPECT_EQ(Answer(Admission("NEXT", "P1", "19790328")), "AA") << "a repeat of one that was applied since";
  EXPECT_EQ(BirthDateOf("P1"), "1979-04-01");
}

TEST_F(InboundOrder, MergeThatFails_HoldsBothPatients) {
  std::string merge = Admission("MERGE", "P1", "1979-bad") + "MRG|P2^^^CHU Passerelle&990000010&M^PI\r";
  EXPECT_EQ(Answer(merge), "AE");
  EXPECT_EQ(Answer(Admission("ONE", "P1", "19790328")), "AE");
  EXPECT_EQ(Answer(Admission("TWO", "P2", "19800101")), "AE");
  EXPECT_EQ(Answer(Admission("THREE", "P3", "19810101")), "AA");
  EXPECT_EQ(journal_->CountBacklog()->parked, 2);
}

TEST_F(InboundOrder, EarlierMessageLeftByACrash_IsNotOvertaken) {
  port::InboundMessage left{.partner = "chu", .channel = "mllp", .control_id = "LEFT", .type = "ADT^A01"};
  left.raw = Admission("LEFT", "P1", "19790328");
  left.patients = {"urn:oid:1.2.250.1.71.4.2.2.990000010|P1"};
  const auto received = journal_->Receive(left);
  ASSERT_TRUE(received);
  hl7::InboundProcessor brief(
      {.partner = tests::hl7v2::TestPartner(), .actor = System(), .earlier_wait_ms = 50}, [this] { return maps_; },
      *journal_, *factory_, clock_);
  EXPECT_EQ(brief.Receive(Admission("NEXT", "P1", "19790401")), std::nullopt) << "the sender keeps it";
  EXPECT_EQ(BirthDateOf("P1"), "0");
  // The connection's hold on it ends; both are then worked on in their order.
  SharedDb().Connect()->ExecuteScript("end_leases", "UPDATE message SET lease_until = NULL");
  WorkOff();
  EXPECT_EQ(BirthDateOf("P1"), "1979-04-01");
  EXPECT_EQ(Answer(Admission("NEXT", "P1", "19790401")), "AA");
}

}  // namespace
