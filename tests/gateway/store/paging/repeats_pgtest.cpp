#include "gateway/store/repeats.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <thread>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Effect;
using port::Verb;

class Repeats : public StoreTest {
 protected:
  fhir::Result<std::vector<port::Outcome>> Once(std::string_view key, std::vector<port::Change> changes,
                                                std::string_view request = "POST Patient",
                                                const port::Actor& actor = System()) {
    GW_ASSIGN(const auto work, factory_->Begin(actor));
    fhir::IssueList issues;
    const std::string_view parts[] = {request};
    GW_ASSIGN(auto outcomes, work->ApplyOnce({.key = key, .request = parts}, std::move(changes), issues));
    GW_TRY(work->Commit());
    return outcomes;
  }
  static std::vector<port::Change> One(port::Change change) {
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    return changes;
  }
  static std::vector<port::Change> Patient(std::string_view gender = "male") {
    return One(Create(fmt::format(R"({{"resourceType":"Patient","gender":"{}"}})", gender)));
  }
  void Script(const char* sql) { ASSERT_TRUE(SharedDb().Connect()->ExecuteScript("script", sql)); }
  std::size_t PatientCount() { return Find(Ask("Patient", {{"_count", "1000"}})).size(); }
};

TEST_F(Repeats, SameKey_GivesTheFirstAnswerAgain) {
  const auto first = Once("k1", Patient());
  ASSERT_TRUE(first) << first.error().internal_text.text;
  ASSERT_EQ(first->front().effect, Effect::kCreated);
  const auto& made = first->front().resource;
  // Even after the resource has become another one, or is gone.
  Apply(Put(Verb::kUpdate, made.id, R"({"resourceType":"Patient","gender":"female"})"));
  Apply(Delete("Patient", made.id));
  const auto again = Once("k1", Patient());
  ASSERT_TRUE(again) << again.error().internal_text.text;
  EXPECT_EQ(again->front().effect, Effect::kCreated);
  EXPECT_EQ(again->front().resource.id, made.id);
  EXPECT_EQ(again->front().resource.version, 1);
  EXPECT_EQ(again->front().resource.last_updated_us, made.last_updated_us);
  EXPECT_EQ(again->front().resource.body, made.body);
  EXPECT_EQ(PatientCount(), 0u) << "nothing was created again";
  ASSERT_TRUE(Once("k2", Patient()));
  EXPECT_EQ(PatientCount(), 1u) << "another key is another write";
}

TEST_F(Repeats, SeveralChanges_ComeBackInTheirOrder) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"male"})"));
  const auto changes = [] {
    std::vector<port::Change> list;
    list.push_back(Create(R"({"resourceType":"Organization","name":"a"})"));
    list.push_back(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","gender":"female"})"));
    list.push_back(Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient"})"));
    return list;
  };
  const auto first = Once("k", changes());
  ASSERT_TRUE(first);
  const auto again = Once("k", changes());
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*again)[i].effect, (*first)[i].effect) << i;
    EXPECT_EQ((*again)[i].resource.id, (*first)[i].resource.id) << i;
    EXPECT_EQ((*again)[i].resource.body, (*first)[i].resource.body) << i;
  }
}

TEST_F(Repeats, Deletes_TellAgainHowManyWent) {
  for (const char* id : {"p1", "p2", "p3", "p4"}) {
    Apply(Put(Verb::kUpdate, id,
              fmt::format(R"({{"resourceType":"Patient","gender":"{}"}})", id[1] == '4' ? "female" : "male")));
  }
  const auto all = [] {
    port::Change change = Delete("Patient", "");
    change.condition = Conditional("Patient", "gender=male");
    change.matches_max = 10;
    return One(std::move(change));
  };
  const auto check = [&](std::string_view key, const std::function<std::vector<port::Change>()>& changes,
                         std::size_t deleted) {
    const auto first = Once(key, changes());
    const auto again = Once(key, changes());
    ASSERT_TRUE(first && again);
    for (const auto* outcomes : {&*first, &*again}) {
      EXPECT_EQ(outcomes->front().deleted, deleted) << key;
      EXPECT_EQ(outcomes->front().effect, deleted == 0 ? Effect::kUnchanged : Effect::kDeleted);
    }
    EXPECT_EQ(again->front().resource.version, first->front().resource.version);
    EXPECT_EQ(again->front().replayed, true);
  };
  check("all", all, 3);
  check("none", all, 0);
  check("one", [] { return One(Delete("Patient", "p4")); }, 1);
  check("gone", [] { return One(Delete("Patient", "p4")); }, 0);
}

