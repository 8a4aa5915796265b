#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "adapters/port/commit_hook.hpp"
#include "gateway/store/journal_store.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Effect;
using port::Verb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UnitOfWork : public StoreTest {};

constexpr std::string_view kPatient = R"({"resourceType":"Patient","active":true,"gender":"female"})";

TEST_F(UnitOfWork, Create_Read_ReturnsStoredBytes) {
  const auto outcomes = Apply(Create(kPatient));
  ASSERT_EQ(outcomes[0].effect, Effect::kCreated);
  const auto read = store_->Read(System(), Type("Patient"), outcomes[0].resource.id);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 1);
  EXPECT_EQ(read->body, outcomes[0].resource.body);
  EXPECT_THAT(read->body, HasSubstr(R"("versionId":"1")"));
  EXPECT_THAT(read->body, HasSubstr(R"("gender":"female")"));
}

TEST_F(UnitOfWork, UpdateAsCreate_KeepsClientId) {
  const auto outcomes = Apply(Put(Verb::kUpdate, "p1", kPatient));
  EXPECT_EQ(outcomes[0].effect, Effect::kCreated);
  EXPECT_EQ(outcomes[0].resource.id, "p1");
  EXPECT_TRUE(store_->Read(System(), Type("Patient"), "p1"));
}

TEST_F(UnitOfWork, Update_DeletesAndRecreates_VersionsGoOn) {
  Apply(Put(Verb::kUpdate, "p1", kPatient));
  EXPECT_EQ(Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","active":false})"))[0].resource.version, 2);
  EXPECT_EQ(Apply(Delete("Patient", "p1"))[0].effect, Effect::kDeleted);
  const auto gone = store_->Read(System(), Type("Patient"), "p1");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, fhir::ErrorCode::kGone);
  EXPECT_EQ(Apply(Delete("Patient", "p1"))[0].effect, Effect::kUnchanged);
  const auto again = Apply(Put(Verb::kUpdate, "p1", kPatient));
  EXPECT_EQ(again[0].effect, Effect::kCreated);
  EXPECT_EQ(again[0].resource.version, 4);
  const auto second = store_->Read(System(), Type("Patient"), "p1", 2);
  ASSERT_TRUE(second);
  EXPECT_THAT(second->body, HasSubstr(R"("active":false)"));
  const auto missing = store_->Read(System(), Type("Patient"), "p2");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, fhir::ErrorCode::kNotFound);
}

TEST_F(UnitOfWork, Update_SameContent_WritesNothing) {
  Apply(Put(Verb::kUpdate, "p1", kPatient));
  const auto outcomes = Apply(Put(Verb::kUpdate, "p1", kPatient));
  EXPECT_EQ(outcomes[0].effect, Effect::kUnchanged);
  EXPECT_EQ(outcomes[0].resource.version, 1);
  EXPECT_FALSE(outcomes[0].resource.body.empty());
}

