// References that lead nowhere are refused where the options want it.
#include <gmock/gmock.h>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;

std::string ObservationOf(std::string_view subject) {
  return fmt::format(
      R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{}"}}}})",
      subject);
}

class CheckedReferences : public StoreTest {
 protected:
  void SetUp() override {
    gateway::store::StoreOptions options;
    options.references_checked = true;
    Reopen(std::move(options));
    Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})"));
  }
};

TEST_F(CheckedReferences, Absent_IsRefusedWithThePlace) {
  std::vector<port::Change> changes;
  changes.push_back(Create(ObservationOf("Patient/p1")));
  changes.push_back(Create(ObservationOf("Patient/none")));
  changes.back().place = "Bundle.entry[1].resource";
  const auto outcomes = TryApply(std::move(changes));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, fhir::ErrorCode::kInvalid);
  EXPECT_EQ(outcomes.error().expression, "Bundle.entry[1].resource.subject");
  EXPECT_EQ(FailureOf(Create(ObservationOf("http://localhost:8080/fhir/Patient/none"))), fhir::ErrorCode::kInvalid);
  EXPECT_EQ(FailureOf(Create(ObservationOf("Patient/none/_history/1"))), fhir::ErrorCode::kInvalid);
  EXPECT_TRUE(Find(Ask("Observation", {})).empty());
}

TEST_F(CheckedReferences, WhatIsThere_OrElsewhere_IsGood) {
  Apply(Create(ObservationOf("Patient/p1")), Create(ObservationOf("http://localhost:8080/fhir/Patient/p1")),
        Create(ObservationOf("Patient/p1/_history/1")), Create(ObservationOf("https://other.example/fhir/Patient/p9")),
        Create(ObservationOf("urn:oid:1.2.3.4")));
  Apply(Create(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
    "contained":[{"resourceType":"Patient","id":"c"}],"subject":{"reference":"#c"}})"));
}

TEST_F(CheckedReferences, MadeInTheSameTransaction_IsGood_InAnyOrder) {
  Apply(Create(ObservationOf("Patient/p2")), Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient"})"));
  std::vector<port::Change> changes;
  changes.push_back(Delete("Patient", "p1"));
  changes.push_back(Create(ObservationOf("Patient/p1")));
  EXPECT_FALSE(TryApply(std::move(changes))) << "what the transaction deletes is not there";
}

TEST_F(CheckedReferences, Deleted_IsNotThere_ButWhatReferredToItBeforeMay) {
  Apply(Put(Verb::kUpdate, "o1", ObservationOf("Patient/p1")));
  Apply(Delete("Patient", "p1"));
  EXPECT_EQ(FailureOf(Create(ObservationOf("Patient/p1"))), fhir::ErrorCode::kInvalid);
  auto update = Put(Verb::kUpdate, "o1", ObservationOf("Patient/p1"));
  update.resource->Add(update.resource->root(), "issued", "2025-01-01T00:00:00Z");
  EXPECT_EQ(Apply(std::move(update)).front().effect, port::Effect::kUpdated);
}

TEST_F(CheckedReferences, StoredBundle_SpeaksForItself) {
  Apply(Create(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" +
               ObservationOf("Patient/elsewhere") + "}]}"));
}

TEST_F(CheckedReferences, OutOfSight_LooksAbsent) {
  auto grants = std::make_shared<port::Grants>();
  grants->by_type[Type("Observation")] = {.grants = {{port::kCreate | port::kRead, {}}}, .identifier_types_hidden = {}};
  grants->by_type[Type("Device")] = {.grants = {{port::kChain, {}}}, .identifier_types_hidden = {}};
  port::Actor actor;
  actor.party = "device-maker";
  actor.grants = std::move(grants);
  Apply(Put(Verb::kUpdate, "d1", R"({"resourceType":"Device"})"),
        Put(Verb::kUpdate, "g1", R"({"resourceType":"Group","type":"person","actual":true})"));
  EXPECT_EQ(FailureOf(Create(ObservationOf("Group/g1")), actor), fhir::ErrorCode::kInvalid);
  EXPECT_EQ(FailureOf(Create(ObservationOf("Group/none")), actor), fhir::ErrorCode::kInvalid);
  EXPECT_EQ(FailureOf(Create(ObservationOf("Device/none")), actor), fhir::ErrorCode::kInvalid);
  std::vector<port::Change> changes;
  changes.push_back(Create(ObservationOf("Device/d1")));
  EXPECT_TRUE(TryApply(std::move(changes), actor)) << "what it may name in a search it may refer to";
}

TEST_F(CheckedReferences, WhatTellsWhatWas_MayLeadNowhere) {
  Apply(
      Create(R"({"resourceType":"Provenance","target":[{"reference":"Patient/none"}],"recorded":"2025-01-01T00:00:00Z",
      "agent":[{"who":{"display":"x"}}]})"),
      Create(R"({"resourceType":"AuditEvent","type":{"code":"rest"},"recorded":"2025-01-01T00:00:00Z",
      "agent":[{"requestor":true}],"source":{"observer":{"display":"x"}},"entity":[{"what":{"reference":"Patient/none"}}]})"));
}

class CountedLooks final : public gateway::store::pg::StatementObserver {
 public:
  void OnStatement(std::string_view name, std::int64_t, bool) override {
    looks += name == "find_absent_references" || name == "find_visible_references";
  }
  int looks = 0;
};

