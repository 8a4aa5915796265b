#include "adapters/hospital/hl7v2/inbound.hpp"

#include <gtest/gtest.h>

#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;
namespace port = adapters::port;
using tests::hl7v2::ReadData;

/// A database of a few lines: enough to see what was asked of it, and to fail on command.
struct FakeDatabase {
  std::vector<port::JournalEntry> entries;
  std::size_t changes_committed = 0;
  int commits = 0;
  bool away = false;
  std::optional<fhir::Error> apply_error;
  std::string refused_element;  ///< "Encounter.class": the structure check finds it wrong
  int conflicts = 0;            ///< commits that lose a race before one wins
  std::vector<std::string> locks;
  std::vector<port::OutboxMessage> outbox;
  std::optional<port::OpenMessage> before;  ///< what stands before every message
  bool out_of_turn = false;                 ///< nothing may be committed or refused
  std::string document, patient;            ///< stored: what every search and every read finds
};

class FakeWork final : public port::UnitOfWork {
 public:
  FakeWork(FakeDatabase& database, const port::Actor& actor) : database_(database), actor_(actor) {}
  fhir::Result<std::vector<port::Outcome>> Apply(std::vector<port::Change> changes, fhir::IssueList& issues) override {
    if (database_.apply_error) {
      return std::unexpected(*database_.apply_error);
    }
    for (const port::Change& change : changes) {
      const std::string type(fhir::metadata::Definitions::R4().TypeName(change.type));
      if (!database_.refused_element.empty() && database_.refused_element.starts_with(type + ".")) {
        issues.AddAt(change.place + database_.refused_element.substr(type.size()), fhir::Severity::kError,
                     fhir::IssueType::kValue, "expected another form");
        return std::unexpected(fhir::Error{.code = fhir::ErrorCode::kInvalid, .expression = change.place});
      }
    }
    changes_ += changes.size();
    return std::vector<port::Outcome>(changes.size());
  }
  fhir::Result<std::optional<port::StoredResource>> Read(fhir::metadata::TypeId, std::string_view) override {
    return database_.patient.empty() ? std::nullopt : std::optional(port::StoredResource{.body = database_.patient});
  }
  fhir::Result<std::vector<port::StoredResource>> Search(const fhir::search::Query&, std::size_t) override {
    std::vector<port::StoredResource> found(database_.document.empty() ? 0 : 1);
    for (auto& resource : found) {
      resource.body = database_.document;
    }
    return found;
  }
  fhir::Result<void> Claim(const port::TimeClaim&) override { return {}; }
  fhir::Result<void> ReleaseClaims(std::string_view) override { return {}; }
  fhir::Result<void> Enqueue(port::OutboxMessage message) override {
    outbox_.push_back(std::move(message));
    return {};
  }
  fhir::Result<void> Lock(std::string_view key) override {
    database_.locks.emplace_back(key);
    return {};
  }
  fhir::Result<void> FinishMessage(const port::MessageEnd& end) override {
    auto& entry = database_.entries.at(static_cast<std::size_t>(end.message - 1));
    if (entry.state != port::MessageState::kReceived ||
        (database_.out_of_turn && end.state != port::MessageState::kParked)) {
      return fhir::Fail(fhir::ErrorCode::kConflict, "ended already");
    }
    finished_ = entry;
    finished_->state = end.state;
    finished_->ack = end.ack;
    finished_->error_code = end.error_code;
    finished_->error_place = end.error_place;
    finished_->holds = end.holds;
    finished_->held_by = end.held_by;
    return {};
  }
  const port::Actor& actor() const override { return actor_; }
  std::int64_t now_us() const override { return 0; }
  std::string NewUuid() override { return "id"; }
  fhir::Result<void> Commit() override {
    if (database_.conflicts > 0) {
      --database_.conflicts;
      return fhir::Fail(fhir::ErrorCode::kConflict, {"deadlock"}, {}, fhir::Retry::kLater);
    }
    if (finished_) {
      database_.entries.at(static_cast<std::size_t>(finished_->id - 1)) = *finished_;
    }
    database_.outbox.insert(database_.outbox.end(), outbox_.begin(), outbox_.end());
    database_.changes_committed += changes_;
    ++database_.commits;
    return {};
  }

