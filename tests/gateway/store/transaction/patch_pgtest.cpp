// Patches in the store: under the row's lock, within the grants, seen by reactions.
#include <gmock/gmock.h>

#include <thread>

#include "fhir/patch/json_patch.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Effect;
using port::Verb;

port::Change JsonPatch(std::string_view type, std::string_view id, std::string_view text) {
  auto patch = fhir::patch::ReadJsonPatch(text);
  EXPECT_TRUE(patch);
  port::Change change;
  change.verb = Verb::kPatch;
  change.type = Type(type);
  change.id = std::string(id);
  change.patch = [patch = std::make_shared<const fhir::patch::JsonPatch>(*std::move(patch))](
                     const fhir::model::Node& stored, std::string_view now) -> fhir::Result<fhir::model::Document> {
    EXPECT_TRUE(now.starts_with("2025-06-15T")) << now;
    auto patched = fhir::patch::PatchResource(stored, *patch, {});
    if (!patched) {
      return std::unexpected(fhir::patch::ToError(patched.error()));
    }
    return *std::move(patched);
  };
  return change;
}

constexpr std::string_view kPatchedPatient = R"({"resourceType":"Patient","name":[{"family":"Test"}]})";
constexpr std::string_view kActive = R"([{"op":"add","path":"/active","value":true}])";

class PatchStore : public StoreTest {};

TEST_F(PatchStore, Patch_WritesTheNextVersionAndItsIndex) {
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  const auto outcomes =
      Apply(JsonPatch("Patient", "p1", R"([{"op":"replace","path":"/name/0/family","value":"New"}])"));
  EXPECT_EQ(outcomes.front().effect, Effect::kUpdated);
  EXPECT_EQ(outcomes.front().resource.version, 2);
  EXPECT_NE(outcomes.front().resource.body.find(R"("family":"New")"), std::string::npos);
  EXPECT_THAT(Find(Ask("Patient", {{"family", "New"}})), ::testing::ElementsAre("p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"family", "Test"}})), ::testing::ElementsAre());
}

TEST_F(PatchStore, Patch_ThatChangesNothing_LeavesTheVersion) {
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  for (const std::string_view patch :
       {std::string_view("[]"), std::string_view(R"([{"op":"replace","path":"/name/0/family","value":"Test"}])")}) {
    const auto outcomes = Apply(JsonPatch("Patient", "p1", patch));
    EXPECT_EQ(outcomes.front().effect, Effect::kUnchanged);
    EXPECT_EQ(outcomes.front().resource.version, 1);
  }
}

TEST_F(PatchStore, Patch_FromManyThreads_LosesNothing) {
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  std::vector<std::thread> threads;
  std::atomic<int> applied{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      std::vector<port::Change> changes;
      changes.push_back(
          JsonPatch("Patient", "p1", fmt::format(R"([{{"op":"add","path":"/name/-","value":{{"text":"n{}"}}}}])", i)));
      const auto outcomes = TryApply(std::move(changes));
      EXPECT_TRUE(outcomes) << outcomes.error().public_text.text;
      applied += outcomes ? 1 : 0;
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  const auto read = store_->Read(System(), Type("Patient"), "p1");
  ASSERT_TRUE(read);
  EXPECT_EQ(applied, 16);
  EXPECT_EQ(read->version, 17);
  for (int i = 0; i < 16; ++i) {
    EXPECT_NE(read->body.find(fmt::format("\"n{}\"", i)), std::string::npos) << i;
  }
}

TEST_F(PatchStore, Patch_OfWhatIsNotThere) {
  EXPECT_EQ(FailureOf(JsonPatch("Patient", "none", kActive)), fhir::ErrorCode::kNotFound);
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  Apply(Delete("Patient", "p1"));
  EXPECT_EQ(FailureOf(JsonPatch("Patient", "p1", kActive)), fhir::ErrorCode::kGone);
  auto conditional = JsonPatch("Patient", "", kActive);
  conditional.condition = Conditional("Patient", "family=Nobody");
  EXPECT_EQ(FailureOf(std::move(conditional)), fhir::ErrorCode::kNotFound);
}

TEST_F(PatchStore, Patch_ByConditionAndByVersion) {
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  auto conditional = JsonPatch("Patient", "", kActive);
  conditional.condition = Conditional("Patient", "family=Test");
  EXPECT_EQ(Apply(std::move(conditional)).front().resource.version, 2);
  auto late = JsonPatch("Patient", "p1", kActive);
  late.if_match = port::VersionTags{{1}};
  EXPECT_EQ(FailureOf(std::move(late)), fhir::ErrorCode::kVersionConflict);
  Apply(Put(Verb::kUpdate, "p2", kPatchedPatient));
  auto several = JsonPatch("Patient", "", kActive);
  several.condition = Conditional("Patient", "family=Test");
  EXPECT_EQ(FailureOf(std::move(several)), fhir::ErrorCode::kMultipleMatches);
}

TEST_F(PatchStore, Patch_MayNotChangeTheId_NorBreakTheRules) {
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  EXPECT_EQ(FailureOf(JsonPatch("Patient", "p1", R"([{"op":"replace","path":"/id","value":"p2"}])")),
            fhir::ErrorCode::kInvalid);
  EXPECT_EQ(FailureOf(JsonPatch("Patient", "p1", R"([{"op":"add","path":"/gender","value":"unheard-of"}])")),
            fhir::ErrorCode::kInvalid);
  EXPECT_EQ(store_->Read(System(), Type("Patient"), "p1")->version, 1);
}

TEST_F(PatchStore, Patch_InATransaction_RefersToItsEntries) {
  Apply(Put(Verb::kUpdate, "p1", kPatchedPatient));
  auto made = Create(R"({"resourceType":"Organization","name":"Test"})");
  made.full_url = "urn:uuid:0e3c4f3a-6b0d-4d0e-9a51-0a4d6f2b7c11";
  const auto outcomes = Apply(
      std::move(made),
      JsonPatch(
          "Patient", "p1",
          R"([{"op":"add","path":"/managingOrganization","value":{"reference":"urn:uuid:0e3c4f3a-6b0d-4d0e-9a51-0a4d6f2b7c11"}}])"));
  EXPECT_NE(outcomes[1].resource.body.find("Organization/" + outcomes[0].resource.id), std::string::npos)
      << outcomes[1].resource.body;
  auto other = Create(R"({"resourceType":"Organization","name":"Test"})");
  other.full_url = "urn:uuid:0e3c4f3a-6b0d-4d0e-9a51-0a4d6f2b7c12";
  std::vector<port::Change> unknown;
  unknown.push_back(std::move(other));
  unknown.push_back(JsonPatch(
      "Patient", "p1",
      R"([{"op":"add","path":"/managingOrganization","value":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000000"}}])"));
  EXPECT_FALSE(TryApply(std::move(unknown)));
}

/// Counts what it is shown of patients.
class PatientWatch final : public port::Reaction {
 public:
  std::string_view name() const override { return "patient-watch"; }
  bool Wants(std::string_view type) const override { return type == "Patient"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork&) override {
    if (applied.effect == Effect::kUpdated) {
      before = applied.before->ChildValue("active");
      after = applied.after->ChildValue("active");
    }
    return {};
  }
  std::string before;
  std::string after;
};

TEST_F(PatchStore, Reactions_SeeBothStates) {
  PatientWatch watch;
  gateway::store::StoreOptions options;
  options.reactions = {&watch};
  Reopen(std::move(options));
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","active":false})"));
  Apply(JsonPatch("Patient", "p1", kActive));
  EXPECT_EQ(watch.before, "false");
  EXPECT_EQ(watch.after, "true");
}