/// Warns as often as it is told, in words that no line could hold as they are.
class WarningCheck final : public port::ResourceCheck {
 public:
  void Check(const fhir::model::Node&, std::string_view, fhir::IssueList& issues) const override {
    for (int i = 0; i < warnings; ++i) {
      issues.AddAt(fmt::format("Patient.where(a = '{}')", i), fhir::Severity::kWarning, fhir::IssueType::kCodeInvalid,
                   "100 % \n!1 2 of a %s, %%n");
    }
    issues.AddAt("", fhir::Severity::kInformation, fhir::IssueType::kInformational, "");
  }
  int warnings = 2;
};

TEST_F(Repeats, Warnings_ComeBackAsTheFirstTime) {
  WarningCheck warning;
  gateway::store::StoreOptions options;
  options.check = &warning;
  options.limits.issues_max = 5;
  Reopen(options);
  for (const int warnings : {0, 2, 9}) {
    warning.warnings = warnings;
    const auto ask = [&](std::string_view key) {
      fhir::IssueList issues(options.limits.issues_max);
      const auto work = factory_->Begin(System());
      EXPECT_TRUE(work);
      const std::string_view parts[] = {"POST"};
      const auto outcomes = (*work)->ApplyOnce({.key = key, .request = parts}, Patient(), issues);
      EXPECT_TRUE(outcomes && (*work)->Commit());
      return issues;
    };
    const std::string key = fmt::format("w{}", warnings);
    const fhir::IssueList first = ask(key);
    warning.warnings = 0;
    const fhir::IssueList again = ask(key);
    ASSERT_EQ(again.issues().size(), first.issues().size());
    EXPECT_EQ(first.issues().size(), std::min<std::size_t>(warnings + 1, 5));
    for (std::size_t i = 0; i < first.issues().size(); ++i) {
      EXPECT_EQ(again.issues()[i].severity, first.issues()[i].severity);
      EXPECT_EQ(again.issues()[i].type, first.issues()[i].type);
      EXPECT_EQ(again.issues()[i].expression, first.issues()[i].expression);
      EXPECT_EQ(again.issues()[i].text, first.issues()[i].text);
    }
    EXPECT_EQ(again.left_out(), first.left_out());
    EXPECT_EQ(first.left_out(), warnings == 9 ? 5u : 0u);
  }
}

TEST_F(Repeats, SameKeyWithAnotherRequest_IsInvalid) {
  ASSERT_TRUE(Once("k", Patient()));
  const auto other = Once("k", Patient("female"), "POST Patient of another body");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, fhir::ErrorCode::kInvalid);
  EXPECT_EQ(PatientCount(), 1u);
}

TEST_F(Repeats, KeyOfAnotherParty_IsAnotherKey) {
  ASSERT_TRUE(Once("k", Patient()));
  auto other = System();
  other.party = "another";
  const auto made = Once("k", Patient("female"), "another request", other);
  ASSERT_TRUE(made);
  EXPECT_EQ(PatientCount(), 2u);
}

TEST_F(Repeats, FailedFirst_LeavesTheKeyFree) {
  const auto refused = Once("k", One(Create(R"({"resourceType":"Patient","gender":"nonsense"})")));
  ASSERT_FALSE(refused);
  ASSERT_TRUE(Once("k", Patient(), "POST Patient, corrected"));
  EXPECT_EQ(PatientCount(), 1u);
}