 private:
  FakeDatabase& database_;
  const port::Actor actor_;
  std::size_t changes_ = 0;
  std::optional<port::JournalEntry> finished_;
  std::vector<port::OutboxMessage> outbox_;
};

class FakeHost final : public port::Journal, public port::UnitOfWorkFactory, public port::Clock {
 public:
  FakeDatabase database;
  fhir::Result<port::ReceiveResult> Receive(const port::InboundMessage& message) override {
    if (database.away) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"away"}, {}, fhir::Retry::kLater);
    }
    for (const auto& entry : database.entries) {
      if (entry.control_id == message.control_id && entry.raw == message.raw) {
        if (entry.state == port::MessageState::kRefused) {
          auto& reopened = database.entries.at(static_cast<std::size_t>(entry.id - 1));
          reopened.state = port::MessageState::kReceived;  // and holds what it held
          std::string refusal = std::exchange(reopened.ack, {});
          return port::ReceiveResult{reopened, false, std::move(refusal)};
        }
        return port::ReceiveResult{entry, true, {}};
      }
    }
    port::JournalEntry entry;
    entry.id = static_cast<std::int64_t>(database.entries.size()) + 1;
    entry.control_id = message.control_id;
    entry.type = message.type;
    entry.raw = message.raw;
    entry.received_us = 1'750'000'000'000'000;
    lease_ms = message.lease_ms;
    database.entries.push_back(entry);
    patients = message.patients;
    return port::ReceiveResult{entry, false, {}, database.before && database.before->holds};
  }
  fhir::Result<port::JournalEntry> Get(std::int64_t id) override {
    return database.entries.at(static_cast<std::size_t>(id - 1));
  }
  fhir::Result<std::vector<port::JournalEntry>> List(const port::JournalFilter&) override { return database.entries; }
  fhir::Result<std::vector<port::JournalEntry>> ClaimUnfinished(int, int) override { return database.entries; }
  fhir::Result<void> Postpone(std::int64_t, int) override { return {}; }
  fhir::Result<std::optional<port::OpenMessage>> Before(std::int64_t) override {
    ++asked_before;
    return database.before;
  }
  fhir::Result<port::FoundText> FindText(const port::JournalFilter&, std::span<const std::string>, int) override {
    return port::FoundText{};
  }
  fhir::Result<port::JournalCheck> Check() override { return port::JournalCheck{}; }
  fhir::Result<std::int64_t> ParkBehind(std::int64_t holder) override {
    parked_behind.push_back(holder);
    return 0;
  }
  fhir::Result<std::int64_t> Release(int) override { return 0; }
  fhir::Result<void> Discard(std::int64_t) override { return {}; }
  fhir::Result<void> Replay(std::int64_t) override { return {}; }
  fhir::Result<std::unique_ptr<port::UnitOfWork>> Begin(const port::Actor& actor) override {
    if (database.away) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"away"}, {}, fhir::Retry::kLater);
    }
    requests.push_back(actor.request_id);
    return std::make_unique<FakeWork>(database, actor);
  }
  std::int64_t NowUs() const override { return now++; }
  mutable std::int64_t now = 0;
  std::vector<std::string> patients;  ///< of the last message received
  std::vector<std::string> requests;  ///< ids that units of work were begun under
  int asked_before = 0;
  int lease_ms = -1;  ///< of the last message received
  std::vector<std::int64_t> parked_behind;
};

struct Inbound : testing::Test {
  FakeHost host;
  std::shared_ptr<const hl7::messages::MapSet> maps = tests::hl7v2::ShippedMaps();
  hl7::InboundProcessor processor{{.partner = tests::hl7v2::TestPartner()}, [this] { return maps; }, host, host, host};

  std::string CodeOf(const std::optional<std::string>& answer) {
    const auto read = answer ? hl7::ack::Read(*answer) : std::unexpected(fhir::Error{});
    return read ? std::string(hl7::ack::Name(read->code)) : "none";
  }
};