TEST_F(CheckedReferences, Transaction_LooksOnceForAll) {
  Apply(Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "g1", R"({"resourceType":"Group","type":"person","actual":true})"),
        Put(Verb::kUpdate, "d1", R"({"resourceType":"Device"})"));
  CountedLooks observer;
  auto connection = SharedDb().Options();
  connection.observer = &observer;
  gateway::store::pg::Pool pool({.connection = connection, .connections_max = 1});
  gateway::store::StoreOptions options;
  options.references_checked = true;
  options.base_url = "http://localhost:8080/fhir";
  options.clock = &clock_;
  options.ids = &ids_;
  gateway::store::StoreUnitOfWorkFactory factory(pool, options);
  auto seen = std::make_shared<port::Grants>();
  for (const char* type : {"Observation", "Patient", "Group", "Device"}) {
    seen->by_type[Type(type)] = {.grants = {{port::kCreate | port::kRead, {}}}, .identifier_types_hidden = {}};
  }
  port::Actor party;
  party.party = "some";
  party.grants = seen;
  for (const port::Actor& actor : {System(), party}) {
    observer.looks = 0;
    const auto write = [&](std::initializer_list<const char*> subjects) -> fhir::Result<void> {
      GW_ASSIGN(const auto work, factory.Begin(actor));
      std::vector<port::Change> changes;
      for (const char* subject : subjects) changes.push_back(Create(ObservationOf(subject)));
      fhir::IssueList issues;
      GW_TRY(work->Apply(std::move(changes), issues));
      return work->Commit();
    };
    EXPECT_TRUE(write({"Patient/p1", "Patient/p2", "Group/g1", "Device/d1", "Patient/p1"}));
    EXPECT_EQ(observer.looks, 1);
    EXPECT_FALSE(write({"Patient/p1", "Patient/p2", "Group/g1", "Device/none"}));
    EXPECT_EQ(observer.looks, 2);
  }
}

class CheckedDeletes : public StoreTest {
 protected:
  void SetUp() override {
    gateway::store::StoreOptions options;
    options.deletes_checked = true;
    Reopen(std::move(options));
    Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})"),
          Put(Verb::kUpdate, "o1", ObservationOf("Patient/p1")));
  }
};

TEST_F(CheckedDeletes, WhatOthersReferTo_Stays) {
  EXPECT_EQ(FailureOf(Delete("Patient", "p1")), fhir::ErrorCode::kConflict);
  std::vector<port::Change> changes;
  changes.push_back(Delete("Observation", "none"));
  changes.push_back(Delete("Patient", "p1"));
  changes.back().place = "Bundle.entry[1].resource";
  const auto refused = TryApply(std::move(changes));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().expression, "Bundle.entry[1].resource");
  port::Change several = Delete("Patient", "");
  several.condition = Conditional("Patient", "_id=p1");
  several.matches_max = 5;
  EXPECT_EQ(FailureOf(std::move(several)), fhir::ErrorCode::kConflict);
  EXPECT_EQ(Find(Ask("Patient", {})).size(), 1u);
}

TEST_F(CheckedDeletes, AfterItsReferrersOrWithThem_ItGoes) {
  Apply(Delete("Patient", "p1"), Delete("Observation", "o1"));
  Apply(Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "o2", ObservationOf("Patient/p2")));
  Apply(Delete("Patient", "p2"), Put(Verb::kUpdate, "o2", ObservationOf("urn:oid:1.2.3")));
  Apply(Put(Verb::kUpdate, "p3", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "o3", ObservationOf("Patient/p3")));
  Apply(Delete("Observation", "o3"));
  Apply(Delete("Patient", "p3"));
  EXPECT_TRUE(Find(Ask("Patient", {})).empty());
}

TEST_F(CheckedDeletes, ItselfAnotherTypesIdAndWhatTellsWhatWas_DoNotCount) {
  Apply(
      Put(Verb::kUpdate, "org",
          R"({"resourceType":"Organization","name":"x","partOf":{"reference":"Organization/org"}})"),
      Put(Verb::kUpdate, "loc", R"({"resourceType":"Location","name":"x"})"),
      Put(Verb::kUpdate, "o4", ObservationOf("Location/loc")),
      Put(Verb::kUpdate, "loc2", R"({"resourceType":"Location","name":"x"})"),
      Create(R"({"resourceType":"Provenance","target":[{"reference":"Location/loc2"}],"recorded":"2025-01-01T00:00:00Z",
          "agent":[{"who":{"display":"x"}}]})"));
  Apply(Delete("Organization", "org"), Delete("Location", "loc2"));
  EXPECT_EQ(FailureOf(Delete("Location", "loc")), fhir::ErrorCode::kConflict);
  Apply(Put(Verb::kUpdate, "loc", R"({"resourceType":"Patient"})"));
  Apply(Delete("Patient", "loc"));
}

/// Refers to what is not there whenever a patient is stored.
class CarelessReaction final : public port::Reaction {
 public:
  std::string_view name() const override { return "careless"; }
  bool Wants(std::string_view type) const override { return type == "Patient"; }
  fhir::Result<void> OnApplied(const port::Applied&, port::UnitOfWork& work) override {
    std::vector<port::Change> changes;
    changes.push_back(Create(ObservationOf("Patient/none")));
    fhir::IssueList issues;
    GW_TRY(work.Apply(std::move(changes), issues));
    return {};
  }
};

TEST_F(CheckedReferences, Reactions_AreTrusted) {
  CarelessReaction reaction;
  gateway::store::StoreOptions options;
  options.references_checked = true;
  options.reactions = {&reaction};
  Reopen(std::move(options));
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})"));
  EXPECT_EQ(Find(Ask("Observation", {})).size(), 1u);
}

}  // namespace
}  // namespace tests::store
