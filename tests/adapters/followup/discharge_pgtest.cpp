// The follow-up that a discharge opens, with the plan that ships, in the real store.
#include "adapters/followup/discharge.hpp"

#include <map>

#include "fhir/validation/structure.hpp"
#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {
namespace {

class DischargeTest : public ReactionTest {
 protected:
  void SetUp() override {
    auto plans = ::adapters::followup::Plan::LoadFolder(GW_SOURCE_DIR "/config/plans");
    ASSERT_TRUE(plans);
    discharge_ = std::make_unique<::adapters::followup::DischargeFollowUp>(*std::move(plans), "Europe/Paris");
    Register({discharge_.get()});
    Save("p1", R"({"resourceType":"Patient","id":"p1"})");
  }

  static std::string Stay(std::string_view status, std::string_view end, std::string_view encounter_class = "IMP") {
    return fmt::format(R"({{"resourceType":"Encounter","id":"e1","status":"{}","class":{{"code":"{}"}},)"
                       R"("subject":{{"reference":"Patient/p1"}},"period":{{"start":"2025-03-20T10:00:00+01:00"{}}}}})",
                       status, encounter_class, end.empty() ? "" : fmt::format(R"(,"end":"{}")", end));
  }

  /// Due time of each task by its code.
  std::map<std::string, std::string> DueTimes() {
    std::map<std::string, std::string> due;
    for (const auto& task : All("Task")) {
      due[std::string(task.root().FindValue("code.coding.code"))] = task.root().FindValue("restriction.period.end");
    }
    return due;
  }

  std::unique_ptr<::adapters::followup::DischargeFollowUp> discharge_;
};

TEST_F(DischargeTest, Discharge_OpensThePlanAndItsTasks) {
  Save("e1", Stay("in-progress", ""));
  EXPECT_TRUE(All("CarePlan").empty());
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  const auto plans = All("CarePlan");
  ASSERT_EQ(plans.size(), 1u);
  const fhir::model::Node& plan = plans[0].root();
  EXPECT_EQ(plan.FindValue("subject.reference"), "Patient/p1");
  EXPECT_EQ(plan.FindValue("encounter.reference"), "Encounter/e1");
  EXPECT_EQ(plan.FindValue("period.start"), "2025-06-10T11:30:00+02:00");
  const auto tasks = All("Task");
  ASSERT_EQ(tasks.size(), 3u);
  int activities = 0;
  for (const auto& child : plan.children()) {
    activities += child.name == "activity" ? 1 : 0;
    if (child.name == "activity") {
      const std::string_view task = child.FindValue("reference.reference");
      EXPECT_TRUE(task.starts_with("Task/")) << "the plan's references name the stored tasks";
    }
  }
  EXPECT_EQ(activities, 3);
  for (const auto& task : tasks) {
    EXPECT_EQ(task.root().FindValue("basedOn.reference"), fmt::format("CarePlan/{}", plans[0].id()));
    EXPECT_EQ(task.root().FindValue("for.reference"), "Patient/p1");
    EXPECT_EQ(task.root().ChildValue("status"), "requested");
    fhir::IssueList issues;
    fhir::validation::ValidateStructure(task.root(), {}, issues);
    EXPECT_FALSE(issues.HasErrors());
  }
  const auto due = DueTimes();
  EXPECT_EQ(due.at("next-day-call"), "2025-06-11T11:30:00+02:00");
  EXPECT_EQ(due.at("day-7-questionnaire"), "2025-06-17T11:30:00+02:00");
  EXPECT_EQ(due.at("callback"), "2025-07-10T11:30:00+02:00");
}

TEST_F(DischargeTest, DayBeforeSummerTime_KeepsTheWallClock) {
  Save("e1", Stay("finished", "2025-03-29T11:30:00+01:00"));
  const auto due = DueTimes();
  ASSERT_EQ(due.size(), 3u);
  EXPECT_EQ(due.at("next-day-call"), "2025-03-30T11:30:00+02:00");
  EXPECT_EQ(due.at("day-7-questionnaire"), "2025-04-05T11:30:00+02:00");
}

TEST_F(DischargeTest, DayBeforeWinterTime_KeepsTheWallClock_AlsoFromUtc) {
  Save("e1", Stay("finished", "2025-10-25T09:30:00Z"));
  EXPECT_EQ(DueTimes().at("next-day-call"), "2025-10-26T11:30:00+01:00");
}

TEST_F(DischargeTest, DischargeInTheEveningOfUtc_CountsLocalDays) {
  Save("e1", Stay("finished", "2025-06-10T22:30:00Z"));
  EXPECT_EQ(DueTimes().at("next-day-call"), "2025-06-12T00:30:00+02:00");
}

TEST_F(DischargeTest, SameDischargeAgain_OpensOnePlan) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  Save("e1", Stay("finished", "2025-06-10T11:45:00+02:00"));
  Save("e1", Stay("in-progress", ""));  // the discharge is taken back (A13), and told again
  Save("e1", Stay("finished", "2025-06-10T18:00:00+02:00"));
  EXPECT_EQ(All("CarePlan").size(), 1u);
  EXPECT_EQ(All("Task").size(), 3u);
}