TEST_F(Inbound, Admission_CommitsOnceAndRepeatsItsAnswer) {
  const auto raw = ReadData("adult_admission.hl7");
  const auto first = processor.Receive(raw);
  EXPECT_EQ(CodeOf(first), "AA");
  const auto changes = host.database.changes_committed;
  EXPECT_GT(changes, 5u);
  EXPECT_EQ(host.database.locks.size(), 1u);
  EXPECT_EQ(processor.Receive(raw), first);
  EXPECT_EQ(host.database.changes_committed, changes);
  EXPECT_EQ(host.database.entries.size(), 1u);
}

TEST_F(Inbound, WhatAMessageChanges_IsAskedForInItsName) {
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("adult_admission.hl7"))), "AA");
  ASSERT_FALSE(host.requests.empty());
  EXPECT_EQ(host.requests.back(), "message/1");
}

TEST_F(Inbound, BadMessage_IsRefusedWithItsPlaceInTheJournal) {
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("refusals/birth_date_bad.hl7"))), "AE");
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kRefused);
  EXPECT_EQ(host.database.entries[0].error_place, "PID-7");
  EXPECT_EQ(host.database.entries[0].error_code, "102");
  EXPECT_EQ(host.database.changes_committed, 0u);
}

TEST_F(Inbound, CoverageOfAnUnknownType_IsNotedInTheJournal_AndTheRestIsTaken) {
  std::string raw = ReadData("adult_admission.hl7");
  const auto type = raw.find("|AMC|", raw.find("\rIN1|2"));
  ASSERT_NE(type, std::string::npos);
  raw.replace(type, 5, "|XYZ|");
  EXPECT_EQ(CodeOf(processor.Receive(raw)), "AA");
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kCommitted);
  EXPECT_EQ(host.database.entries[0].error_code, "103");
  EXPECT_EQ(host.database.entries[0].error_place, "IN1[2]-2");
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("adult_discharge.hl7"))), "AA");
  EXPECT_EQ(host.database.entries[1].error_code, "");
}

TEST_F(Inbound, RefusedMessageAgain_GetsTheSameAnswer_UntilItsCauseIsGone) {
  host.database.refused_element = "Patient.birthDate";
  const auto raw = ReadData("adult_admission.hl7");
  const auto first = processor.Receive(raw);
  EXPECT_EQ(CodeOf(first), "AE");
  EXPECT_EQ(processor.Receive(raw), first);
  host.database.refused_element = "Patient.name";
  const auto other = processor.Receive(raw);
  EXPECT_EQ(CodeOf(other), "AE");
  EXPECT_NE(other, first) << "refused for another reason";
  EXPECT_EQ(host.database.entries[0].error_place, "PID-5");
  host.database.refused_element.clear();
  EXPECT_EQ(CodeOf(processor.Receive(raw)), "AA");
  EXPECT_EQ(host.database.entries.size(), 1u);
}

TEST_F(Inbound, PatientHeld_GetsAeThatNamesTheHolder_AndNothingIsApplied) {
  host.database.before = port::OpenMessage{.id = 77, .control_id = "BAD-1", .holds = true};
  const auto answer = processor.Receive(ReadData("adult_admission.hl7"));
  EXPECT_EQ(CodeOf(answer), "AE");
  EXPECT_NE(answer->find("held behind BAD-1"), std::string::npos) << *answer;
  const auto& entry = host.database.entries[0];
  EXPECT_EQ(entry.state, port::MessageState::kParked);
  EXPECT_EQ(entry.held_by, 77);
  EXPECT_FALSE(entry.holds);
  EXPECT_EQ(entry.error_code, "206");
  EXPECT_EQ(host.database.changes_committed, 0u);
  EXPECT_EQ(processor.Receive(ReadData("adult_admission.hl7")), answer) << "a repeat gets its present state";
}

TEST_F(Inbound, HolderThatComesWhileTheMessageIsWorkedOn_ParksItToo) {
  host.database.out_of_turn = true;
  host.database.before = port::OpenMessage{.id = 77, .control_id = "BAD-1", .holds = true};
  port::JournalEntry entry;
  entry.id = 1;
  entry.raw = ReadData("adult_admission.hl7");
  host.database.entries.push_back(entry);
  ASSERT_TRUE(processor.Process(entry));
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kParked);
  EXPECT_EQ(host.database.changes_committed, 0u);
}

