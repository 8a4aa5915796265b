// A party that may see the patients of one hospital alone, through every branch.
#include <gmock/gmock.h>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class GrantedStore : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Apply(Put(Verb::kUpdate, "seen", R"({"resourceType":"Patient","name":[{"family":"Visible"}],
      "managingOrganization":{"reference":"Organization/own"},
      "identifier":[{"system":"urn:ipp","value":"1"},
                    {"system":"urn:ins","value":"99","type":{"coding":[{"code":"INS-NIR"}]}}]})"),
          Put(Verb::kUpdate, "hidden", R"({"resourceType":"Patient","name":[{"family":"Visible"}],
      "managingOrganization":{"reference":"Organization/other"},
      "identifier":[{"system":"urn:ipp","value":"2"}]})"),
          Put(Verb::kUpdate, "o-seen", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
      "subject":{"reference":"Patient/seen"}})"),
          Put(Verb::kUpdate, "o-hidden", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
      "subject":{"reference":"Patient/hidden"}})"),
          Put(Verb::kUpdate, "c-hidden", R"({"resourceType":"Coverage","status":"active",
      "beneficiary":{"reference":"Patient/seen"},"payor":[{"display":"x"}]})"));
  }

  static port::Actor Hospital() {
    auto grants = std::make_shared<port::Grants>();
    constexpr std::uint16_t kAll =
        port::kRead | port::kSearch | port::kChain | port::kCreate | port::kUpdate | port::kDelete;
    grants->by_type[Type("Patient")] = {
        .grants = {{kAll, Conditional("Patient", "organization=Organization/own").criteria}},
        .identifier_types_hidden = {"INS-NIR"}};
    grants->by_type[Type("Observation")] = {.grants = {{kAll, {}}}, .identifier_types_hidden = {}};
    port::Actor actor;
    actor.kind = port::PartyKind::kHospital;
    actor.party = "own";
    actor.grants = std::move(grants);
    return actor;
  }
};

TEST_F(GrantedStore, Read_HiddenLooksAbsent) {
  EXPECT_TRUE(store_->Read(Hospital(), Type("Patient"), "seen"));
  EXPECT_TRUE(store_->Read(Hospital(), Type("Patient"), "seen", 1));
  for (const std::optional<std::int64_t> version : {std::optional<std::int64_t>(), std::optional<std::int64_t>(1)}) {
    const auto hidden = store_->Read(Hospital(), Type("Patient"), "hidden", version);
    const auto absent = store_->Read(Hospital(), Type("Patient"), "nobody", version);
    ASSERT_FALSE(hidden);
    ASSERT_FALSE(absent);
    EXPECT_EQ(hidden.error().code, absent.error().code);
    EXPECT_EQ(hidden.error().public_text.text, absent.error().public_text.text);
  }
  EXPECT_FALSE(store_->Read(Hospital(), Type("Coverage"), "c-hidden"));
  Apply(Delete("Patient", "hidden"));
  EXPECT_EQ(store_->Read(Hospital(), Type("Patient"), "hidden").error().code, fhir::ErrorCode::kNotFound);
}

TEST_F(GrantedStore, SearchAndTotal_CountOnlyWhatIsGranted) {
  EXPECT_THAT(Find(Ask("Patient", {{"family", "visible"}}), Hospital()), ElementsAre("seen"));
  EXPECT_THAT(Find(Ask("Patient", {{"family", "visible"}})), UnorderedElementsAre("seen", "hidden"));
  const auto counted = store_->Search(Hospital(), Ask("Patient", {{"_summary", "count"}}));
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->total, 1);
  EXPECT_THAT(Find(Ask("Coverage", {}), Hospital()), ElementsAre());
}

TEST_F(GrantedStore, HiddenIdentifiers_MatchNothing) {
  EXPECT_THAT(Find(Ask("Patient", {{"identifier", "urn:ipp|1"}}), Hospital()), ElementsAre("seen"));
  EXPECT_THAT(Find(Ask("Patient", {{"identifier", "urn:ins|99"}}), Hospital()), ElementsAre());
  EXPECT_THAT(Find(Ask("Patient", {{"identifier", "99"}}), Hospital()), ElementsAre());
  EXPECT_THAT(Find(Ask("Observation", {{"patient.identifier", "99"}}), Hospital()), ElementsAre());
  EXPECT_THAT(Find(Ask("Observation", {{"patient.identifier", "99"}})), ElementsAre("o-seen"));
}

