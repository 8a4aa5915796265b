// Follow-up plans as files: what is read, and what is refused with the file and the element.
#include "adapters/followup/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace adapters::followup {
namespace {

TEST(PlanLoad, ShippedPlan_IsRead) {
  const auto plans = Plan::LoadFolder(GW_SOURCE_DIR "/config/plans");
  ASSERT_TRUE(plans) << plans.error().public_text.text;
  ASSERT_EQ(plans->size(), 1u);
  const Plan& plan = plans->front();
  EXPECT_EQ(plan.url, "https://passerelle.example/fhir/PlanDefinition/discharge-follow-up|1.0.0");
  EXPECT_EQ(plan.encounter_class, "IMP");
  ASSERT_EQ(plan.actions.size(), 3u);
  EXPECT_EQ(plan.actions[0].due_days, 1);
  EXPECT_EQ(plan.actions[1].due_days, 7);
  EXPECT_EQ(plan.actions[2].id, "callback");
  EXPECT_EQ(plan.actions[2].price, "0.00");
  EXPECT_EQ(plan.actions[2].currency, "EUR");
  EXPECT_EQ(plan.actions[0].price, "");
}

constexpr const char* kPlanAction =
    R"({"id":"call","code":[{"coding":[{"system":"urn:s","code":"c"}]}],"timingDuration":{"value":2,"code":"wk"}})";

std::string PlanText(const std::string& actions, const std::string& url = R"("url":"urn:plan",)") {
  return R"({"resourceType":"PlanDefinition",)" + url + R"("status":"active","action":[)" + actions + "]}";
}

/// The plan as loaded from a file of that text.
fhir::Result<Plan> LoadPlanText(const std::string& text) {
  const std::string path = testing::TempDir() + "plan_under_test.json";
  std::ofstream(path) << text;
  auto plan = Plan::Load(path);
  std::filesystem::remove(path);
  return plan;
}

void ExpectPlanRefused(const std::string& text, const std::string& expression) {
  const auto plan = LoadPlanText(text);
  ASSERT_FALSE(plan) << expression;
  EXPECT_EQ(plan.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_EQ(plan.error().expression, expression);
  EXPECT_THAT(plan.error().public_text.text, testing::HasSubstr("plan_under_test.json: " + expression + ": "));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(PlanLoad, WeeksCountAsSevenDays) {
  const auto plan = LoadPlanText(PlanText(kPlanAction));
  ASSERT_TRUE(plan) << plan.error().public_text.text;
  EXPECT_EQ(plan->url, "urn:plan");
  EXPECT_EQ(plan->encounter_class, "");
  EXPECT_EQ(plan->actions[0].due_days, 14);
}

TEST(PlanLoad, BadFiles_AreRefusedWithFileAndElement) {
  const std::string action = kPlanAction;
  ExpectPlanRefused(PlanText(action, ""), "PlanDefinition.url");
  ExpectPlanRefused(PlanText(Replaced(action, R"("id":"call",)", "")), "PlanDefinition.action[0]");
  ExpectPlanRefused(PlanText(Replaced(action, R"("code":"c")", R"("display":"c")")), "PlanDefinition.action[0]");
  ExpectPlanRefused(PlanText(action + "," + action), "PlanDefinition.action[1]");
  for (const char* timing : {R"("value":2,"code":"h")", R"("value":1.5,"code":"d")", R"("value":-1,"code":"d")",
                             R"("value":9999,"code":"d")", R"("code":"d")"}) {
    ExpectPlanRefused(PlanText(Replaced(action, R"("value":2,"code":"wk")", timing)),
                      "PlanDefinition.action[0].timing");
  }
  ExpectPlanRefused(R"({"resourceType":"PlanDefinition","url":"urn:plan","status":"active"})", "PlanDefinition.action");
  ExpectPlanRefused(R"({"resourceType":"Patient"})", "resourceType");
  ExpectPlanRefused("{\"resourceType\":", "PlanDefinition");
}

TEST(PlanLoad, MissingFileAndFolder_AreNamed) {
  const auto plan = Plan::Load("/nowhere/plan.json");
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().public_text.text, testing::HasSubstr("/nowhere/plan.json"));
  const auto folder = Plan::LoadFolder("/nowhere");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_THAT(folder.error().public_text.text, testing::HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace adapters::followup