TEST_F(Inbound, EarlierMessageInHand_IsWaitedFor_ThenLeftWithoutAnAnswer) {
  host.database.out_of_turn = true;
  host.database.before = port::OpenMessage{.id = 77, .control_id = "SLOW-1"};
  hl7::InboundProcessor brief(
      {.partner = tests::hl7v2::TestPartner(), .earlier_wait_ms = 30}, [this] { return maps; }, host, host, host);
  EXPECT_EQ(brief.Receive(ReadData("adult_admission.hl7")), std::nullopt);
  EXPECT_GE(host.asked_before, 2);
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kReceived);
}

TEST_F(Inbound, WrongContent_HoldsItsPatient_AKindThatIsNotTakenDoesNot) {
  std::vector<hl7::InboundReport> reports;
  hl7::InboundProcessor reporting(
      {.partner = tests::hl7v2::TestPartner(),
       .report = [&](const hl7::InboundReport& report) { reports.push_back(report); }},
      [this] { return maps; }, host, host, host);
  reporting.Receive(ReadData("refusals/birth_date_bad.hl7"));
  EXPECT_TRUE(host.database.entries[0].holds);
  EXPECT_TRUE(reports.back().holds);
  for (const auto* name : {"refusals/version.hl7", "refusals/mdm_event_unknown.hl7"}) {
    EXPECT_EQ(CodeOf(reporting.Receive(ReadData(name))), "AR") << name;
    EXPECT_FALSE(host.database.entries.back().holds) << name;
  }
  EXPECT_EQ(CodeOf(reporting.Receive(ReadData("refusals/no_pid.hl7"))), "AE");
  EXPECT_FALSE(host.database.entries.back().holds) << "it names nobody";
}

TEST_F(Inbound, HolderThatIsApplied_LetsOthersGo) {
  host.database.refused_element = "Patient.name";
  std::vector<hl7::InboundReport> reports;
  hl7::InboundProcessor reporting(
      {.partner = tests::hl7v2::TestPartner(),
       .report = [&](const hl7::InboundReport& report) { reports.push_back(report); }},
      [this] { return maps; }, host, host, host);
  const auto raw = ReadData("adult_admission.hl7");
  EXPECT_EQ(CodeOf(reporting.Receive(raw)), "AE");
  EXPECT_EQ(CodeOf(reporting.Receive(raw)), "AE");
  EXPECT_FALSE(reports.back().released);
  host.database.refused_element.clear();
  EXPECT_EQ(CodeOf(reporting.Receive(raw)), "AA");
  EXPECT_TRUE(reports.back().released);
  EXPECT_FALSE(host.database.entries[0].holds);
}

TEST_F(Inbound, MessageThatFailedTooOften_IsRefusedAndHolds) {
  port::JournalEntry entry;
  entry.id = 1;
  entry.raw = ReadData("adult_admission.hl7");
  host.database.entries.push_back(entry);
  ASSERT_TRUE(processor.GiveUp(entry));
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kRefused);
  EXPECT_EQ(host.database.entries[0].error_code, "207");
  EXPECT_TRUE(host.database.entries[0].holds);
}

TEST_F(Inbound, DiscardedMessageAgain_IsToldSo) {
  const auto raw = ReadData("adult_admission.hl7");
  port::JournalEntry entry;
  entry.id = 1;
  entry.control_id = std::string(hl7::er7::ReadHeader(raw).control_id);
  entry.raw = raw;
  entry.state = port::MessageState::kDiscarded;
  host.database.entries.push_back(entry);
  const auto answer = processor.Receive(raw);
  EXPECT_EQ(CodeOf(answer), "AE");
  EXPECT_NE(answer->find("discarded"), std::string::npos);
  EXPECT_EQ(host.database.changes_committed, 0u);
}

