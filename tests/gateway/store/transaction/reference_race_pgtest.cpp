// A delete and what comes to refer to the deleted at the same moment, over two connections: one of the two fails.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <thread>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;

std::string ObservationOfPatient(std::string_view id) {
  return fmt::format(
      R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{}"}}}})",
      id);
}

class ReferenceRace : public StoreTest {
 protected:
  void SetUp() override {
    gateway::store::StoreOptions options;
    options.references_checked = true;
    options.deletes_checked = true;
    Reopen(std::move(options));
    Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})"),
          Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient"})"));
  }

  /// A transaction that has done the change and has not ended.
  std::unique_ptr<port::UnitOfWork> Under(port::Change change, const port::Actor& actor = System()) {
    auto work = factory_->Begin(actor);
    EXPECT_TRUE(work);
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    fhir::IssueList issues;
    const auto applied = (*work)->Apply(std::move(changes), issues);
    EXPECT_TRUE(applied) << applied.error().public_text.text;
    return std::move(*work);
  }

  static bool AnybodyWaits() {
    const auto rows = SharedDb().Connect()->ExecuteAdHoc(
        "waits",
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", {});
    return rows && (*rows)[0].Int(0) > 0;
  }

  /// Does the change while `first` is under way: it must wait for its end. Returns what came of it; unset: it is done.
  std::optional<fhir::ErrorCode> WhileUnder(std::unique_ptr<port::UnitOfWork> first, port::Change change,
                                            const port::Actor& actor = System()) {
    std::optional<fhir::ErrorCode> failure;
    std::atomic<bool> ended = false;
    std::thread second([&] {
      std::vector<port::Change> changes;
      changes.push_back(std::move(change));
      const auto outcomes = TryApply(std::move(changes), actor);
      if (!outcomes) {
        failure = outcomes.error().code;
      }
      ended = true;
    });
    while (!ended && !AnybodyWaits()) {
      std::this_thread::yield();
    }
    EXPECT_FALSE(ended) << "it did not wait";
    EXPECT_TRUE(first->Commit());
    second.join();
    return failure;
  }

  static port::Actor Party() {
    auto grants = std::make_shared<port::Grants>();
    for (const char* type : {"Observation", "Patient"}) {
      grants->by_type[Type(type)] = {.grants = {{port::kCreate | port::kRead | port::kUpdate, {}}},
                                     .identifier_types_hidden = {}};
    }
    port::Actor actor;
    actor.party = "some";
    actor.grants = std::move(grants);
    return actor;
  }
};

TEST_F(ReferenceRace, ReferenceFirst_DeleteFails) {
  for (const port::Actor& actor : {System(), Party()}) {
    EXPECT_EQ(WhileUnder(Under(Create(ObservationOfPatient("p1")), actor), Delete("Patient", "p1")),
              fhir::ErrorCode::kConflict);
    EXPECT_TRUE(store_->Read(System(), Type("Patient"), "p1"));
  }
}

TEST_F(ReferenceRace, DeleteFirst_ReferenceFails) {
  EXPECT_EQ(WhileUnder(Under(Delete("Patient", "p1")), Create(ObservationOfPatient("p1"))), fhir::ErrorCode::kInvalid);
  EXPECT_EQ(WhileUnder(Under(Delete("Patient", "p2")), Create(ObservationOfPatient("p2")), Party()),
            fhir::ErrorCode::kInvalid);
  EXPECT_TRUE(Find(Ask("Observation", {})).empty());
}

TEST_F(ReferenceRace, ReferenceFirst_ThenUpdated_DeleteFails) {
  auto referring = Under(Create(ObservationOfPatient("p1")));
  // Nobody waits for who is merely referred to.
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"male"})"));
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"female"})"));
  EXPECT_EQ(WhileUnder(std::move(referring), Delete("Patient", "p1")), fhir::ErrorCode::kConflict);
}

TEST_F(ReferenceRace, Updates_DoNotKeepReferencesWaiting) {
  const auto updating = Under(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"male"})"));
  Apply(Create(ObservationOfPatient("p1")));
  std::vector<port::Change> changes;
  changes.push_back(Create(ObservationOfPatient("p1")));
  EXPECT_TRUE(TryApply(std::move(changes), Party()));
  EXPECT_TRUE(updating->Commit());
  EXPECT_EQ(FailureOf(Delete("Patient", "p1")), fhir::ErrorCode::kConflict);
}

TEST_F(ReferenceRace, TwoReferences_DoNotWaitForEachOther) {
  const auto first = Under(Create(ObservationOfPatient("p1")));
  Apply(Create(ObservationOfPatient("p1")));
  EXPECT_TRUE(first->Commit());
}

TEST_F(ReferenceRace, ReferenceRolledBack_DeleteGoesOn) {
  auto referring = Under(Create(ObservationOfPatient("p1")));
  std::atomic<bool> ended = false;
  bool deleted = false;
  std::thread second([&] {
    std::vector<port::Change> changes;
    changes.push_back(Delete("Patient", "p1"));
    deleted = TryApply(std::move(changes)).has_value();
    ended = true;
  });
  while (!ended && !AnybodyWaits()) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(ended) << "it did not wait";
  referring.reset();
  second.join();
  EXPECT_TRUE(deleted);
}

// Updates of the target all the while: a reference to what is there is never refused.
TEST_F(ReferenceRace, TargetThatIsUpdatedAllTheTime_IsThere) {
  std::atomic<bool> stop = false;
  std::thread updates([&] {
    for (int i = 0; !stop; ++i) {
      std::vector<port::Change> changes;
      changes.push_back(Put(Verb::kUpdate, "p1",
                            fmt::format(R"({{"resourceType":"Patient","birthDate":"19{:02}-01-01"}})", i % 100)));
      EXPECT_TRUE(TryApply(std::move(changes)));
    }
  });
  for (int i = 0; i < 200; ++i) {
    Apply(Create(ObservationOfPatient("p1")));
  }
  stop = true;
  updates.join();
}

}  // namespace
}  // namespace tests::store