TEST_F(DischargeTest, DischargeTakenBack_HoldsThePlan_AndTheNextOneResumesItWithNewTimes) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  const auto call = All("Task", {{"code", "next-day-call"}});
  ASSERT_EQ(call.size(), 1u);
  Save(call[0].id(),
       R"({"resourceType":"Task","id":")" + std::string(call[0].id()) +
           R"(","identifier":[{"system":"https://passerelle.example/fhir/identifier/follow-up","value":")" +
           std::string(call[0].root().FindValue("identifier.value")) +
           R"("}],"status":"completed","intent":"order","encounter":{"reference":"Encounter/e1"}})");

  Save("e1", Stay("in-progress", ""));
  EXPECT_EQ(All("CarePlan", {{"status", "on-hold"}}).size(), 1u);
  EXPECT_EQ(All("Task", {{"status", "on-hold"}}).size(), 2u);
  EXPECT_EQ(All("Task", {{"status", "completed"}}).size(), 1u) << "what was done stays done";

  Save("e1", Stay("finished", "2025-06-12T18:00:00+02:00"));
  const auto plans = All("CarePlan", {{"status", "active"}});
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].root().FindValue("period.start"), "2025-06-12T18:00:00+02:00");
  EXPECT_EQ(All("Task", {{"status", "requested"}}).size(), 2u);
  const auto due = DueTimes();
  EXPECT_EQ(due.at("day-7-questionnaire"), "2025-06-19T18:00:00+02:00");
  EXPECT_EQ(due.at("callback"), "2025-07-12T18:00:00+02:00");
}

TEST_F(DischargeTest, StayThatWasNone_EndsThePlan) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  Save("e1", Stay("entered-in-error", ""));
  EXPECT_EQ(All("CarePlan", {{"status", "revoked"}}).size(), 1u);
  EXPECT_EQ(All("Task", {{"status", "cancelled"}}).size(), 3u);
}

TEST_F(DischargeTest, StayCancelledAfterItsDischargeWasTakenBack_EndsThePlan) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  Save("e1", Stay("in-progress", ""));
  Save("e1", Stay("cancelled", ""));
  EXPECT_EQ(All("CarePlan", {{"status", "revoked"}}).size(), 1u);
  EXPECT_EQ(All("Task", {{"status", "cancelled"}}).size(), 3u);
}

TEST_F(DischargeTest, DeletedStay_EndsThePlan) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  ASSERT_TRUE(TryDelete("Encounter", "e1"));
  EXPECT_EQ(All("CarePlan", {{"status", "revoked"}}).size(), 1u);
  EXPECT_EQ(All("Task", {{"status", "cancelled"}}).size(), 3u);
}

TEST_F(DischargeTest, OtherClass_OpensNothing) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00", "EMER"));
  EXPECT_TRUE(All("CarePlan").empty());
  EXPECT_TRUE(All("Task").empty());
}

TEST_F(DischargeTest, WithoutItsEnd_OpensNothing) {
  Save("e1", Stay("finished", ""));
  EXPECT_TRUE(All("CarePlan").empty());
}

TEST_F(DischargeTest, FreeCallback_CarriesItsPrice) {
  Save("e1", Stay("finished", "2025-06-10T11:30:00+02:00"));
  const auto callback = All("Task", {{"code", "callback"}});
  ASSERT_EQ(callback.size(), 1u);
  EXPECT_EQ(callback[0].root().FindValue("input.valueMoney.value"), "0.00");
  EXPECT_EQ(callback[0].root().FindValue("input.valueMoney.currency"), "EUR");
  const auto call = All("Task", {{"code", "next-day-call"}});
  ASSERT_EQ(call.size(), 1u);
  EXPECT_EQ(call[0].root().Child("input"), nullptr);
}

TEST_F(DischargeTest, DeletedStay_OpensNothing) {
  Save("e1", Stay("in-progress", ""));
  ASSERT_TRUE(TryDelete("Encounter", "e1"));
  EXPECT_TRUE(All("CarePlan").empty());
}

}  // namespace
}  // namespace tests::adapters_support