TEST_F(GrantedStore, Chain_DoesNotReachHidden) {
  EXPECT_THAT(Find(Ask("Observation", {{"subject:Patient.family", "visible"}}), Hospital()), ElementsAre("o-seen"));
  EXPECT_THAT(Find(Ask("Observation", {{"subject:Patient.family", "visible"}})),
              UnorderedElementsAre("o-seen", "o-hidden"));
  EXPECT_THAT(Find(Ask("Patient", {{"_has:Coverage:beneficiary:status", "active"}}), Hospital()), ElementsAre());
  EXPECT_THAT(Find(Ask("Patient", {{"_has:Coverage:beneficiary:status", "active"}})), ElementsAre("seen"));
}

TEST_F(GrantedStore, Includes_LeaveOutHidden) {
  EXPECT_THAT(Find(Ask("Observation", {{"_include", "Observation:subject"}}), Hospital()),
              UnorderedElementsAre("o-seen", "o-hidden", "+seen"));
  EXPECT_THAT(Find(Ask("Patient", {{"_revinclude", "Coverage:beneficiary"}}), Hospital()), ElementsAre("seen"));
  EXPECT_THAT(Find(Ask("Patient", {{"_id", "seen"}, {"_revinclude", "Coverage:beneficiary"}})),
              ElementsAre("seen", "+c-hidden"));
}

TEST_F(GrantedStore, History_LeavesOutHidden) {
  const auto type_level =
      store_->History(Hospital(), {.type = Type("Patient"), .id = {}, .since_us = {}, .count = 0, .cursor = {}});
  ASSERT_TRUE(type_level) << type_level.error().internal_text.text;
  EXPECT_EQ(type_level->total, 1);
  const auto system = store_->History(Hospital(), {});
  ASSERT_TRUE(system) << system.error().internal_text.text;
  EXPECT_EQ(system->total, 3);
  EXPECT_EQ(store_->History(System(), {})->total, 5);
  EXPECT_FALSE(
      store_->History(Hospital(), {.type = Type("Patient"), .id = "hidden", .since_us = {}, .count = 0, .cursor = {}}));
}

TEST_F(GrantedStore, Writes_AreCheckedBeforeAndAfter) {
  constexpr std::string_view kForeign =
      R"({"resourceType":"Patient","managingOrganization":{"reference":"Organization/other"}})";
  constexpr std::string_view kOwn =
      R"({"resourceType":"Patient","managingOrganization":{"reference":"Organization/own"}})";
  EXPECT_EQ(FailureOf(Create(kForeign), Hospital()), fhir::ErrorCode::kForbidden);
  EXPECT_EQ(FailureOf(Put(Verb::kUpdate, "hidden", kOwn), Hospital()), fhir::ErrorCode::kForbidden);
  EXPECT_EQ(FailureOf(Put(Verb::kUpdate, "seen", kForeign), Hospital()), fhir::ErrorCode::kForbidden);
  EXPECT_EQ(FailureOf(Delete("Patient", "hidden"), Hospital()), fhir::ErrorCode::kForbidden);
  EXPECT_EQ(FailureOf(Create(R"({"resourceType":"Basic","code":{"text":"x"}})"), Hospital()),
            fhir::ErrorCode::kForbidden);
  // The version of what is hidden cannot be asked for: it is refused before versions are compared.
  for (const std::int64_t version : {1, 7}) {
    port::Change put = Put(Verb::kUpdate, "hidden", kOwn);
    put.if_match = port::VersionTags{{version}};
    EXPECT_EQ(FailureOf(std::move(put), Hospital()), fhir::ErrorCode::kForbidden) << version;
    port::Change remove = Delete("Patient", "hidden");
    remove.if_match = port::VersionTags{{version}};
    EXPECT_EQ(FailureOf(std::move(remove), Hospital()), fhir::ErrorCode::kForbidden) << version;
    port::Change own = Delete("Patient", "seen");
    own.if_match = port::VersionTags{{7}};
    EXPECT_EQ(FailureOf(std::move(own), Hospital()), fhir::ErrorCode::kVersionConflict);
  }
  std::vector<port::Change> changes;
  changes.push_back(Put(Verb::kUpdate, "seen", kOwn));
  EXPECT_TRUE(TryApply(std::move(changes), Hospital()));
}

TEST_F(GrantedStore, WithoutGrants_NothingIsSeen) {
  port::Actor nobody;
  EXPECT_FALSE(store_->Read(nobody, Type("Patient"), "seen"));
  EXPECT_THAT(Find(Ask("Patient", {}), nobody), ElementsAre());
  EXPECT_EQ(store_->History(nobody, {})->total, 0);
}

}  // namespace
}  // namespace tests::store