TEST_F(UnitOfWork, Update_ChangedValues_AreFoundAndOldOnesNot) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"female","name":[{"family":"Alpha"}]})"));
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"female","name":[{"family":"Beta"}]})"));
  EXPECT_THAT(Find(Ask("Patient", {{"family", "alpha"}})), ElementsAre());
  EXPECT_THAT(Find(Ask("Patient", {{"family", "beta"}})), ElementsAre("p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"gender", "female"}})), ElementsAre("p1"));
  // Only what changed was written anew: the gender's row is the first version's.
  auto connection = SharedDb().Connect();
  const auto rows = connection->ExecuteAdHoc("count", "SELECT count(*) FROM idx_token WHERE code = 'female'", {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].Int(0), 1);
  Apply(Delete("Patient", "p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"gender", "female"}})), ElementsAre());
  const auto heads = connection->ExecuteAdHoc("heads", "SELECT count(*) FROM idx_token WHERE closed_tx IS NULL", {});
  EXPECT_EQ((*heads)[0].Int(0), 0);
}

// Few values of one resource, many, and those of several resources travel in different statements.
TEST_F(UnitOfWork, IndexRows_OfAnyNumber_AreWhatTheResourcesSay) {
  auto connection = SharedDb().Connect();
  const auto patient = [](int names) {
    std::string given;
    for (int i = 0; i < names; ++i) {
      given += fmt::format(R"({}"g{}")", i == 0 ? "" : ",", i);
    }
    return fmt::format(R"({{"resourceType":"Patient","name":[{{"given":[{}]}}]}})", given);
  };
  // Its values are how the names sound, which is the same for all of these.
  const auto phonetic = fhir::metadata::Definitions::R4().FindSearchParameter(Type("Patient"), "phonetic")->id;
  for (int names = 1; names <= 20; ++names) {
    const std::string id = Apply(Create(patient(names)))[0].resource.id;
    const auto rows = connection->ExecuteAdHoc(
        "rows",
        "SELECT count(*) FILTER (WHERE folded <> exact), count(DISTINCT exact), count(DISTINCT (parameter, exact)),"
        " count(*) FROM idx_string WHERE id = $1 AND parameter <> $2::int",
        gateway::store::pg::Parameters().Text(id).Int(phonetic));
    ASSERT_TRUE(rows);
    EXPECT_EQ((*rows)[0].Int(0), 0);
    EXPECT_EQ((*rows)[0].Int(1), names);
    EXPECT_EQ((*rows)[0].Int(2), (*rows)[0].Int(3));
    EXPECT_EQ((*rows)[0].Int(3) % names, 0) << "each parameter has all names";
    EXPECT_THAT(Find(Ask("Patient", {{"given:exact", fmt::format("g{}", names - 1)}})), ElementsAre(id));
    Apply(Delete("Patient", id));
  }
  std::vector<port::Change> two;
  two.push_back(Create(R"({"resourceType":"Patient","gender":"female"})"));
  two.push_back(Create(R"({"resourceType":"Patient","gender":"male"})"));
  const auto outcomes = TryApply(std::move(two));
  ASSERT_TRUE(outcomes);
  EXPECT_THAT(Find(Ask("Patient", {{"gender", "female"}})), ElementsAre((*outcomes)[0].resource.id));
  EXPECT_THAT(Find(Ask("Patient", {{"gender", "male"}})), ElementsAre((*outcomes)[1].resource.id));
}

TEST_F(UnitOfWork, IfMatch_OtherVersion_IsVersionConflict) {
  Apply(Put(Verb::kUpdate, "p1", kPatient));
  auto stale = Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})");
  stale.if_match = port::VersionTags{{7}};
  EXPECT_EQ(FailureOf(std::move(stale)), fhir::ErrorCode::kVersionConflict);
  auto absent = Put(Verb::kUpdate, "p9", kPatient);
  absent.if_match = port::VersionTags{{1}};
  EXPECT_EQ(FailureOf(std::move(absent)), fhir::ErrorCode::kVersionConflict);
}

TEST_F(UnitOfWork, Invalid_NamesThePlace_AndStoresNothing) {
  auto good = Create(kPatient);
  auto bad = Create(R"({"resourceType":"Observation","status":"final"})");
  bad.place = "Bundle.entry[1].resource";
  std::vector<port::Change> changes;
  changes.push_back(std::move(good));
  changes.push_back(std::move(bad));
  auto work = factory_->Begin(System());
  ASSERT_TRUE(work);
  fhir::IssueList issues;
  const auto outcomes = (*work)->Apply(std::move(changes), issues);
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, fhir::ErrorCode::kInvalid);
  EXPECT_EQ(outcomes.error().expression, "Bundle.entry[1].resource");
  ASSERT_TRUE(issues.HasErrors());
  EXPECT_THAT(issues.issues()[0].expression, ::testing::StartsWith("Bundle.entry[1].resource"));
  EXPECT_FALSE((*work)->Commit());
  EXPECT_THAT(Find(Ask("Patient", {})), ElementsAre());
}

TEST_F(UnitOfWork, WithoutCommit_StoresNothing) {
  {
    auto work = factory_->Begin(System());
    std::vector<port::Change> changes;
    changes.push_back(Create(kPatient));
    fhir::IssueList issues;
    ASSERT_TRUE((*work)->Apply(std::move(changes), issues));
  }
  EXPECT_THAT(Find(Ask("Patient", {})), ElementsAre());
}

TEST_F(UnitOfWork, FullUrls_BecomeReferences) {
  auto patient = Create(kPatient);
  patient.full_url = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0";
  auto observation = Create(
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
          "subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}})");
  const auto outcomes = Apply(std::move(observation), std::move(patient));
  EXPECT_THAT(outcomes[0].resource.body,
              HasSubstr(fmt::format(R"("reference":"Patient/{}")", outcomes[1].resource.id)));
  EXPECT_THAT(Find(Ask("Observation", {{"patient", outcomes[1].resource.id}})), ElementsAre(outcomes[0].resource.id));
}