TEST_F(Repeats, AtOnce_OneExecutesAndAllGetItsAnswer) {
  std::vector<std::thread> senders;
  std::mutex mutex;
  std::set<std::string> ids;
  std::atomic<int> created = 0;
  for (int i = 0; i < 12; ++i) {
    senders.emplace_back([&] {
      const auto outcome = Once("k", Patient());
      ASSERT_TRUE(outcome) << outcome.error().internal_text.text;
      created += outcome->front().effect == Effect::kCreated ? 1 : 0;
      const std::lock_guard lock(mutex);
      ids.insert(outcome->front().resource.id);
    });
  }
  for (auto& sender : senders) {
    sender.join();
  }
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(created, 12) << "each is told 201";
  EXPECT_EQ(PatientCount(), 1u);
}

TEST_F(Repeats, AfterItsTime_TheKeyIsNewAgain) {
  ASSERT_TRUE(Once("k", Patient()));
  Script("UPDATE repeat_key SET expires_at = now() - interval '1 second'");
  ASSERT_TRUE(Once("k", Patient("female"), "another request"));
  EXPECT_EQ(PatientCount(), 2u);
}

TEST_F(Repeats, Sweep_TakesWhatIsOverInBoundedSteps) {
  for (const char* key : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(Once(key, Patient()));
  }
  EXPECT_EQ(*gateway::store::SweepRepeats(*pool_, 10), 0);
  Script("UPDATE repeat_key SET expires_at = now() - interval '1 second'");
  EXPECT_EQ(*gateway::store::SweepRepeats(*pool_, 3), 3);
  EXPECT_EQ(*gateway::store::SweepRepeats(*pool_, 3), 1);
}

TEST_F(Repeats, ExpungedSince_IsGone) {
  const auto first = Once("k", Patient());
  ASSERT_TRUE(first);
  Script("DELETE FROM resource_version");
  const auto again = Once("k", Patient());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, fhir::ErrorCode::kGone);
}

TEST_F(Repeats, ErasedAndBegunAnew_IsGone) {
  const auto first = Once("k", Patient());
  ASSERT_TRUE(first);
  Script("DELETE FROM resource_version");
  Apply(Put(Verb::kUpdate, first->front().resource.id, R"({"resourceType":"Patient","gender":"female"})"));
  const auto again = Once("k", Patient());
  ASSERT_FALSE(again) << "version 1 is another resource's";
  EXPECT_EQ(again.error().code, fhir::ErrorCode::kGone);
}

TEST_F(Repeats, GrantTakenAway_IsForbidden) {
  const auto party = [](std::uint16_t interactions) {
    auto grants = std::make_shared<port::Grants>();
    grants->by_type[Type("Patient")] = {.grants = {{interactions, {}}}, .identifier_types_hidden = {}};
    return port::Actor{.kind = port::PartyKind::kHospital, .party = "h", .agent_reference = {}, .grants = grants};
  };
  ASSERT_TRUE(Once("k", Patient(), "r", party(port::kCreate)));
  const auto again = Once("k", Patient(), "r", party(port::kRead));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, fhir::ErrorCode::kForbidden);
}

TEST_F(Repeats, Kept_IsNeitherKeyNorContent) {
  ASSERT_TRUE(Once("the-key-itself", One(Create(R"({"resourceType":"Patient","name":[{"family":"Zzmark"}]})"))));
  const auto rows = SharedDb().Connect()->ExecuteAdHoc("all", "SELECT repeat_key::text FROM repeat_key", {});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1);
  EXPECT_EQ((*rows)[0].String(0).find("Zzmark"), std::string::npos);
  EXPECT_EQ((*rows)[0].String(0).find("the-key"), std::string::npos);
}

}  // namespace
}  // namespace tests::store