class PatchGrants : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Apply(Put(Verb::kUpdate, "own",
              R"({"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Group/own"}})"),
          Put(Verb::kUpdate, "other",
              R"({"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Group/other"}})"));
  }

  static port::Actor With(std::uint16_t interactions) {
    auto grants = std::make_shared<port::Grants>();
    grants->by_type[Type("Basic")] = {.grants = {{interactions, Conditional("Basic", "subject=Group/own").criteria}},
                                      .identifier_types_hidden = {}};
    port::Actor actor;
    actor.kind = port::PartyKind::kHospital;
    actor.party = "own";
    actor.grants = std::move(grants);
    return actor;
  }
};

constexpr std::string_view kAuthored = R"([{"op":"add","path":"/created","value":"2025-01-01"}])";

TEST_F(PatchGrants, Hidden_LooksAbsent_WhateverThePatchAsks) {
  const auto party = With(port::kRead | port::kSearch | port::kUpdate);
  EXPECT_EQ(FailureOf(JsonPatch("Basic", "other", kAuthored), party), fhir::ErrorCode::kNotFound);
  EXPECT_EQ(FailureOf(JsonPatch("Basic", "none", kAuthored), party), fhir::ErrorCode::kNotFound);
  auto versioned = JsonPatch("Basic", "other", kAuthored);
  versioned.if_match = port::VersionTags{{7}};
  EXPECT_EQ(FailureOf(std::move(versioned), party), fhir::ErrorCode::kNotFound);
  EXPECT_EQ(FailureOf(JsonPatch("Basic", "other", R"([{"op":"test","path":"/code/text","value":"x"}])"), party),
            fhir::ErrorCode::kNotFound);
}

TEST_F(PatchGrants, UpdateAndReadRights_AreBothNeeded) {
  EXPECT_EQ(FailureOf(JsonPatch("Basic", "own", kAuthored), With(port::kRead | port::kSearch)),
            fhir::ErrorCode::kForbidden);
  EXPECT_EQ(FailureOf(JsonPatch("Basic", "own", kAuthored), With(port::kUpdate)), fhir::ErrorCode::kNotFound)
      << "a test operation would tell what cannot be read";
  std::vector<port::Change> changes;
  changes.push_back(JsonPatch("Basic", "own", kAuthored));
  EXPECT_TRUE(TryApply(std::move(changes), With(port::kRead | port::kUpdate)));
}

TEST_F(PatchGrants, Result_MustStayInsideTheGrant) {
  EXPECT_EQ(
      FailureOf(JsonPatch("Basic", "own", R"([{"op":"replace","path":"/subject/reference","value":"Group/other"}])"),
                With(port::kRead | port::kUpdate)),
      fhir::ErrorCode::kForbidden);
  EXPECT_EQ(store_->Read(System(), Type("Basic"), "own")->version, 1);
}

}  // namespace
}  // namespace tests::store