TEST_F(Inbound, MessageOfTwoPatients_LocksBoth) {
  std::string raw = ReadData("adult_admission.hl7");
  raw += "MRG|OLD42^^^CHU&990000010&M^PI\r";
  EXPECT_EQ(CodeOf(processor.Receive(raw)), "AA");
  EXPECT_EQ(host.patients.size(), 2u);
  EXPECT_EQ(host.database.locks.size(), 2u);
  EXPECT_TRUE(std::is_sorted(host.database.locks.begin(), host.database.locks.end()));
}

/// With MSH-15 and MSH-16.
std::string Asking(std::string raw, const std::string& accept, const std::string& application) {
  const auto at = raw.find("|2.5^FRA^2.11|||||FRA|");
  EXPECT_NE(at, std::string::npos);
  return raw.replace(at, 22, "|2.5^FRA^2.11|||" + accept + "|" + application + "|FRA|");
}

struct Enhanced : Inbound {
  int queued = 0;
  hl7::InboundProcessor enhanced{
      {.partner = tests::hl7v2::TestPartner(), .acknowledgements_to = "chu-acks", .queued = [this] { ++queued; }},
      [this] { return maps; },
      host,
      host,
      host};
};

TEST_F(Enhanced, DurableMessage_IsAcceptedAtOnce_AndAnsweredThroughTheOutboxWhenItIsCommitted) {
  const auto raw = Asking(ReadData("adult_admission.hl7"), "AL", "AL");
  const auto accepted = enhanced.Receive(raw);
  EXPECT_EQ(CodeOf(accepted), "CA");
  EXPECT_EQ(host.lease_ms, 0) << "a worker may claim it at once";
  EXPECT_EQ(queued, 1);
  EXPECT_EQ(host.database.changes_committed, 0u);
  EXPECT_TRUE(host.database.outbox.empty());
  EXPECT_EQ(enhanced.Receive(raw), accepted) << "a repeat gets its first answer again, byte for byte";
  ASSERT_TRUE(enhanced.Process(host.database.entries[0]));
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kCommitted);
  ASSERT_EQ(host.database.outbox.size(), 1u);
  const auto& later = host.database.outbox[0];
  EXPECT_EQ(later.destination, "chu-acks");
  EXPECT_EQ(later.kind, "mllp");
  const auto read = hl7::ack::Read(later.payload);
  EXPECT_EQ(hl7::ack::Name(read->code), "AA");
  EXPECT_EQ(read->control_id, "A01-1");
  const auto header = hl7::er7::ReadHeader(later.payload);
  EXPECT_EQ(header.accept_ack, "AL");
  EXPECT_EQ(header.application_ack, "NE");
  EXPECT_EQ(enhanced.Receive(raw), accepted);
  EXPECT_EQ(host.database.outbox.size(), 1u) << "the outbox delivers; a repeat sends nothing more";
}

TEST_F(Enhanced, WhatIsAskedFor_IsWhatIsSaid) {
  struct Case {
    const char *accept, *application;
    const char* said;  // on the connection
    bool good, bad;    // whether an acknowledgement of a good and of a bad message goes out
  };
  for (const Case& one :
       {Case{"AL", "NE", "CA", false, false}, Case{"AL", "", "CA", false, false}, Case{"NE", "AL", "", true, true},
        Case{"", "AL", "", true, true}, Case{"SU", "SU", "CA", true, false}, Case{"ER", "ER", "", false, true},
        Case{"NE", "NE", "", false, false}}) {
    SCOPED_TRACE(std::string(one.accept) + "/" + one.application);
    for (const bool good : {true, false}) {
      host.database.entries.clear();
      host.database.outbox.clear();
      const auto raw =
          Asking(ReadData(good ? "adult_admission.hl7" : "refusals/birth_date_bad.hl7"), one.accept, one.application);
      const auto said = enhanced.Receive(raw);
      ASSERT_TRUE(said) << "the connection stays open";
      EXPECT_EQ(said->empty() ? "" : CodeOf(said), one.said);
      ASSERT_TRUE(enhanced.Process(host.database.entries[0]));
      EXPECT_EQ(host.database.outbox.size(), (good ? one.good : one.bad) ? 1u : 0u);
      EXPECT_EQ(host.database.entries[0].state, good ? port::MessageState::kCommitted : port::MessageState::kRefused);
    }
  }
}