TEST_F(UnitOfWork, SameResourceTwice_IsRefused) {
  std::vector<port::Change> changes;
  changes.push_back(Put(Verb::kUpdate, "p1", kPatient));
  changes.push_back(Delete("Patient", "p1"));
  const auto outcomes = TryApply(std::move(changes));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, fhir::ErrorCode::kInvalid);
}

TEST_F(UnitOfWork, Merge_KeepsWhatTheFeedDoesNotKnow) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","meta":{"tag":[{"system":"s","code":"a"}]},
    "identifier":[{"system":"urn:ipp","value":"1"},{"system":"urn:ins","value":"2"}],
    "gender":"female","deceasedBoolean":false,"birthDate":"1970-01-01"})"));
  const auto outcomes = Apply(Put(Verb::kMerge, "p1", R"({"resourceType":"Patient",
    "meta":{"tag":[{"system":"s","code":"b"}]},
    "identifier":[{"system":"urn:ins","value":"3"},{"system":"urn:other","value":"4"}],
    "deceasedDateTime":"2024-01-02"})"));
  EXPECT_EQ(outcomes[0].effect, Effect::kUpdated);
  const std::string& body = outcomes[0].resource.body;
  EXPECT_THAT(body, HasSubstr(R"("tag":[{"system":"s","code":"a"},{"system":"s","code":"b"}])"));
  EXPECT_THAT(body, HasSubstr(R"("identifier":[{"system":"urn:ipp","value":"1"},{"system":"urn:ins","value":"3"},)"
                              R"({"system":"urn:other","value":"4"}])"));
  EXPECT_THAT(body, HasSubstr(R"("gender":"female")"));
  EXPECT_THAT(body, HasSubstr(R"("deceasedDateTime":"2024-01-02")"));
  EXPECT_THAT(body, ::testing::Not(HasSubstr("deceasedBoolean")));
  const auto again = Apply(Put(Verb::kMerge, "p1", R"({"resourceType":"Patient","gender":"female"})"));
  EXPECT_EQ(again[0].effect, Effect::kUnchanged);
  EXPECT_EQ(again[0].resource.version, 2);
}

TEST_F(UnitOfWork, ConcurrentIfMatch_OneWins) {
  Apply(Put(Verb::kUpdate, "p1", kPatient));
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      std::vector<port::Change> changes;
      changes.push_back(
          Put(Verb::kUpdate, "p1", fmt::format(R"({{"resourceType":"Patient","name":[{{"family":"n{}"}}]}})", i)));
      changes.back().if_match = port::VersionTags{{1}};
      const auto outcomes = TryApply(std::move(changes));
      if (outcomes) {
        ++won;
      } else if (outcomes.error().code == fhir::ErrorCode::kVersionConflict) {
        ++lost;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 15);
}