TEST_F(Enhanced, RefusedMessage_ParksWhatWaitsBehindIt) {
  EXPECT_EQ(CodeOf(enhanced.Receive(Asking(ReadData("refusals/birth_date_bad.hl7"), "AL", "AL"))), "CA");
  ASSERT_TRUE(enhanced.Process(host.database.entries[0]));
  EXPECT_EQ(host.parked_behind, std::vector<std::int64_t>{1});
  EXPECT_EQ(hl7::ack::Name(hl7::ack::Read(host.database.outbox.at(0).payload)->code), "AE");
}

TEST_F(Enhanced, HeldMessage_IsAcceptedAndParked_WithoutAWordUntilItIsApplied) {
  host.database.before = port::OpenMessage{.id = 77, .control_id = "BAD-1", .holds = true};
  EXPECT_EQ(CodeOf(enhanced.Receive(Asking(ReadData("adult_admission.hl7"), "AL", "AL"))), "CA");
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kParked);
  EXPECT_TRUE(host.database.outbox.empty());
  EXPECT_EQ(queued, 0);
}

TEST_F(Enhanced, TooLargeFrame_IsNeverAccepted) {
  EXPECT_EQ(CodeOf(enhanced.Receive(Asking(ReadData("adult_admission.hl7"), "AL", "AL"), true)), "CR");
  EXPECT_TRUE(host.database.outbox.empty());
}

TEST_F(Enhanced, HeaderThatNoRuleTakes_IsRefusedAtOnce_AndNothingComesLater) {
  struct Case {
    const char *from, *to, *code;
  };
  for (const Case& one : {Case{"|ADT^A01^ADT_A01|", "|QBP^Q11^QBP_Q11|", "CR"}, Case{"|A01-1|", "||", "CE"}}) {
    SCOPED_TRACE(one.to);
    host.database.entries.clear();
    auto raw = Asking(ReadData("adult_admission.hl7"), "AL", "AL");
    const auto at = raw.find(one.from);
    ASSERT_NE(at, std::string::npos);
    raw.replace(at, std::string(one.from).size(), one.to);
    EXPECT_EQ(CodeOf(enhanced.Receive(raw)), one.code);
    EXPECT_NE(enhanced.Receive(raw)->find("\rERR|"), std::string::npos) << "its repeat is refused as well";
    EXPECT_EQ(host.database.entries[0].state, port::MessageState::kRefused);
    EXPECT_TRUE(host.database.outbox.empty());
    raw.replace(raw.find("|AL|AL|"), 7, "|SU|AL|");
    EXPECT_EQ(enhanced.Receive(raw), "") << "only CA is asked for";
  }
}

TEST_F(Enhanced, DatabaseAway_SaysNothing) {
  host.database.away = true;
  EXPECT_EQ(enhanced.Receive(Asking(ReadData("adult_admission.hl7"), "AL", "NE")), std::nullopt);
}

TEST_F(Enhanced, WithoutADestinationOrByTheSetting_OriginalModeIsKept) {
  EXPECT_EQ(CodeOf(processor.Receive(Asking(ReadData("adult_admission.hl7"), "AL", "AL"))), "AA");
  EXPECT_EQ(CodeOf(processor.Receive(Asking(ReadData("adult_discharge.hl7"), "AL", "NE"))), "CA")
      << "no later acknowledgement is asked for";
  hl7::InboundProcessor original(
      {.partner = tests::hl7v2::TestPartner(), .enhanced = false}, [this] { return maps; }, host, host, host);
  EXPECT_EQ(CodeOf(original.Receive(Asking(ReadData("minor_admission.hl7"), "AL", "NE"))), "AA");
}

TEST_F(Inbound, ParkedByAWorkerWithoutAnAnswer_IsToldWhoHoldsIt) {
  const auto raw = ReadData("adult_admission.hl7");
  port::JournalEntry entry;
  entry.id = 1;
  entry.control_id = std::string(hl7::er7::ReadHeader(raw).control_id);
  entry.raw = raw;
  entry.state = port::MessageState::kParked;
  host.database.entries.push_back(entry);
  host.database.before = port::OpenMessage{.id = 77, .control_id = "BAD-1", .holds = true};
  const auto answer = processor.Receive(raw);
  EXPECT_EQ(CodeOf(answer), "AE");
  EXPECT_NE(answer->find("held behind BAD-1"), std::string::npos);
}

TEST_F(Inbound, UnknownTrigger_IsAcceptedAndIgnored) {
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("unknown_trigger.hl7"))), "AA");
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kIgnored);
}

TEST_F(Inbound, DatabaseAway_GivesNoAnswer) {
  host.database.away = true;
  EXPECT_EQ(processor.Receive(ReadData("adult_admission.hl7")), std::nullopt);
  EXPECT_TRUE(host.database.entries.empty());
}

TEST_F(Inbound, DatabaseLostAfterJournal_IsRecoveredLater) {
  host.database.apply_error = fhir::Error{.code = fhir::ErrorCode::kUnavailable, .retry = fhir::Retry::kLater};
  EXPECT_EQ(processor.Receive(ReadData("adult_admission.hl7")), std::nullopt);
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kReceived);
  host.database.apply_error.reset();
  const auto answer = processor.Process(host.database.entries[0]);
  ASSERT_TRUE(answer);
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kCommitted);
  EXPECT_EQ(host.database.entries[0].ack, *answer);
}

TEST_F(Inbound, LostRace_IsTriedAgainWithAllChanges) {
  host.database.conflicts = 2;
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("adult_admission.hl7"))), "AA");
  const auto changes = host.database.changes_committed;
  FakeHost other;
  hl7::InboundProcessor again({.partner = tests::hl7v2::TestPartner()}, [this] { return maps; }, other, other, other);
  again.Receive(ReadData("adult_admission.hl7"));
  EXPECT_EQ(changes, other.database.changes_committed);
}

TEST_F(Inbound, ResourceRefusedByStore_GivesAe) {
  host.database.apply_error =
      fhir::Error{.code = fhir::ErrorCode::kInvalid, .public_text = {"wrong"}, .expression = "Patient.gender"};
  const auto answer = processor.Receive(ReadData("adult_admission.hl7"));
  EXPECT_EQ(CodeOf(answer), "AE");
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kRefused);
}

TEST_F(Inbound, ElementRefusedByStore_NamesTheFieldItCameFrom) {
  struct Case {
    const char* element;
    const char* place;
    const char* error_location;  // ERR-2
  };
  for (const Case& one :
       {Case{"Patient.birthDate", "PID-7", "PID^1^7^1"}, Case{"Patient.name[0].family", "PID-5", "PID^1^5^1"},
        Case{"Encounter.location[0].extension[1].value", "ZBE-9", "ZBE^1^9^1"},
        Case{"Encounter.period.end", "PV1-45", "PV1^1^45^1"},
        Case{"Coverage.subscriberId", "IN1-49.1", "IN1^1^49^1^1"}}) {
    SCOPED_TRACE(one.element);
    host.database.entries.clear();
    host.database.refused_element = one.element;
    const auto answer = processor.Receive(ReadData("adult_discharge.hl7"));
    EXPECT_EQ(CodeOf(answer), "AE");
    EXPECT_EQ(host.database.entries[0].error_place, one.place);
    EXPECT_NE(answer->find(std::string("\rERR||") + one.error_location + "|"), std::string::npos) << *answer;
    EXPECT_NE(answer->find(std::string(one.element) + ": expected another form"), std::string::npos) << *answer;
  }
}

TEST_F(Inbound, ElementThatNoFieldMade_IsNamedWithoutAPlace) {
  host.database.refused_element = "Patient.contained";
  const auto answer = processor.Receive(ReadData("adult_discharge.hl7"));
  EXPECT_EQ(CodeOf(answer), "AE");
  EXPECT_NE(answer->find("Patient.contained: expected another form"), std::string::npos) << *answer;
}

TEST_F(Inbound, TooLargeFrame_IsRejectedAndJournalledWithoutBody) {
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("adult_admission.hl7"), true)), "AR");
  EXPECT_EQ(host.database.entries[0].raw.find("DUPONT"), std::string::npos);
  EXPECT_EQ(host.database.entries[0].state, port::MessageState::kRefused);
}