TEST_F(UnitOfWork, ConcurrentUpdates_AllSucceedWithDistinctVersions) {
  Apply(Put(Verb::kUpdate, "p1", kPatient));
  std::mutex mutex;
  std::set<std::int64_t> versions;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      std::vector<port::Change> changes;
      changes.push_back(
          Put(Verb::kUpdate, "p1", fmt::format(R"({{"resourceType":"Patient","name":[{{"family":"n{}"}}]}})", i)));
      const auto outcomes = TryApply(std::move(changes));
      const std::scoped_lock lock(mutex);
      EXPECT_TRUE(outcomes) << outcomes.error().internal_text.text;
      if (outcomes) {
        versions.insert(outcomes->front().resource.version);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(versions.size(), 16u);
  EXPECT_EQ(*versions.rbegin(), 17);
  port::HistoryQuery history{.type = Type("Patient"), .id = "p1", .since_us = {}, .count = 5, .cursor = {}};
  std::vector<std::int64_t> walked;
  for (;;) {
    const auto page = store_->History(System(), history);
    ASSERT_TRUE(page) << page.error().internal_text.text;
    EXPECT_EQ(page->total, 17);
    for (const auto& version : page->versions) {
      walked.push_back(version.version);
    }
    if (page->next_cursor.empty()) {
      break;
    }
    history.cursor = page->next_cursor;
  }
  EXPECT_EQ(std::set<std::int64_t>(walked.begin(), walked.end()).size(), 17u);
  EXPECT_EQ(walked.size(), 17u);
}

class FollowUp final : public port::Reaction {
 public:
  std::string_view name() const override { return "follow-up"; }
  bool Wants(std::string_view type) const override { return type == "Encounter"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override {
    seen = applied.effect;
    std::vector<port::Change> changes;
    changes.push_back(Create(fmt::format(
        R"({{"resourceType":"Task","status":"requested","intent":"order","focus":{{"reference":"Encounter/{}"}}}})",
        applied.id)));
    fhir::IssueList issues;
    GW_TRY(work.Apply(std::move(changes), issues));
    return fail ? fhir::Fail(fhir::ErrorCode::kInvalid, "no") : fhir::Result<void>();
  }
  Effect seen = Effect::kUnchanged;
  bool fail = false;
};

class Recorder final : public port::CommitHook {
 public:
  fhir::Result<void> BeforeCommit(std::span<const port::AppliedSummary> applied, port::UnitOfWork& work) override {
    for (const auto& one : applied) {
      seen.push_back(
          fmt::format("{}{}", one.by_reaction ? "*" : "", fhir::metadata::Definitions::R4().TypeName(one.type)));
    }
    std::vector<port::Change> changes;
    changes.push_back(Create(R"({"resourceType":"Basic","code":{"text":"audit"}})"));
    fhir::IssueList issues;
    GW_TRY(work.Apply(std::move(changes), issues));
    return {};
  }
  std::vector<std::string> seen;
};

constexpr std::string_view kEncounter = R"({"resourceType":"Encounter","status":"finished","class":{"code":"AMB"}})";

TEST_F(UnitOfWork, Reaction_ChangesCommitTogether_AndHookSeesAll) {
  FollowUp reaction;
  Recorder hook;
  gateway::store::StoreOptions options;
  options.reactions = {&reaction};
  options.commit_hooks = {&hook};
  Reopen(options);
  const auto outcomes = Apply(Create(kEncounter));
  EXPECT_EQ(reaction.seen, Effect::kCreated);
  EXPECT_EQ(Find(Ask("Task", {{"focus", "Encounter/" + outcomes[0].resource.id}})).size(), 1u);
  EXPECT_THAT(hook.seen, ElementsAre("Encounter", "*Task"));
  EXPECT_EQ(Find(Ask("Basic", {})).size(), 1u);
}

TEST_F(UnitOfWork, Reaction_Error_UndoesTheCause) {
  FollowUp reaction;
  reaction.fail = true;
  gateway::store::StoreOptions options;
  options.reactions = {&reaction};
  Reopen(options);
  EXPECT_EQ(FailureOf(Create(kEncounter)), fhir::ErrorCode::kInvalid);
  EXPECT_THAT(Find(Ask("Encounter", {})), ElementsAre());
  EXPECT_THAT(Find(Ask("Task", {})), ElementsAre());
}

class EndlessEcho final : public port::Reaction {
 public:
  std::string_view name() const override { return "echo"; }
  bool Wants(std::string_view type) const override { return type == "Basic"; }
  fhir::Result<void> OnApplied(const port::Applied&, port::UnitOfWork& work) override {
    std::vector<port::Change> changes;
    changes.push_back(Create(R"({"resourceType":"Basic","code":{"text":"echo"}})"));
    fhir::IssueList issues;
    GW_TRY(work.Apply(std::move(changes), issues));
    return {};
  }
};

TEST_F(UnitOfWork, Reaction_WithoutEnd_IsStopped) {
  EndlessEcho reaction;
  gateway::store::StoreOptions options;
  options.reactions = {&reaction};
  Reopen(options);
  EXPECT_EQ(FailureOf(Create(R"({"resourceType":"Basic","code":{"text":"first"}})")), fhir::ErrorCode::kTooCostly);
  EXPECT_THAT(Find(Ask("Basic", {})), ElementsAre());
}

TEST_F(UnitOfWork, Changes_AtLimitAndOver) {
  gateway::store::StoreOptions options;
  options.changes_max = 2;
  Reopen(options);
  EXPECT_EQ(Apply(Create(kPatient), Create(kPatient)).size(), 2u);
  std::vector<port::Change> changes;
  for (int i = 0; i < 3; ++i) {
    changes.push_back(Create(kPatient));
  }
  const auto refused = TryApply(std::move(changes));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kTooLarge);
}

TEST_F(UnitOfWork, Enqueue_IsPartOfTheTransaction) {
  auto connection = SharedDb().Connect();
  const auto waiting = [&] {
    return (*connection->ExecuteAdHoc("count", "SELECT count(*) FROM outbox", {}))[0].Int(0);
  };
  const auto enqueue = [&](bool commit) {
    auto work = factory_->Begin(System());
    ASSERT_TRUE((*work)->Enqueue({"platform", "rest-hook", "Appointment/1", "{}", "Appointment/1/_history/1"}));
    if (commit) {
      ASSERT_TRUE((*work)->Commit());
    }
  };
  enqueue(false);
  EXPECT_EQ(waiting(), 0);
  enqueue(true);
  EXPECT_EQ(waiting(), 1);
}

TEST_F(UnitOfWork, OutboxFilled_IsToldOnceAfterTheCommitAndOnlyThen) {
  gateway::store::StoreOptions options;
  std::atomic<int> told{0};
  std::int64_t seen = -1;
  auto connection = SharedDb().Connect();
  options.on_outbox_filled = [&] {
    ++told;
    // On another connection: what is told of can be fetched.
    seen = (*connection->ExecuteAdHoc("count", "SELECT count(*) FROM outbox", {}))[0].Int(0);
  };
  Reopen(options);
  const auto enqueue = [](port::UnitOfWork& work) {
    return work.Enqueue({"platform", "rest-hook", "Appointment/1", "{}", "Appointment/1/_history/1"});
  };
  {
    auto work = factory_->Begin(System());
    ASSERT_TRUE(work);
    ASSERT_TRUE(enqueue(**work));  // and rolled back
  }
  EXPECT_EQ(told, 0);
  Apply(Create(kPatient));
  EXPECT_EQ(told, 0) << "a commit without a message";
  {
    auto work = factory_->Begin(System());
    ASSERT_TRUE(enqueue(**work));
    ASSERT_TRUE(enqueue(**work));
    EXPECT_EQ(told, 0);
    ASSERT_TRUE((*work)->Commit());
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(seen, 2);
}

TEST_F(UnitOfWork, OutboxFilled_IsNotToldOfACommitThatFailed) {
  gateway::store::StoreOptions options;
  std::atomic<int> told{0};
  options.on_outbox_filled = [&] { ++told; };
  Reopen(options);
  auto work = factory_->Begin(System());
  ASSERT_TRUE((*work)->Enqueue({"platform", "rest-hook", "Appointment/1", "{}", "Appointment/1/_history/1"}));
  ASSERT_TRUE((*work)->FinishMessage({.message = -1}));
  EXPECT_FALSE((*work)->Commit());
  EXPECT_EQ(told, 0);
}

TEST_F(UnitOfWork, FinishMessage_SecondWorkerCommitsNothing) {
  gateway::store::JournalStore journal(*pool_);
  const auto received = journal.Receive(
      {.partner = "chu", .channel = "mllp", .control_id = "F1", .type = "ADT^A01", .raw = "MSH|synthetic"});
  ASSERT_TRUE(received);
  const auto finish = [&](std::string_view ack) -> fhir::Result<void> {
    GW_ASSIGN(const auto work, factory_->Begin(System()));
    std::vector<port::Change> changes;
    changes.push_back(Create(kPatient));
    fhir::IssueList issues;
    GW_TRY(work->Apply(std::move(changes), issues));
    GW_TRY(work->FinishMessage({.message = received->entry.id, .ack = ack}));
    return work->Commit();
  };
  ASSERT_TRUE(finish("first"));
  const auto second = finish("second");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(second.error().retry, fhir::Retry::kNever);
  EXPECT_EQ(Find(Ask("Patient", {})).size(), 1U);
  EXPECT_EQ(journal.Get(received->entry.id)->ack, "first");
}

TEST_F(UnitOfWork, Lock_SerialisesWorkOnAKey) {
  std::atomic<int> inside{0};
  std::atomic<int> met{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      auto work = factory_->Begin(System());
      ASSERT_TRUE((*work)->Lock("Patient/1"));
      ASSERT_TRUE((*work)->Read(Type("Patient"), "none"));
      met += ++inside > 1 ? 1 : 0;
      ASSERT_TRUE((*work)->Read(Type("Patient"), "none"));
      --inside;
      ASSERT_TRUE((*work)->Commit());
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(met, 0);
}

}  // namespace
}  // namespace tests::store