TEST_F(Inbound, UnusableControlId_IsJournalledCleanAndShort_AndRefused) {
  for (const auto* name : {"refusals/control_id_long.hl7", "refusals/control_id_control.hl7"}) {
    const auto answer = processor.Receive(ReadData(name));
    EXPECT_EQ(CodeOf(answer), "AE") << name;
    const auto& entry = host.database.entries.back();
    EXPECT_EQ(entry.state, port::MessageState::kRefused) << name;
    EXPECT_EQ(entry.error_place, "MSH-10") << name;
    EXPECT_LE(entry.control_id.size(), 199u) << name;
    EXPECT_EQ(entry.control_id.find_first_of(std::string("\0\a", 2)), std::string::npos) << name;
    EXPECT_EQ(answer->find_first_of(std::string("\0\a", 2)), std::string::npos) << name;
    EXPECT_EQ(hl7::ack::Read(*answer)->control_id, entry.control_id) << name;
    EXPECT_EQ(entry.raw, ReadData(name));
  }
  EXPECT_EQ(host.database.entries.back().control_id,
            "A01?"
            "?-1");
}

TEST_F(Inbound, DocumentNumberOfAForeignAuthority_NeverChangesAnotherHospitalsDocument) {
  host.database.document = R"({"resourceType":"DocumentReference","id":"d","subject":{"reference":"Patient/p"}})";
  host.database.patient =
      R"({"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2.990000028","value":"1"}]})";
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("adult_letter.hl7"))), "AE");
  EXPECT_EQ(host.database.entries[0].error_code, "204");
  EXPECT_EQ(host.database.entries[0].error_place, "TXA-12");
  EXPECT_EQ(host.database.changes_committed, 0u);
  host.database.patient =
      R"({"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2.990000010","value":"1"}]})";
  EXPECT_EQ(CodeOf(processor.Receive(ReadData("accents_letter.hl7"))), "AA");
}

TEST_F(Inbound, EveryMessage_IsReportedOnce) {
  std::vector<hl7::InboundReport> reports;
  hl7::InboundProcessor reporting(
      {.partner = tests::hl7v2::TestPartner(),
       .report = [&](const hl7::InboundReport& report) { reports.push_back(report); }},
      [this] { return maps; }, host, host, host);
  reporting.Receive(ReadData("adult_admission.hl7"));
  reporting.Receive(ReadData("adult_admission.hl7"));
  reporting.Receive(ReadData("refusals/birth_date_bad.hl7"));
  reporting.Receive(ReadData("unknown_trigger.hl7"));
  host.database.away = true;
  reporting.Receive(ReadData("adult_discharge.hl7"));
  ASSERT_EQ(reports.size(), 5u);
  EXPECT_EQ(reports[0].state, port::MessageState::kCommitted);
  EXPECT_FALSE(reports[0].repeated);
  EXPECT_TRUE(reports[1].repeated);
  EXPECT_EQ(reports[1].message, reports[0].message);
  EXPECT_EQ(reports[2].state, port::MessageState::kRefused);
  EXPECT_EQ(reports[2].place, "PID-7");
  EXPECT_EQ(reports[3].state, port::MessageState::kIgnored);
  EXPECT_EQ(reports[4].message, 0);
  ASSERT_TRUE(reports[4].error);
  EXPECT_EQ(reports[4].error->code, fhir::ErrorCode::kUnavailable);
}

TEST_F(Inbound, Answers_NeverHoldValuesOfThePatient) {
  for (const auto* name : {"refusals/birth_date_bad.hl7", "refusals/gender_unknown.hl7", "refusals/ipp_missing.hl7",
                           "refusals/bytes_invalid.hl7", "refusals/line_not_a_segment.hl7"}) {
    const auto answer = processor.Receive(ReadData(name));
    ASSERT_TRUE(answer);
    for (const auto* value : {"DUPONT", "IPP0001", "19790231", "garbage", "279035121518989"}) {
      EXPECT_EQ(answer->find(value), std::string::npos) << name;
    }
  }
}

}  // namespace
