// Rules are data: what ships loads, and a broken file is named with the place in it.
#include "gateway/app/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gateway/app/senders.hpp"

namespace gateway::app {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;

/// A copy of the shipped rules that a test may break.
class RulesTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/rules_XXXXXX";
    folder_ = ::mkdtemp(path);
    for (const char* name : {"mappings", "policies", "plans", "tariffs"}) {
      fs::copy(fs::path(GW_SOURCE_DIR) / "config" / name, folder_ / name, fs::copy_options::recursive);
    }
    std::ofstream(folder_ / "token") << "a-token-of-this-test\n";
  }
  void TearDown() override { fs::remove_all(folder_); }

  settings::Settings Settings(const std::string& yaml = "{}") {
    auto loaded = settings::LoadText(yaml, "test", folder_.string());
    if (!loaded) {
      ADD_FAILURE() << loaded.error().public_text.text;
      return settings::Defaults();
    }
    return *std::move(loaded);
  }

  /// Replaces the first occurrence of `from` in a file.
  void Break(const std::string& name, const std::string& from, const std::string& to) {
    std::ifstream in(folder_ / name);
    std::stringstream text;
    text << in.rdbuf();
    std::string content = text.str();
    const auto at = content.find(from);
    ASSERT_NE(at, std::string::npos) << name;
    std::ofstream(folder_ / name) << content.replace(at, from.size(), to);
  }

  /// The refusal's text; "" when all loads.
  std::string Refusal(const std::string& yaml = "{}") {
    const auto rules = LoadRules(Settings(yaml));
    if (rules) {
      return "";
    }
    EXPECT_EQ(rules.error().code, fhir::ErrorCode::kConfiguration);
    return rules.error().public_text.text;
  }

  fs::path folder_;
};

constexpr const char* kOneHospital =
    "access: {parties: [{name: chu, kind: hospital, token_file: token, attributes: {organization: Organization/1}}]}\n"
    "partners: [{name: chu}]\n";

TEST_F(RulesTest, ShippedRules_Load) {
  const auto rules = LoadRules(Settings(kOneHospital));
  ASSERT_TRUE(rules) << rules.error().public_text.text;
  EXPECT_EQ(rules->plans.size(), 1u);
  EXPECT_EQ(rules->tariffs.size(), 1u);
  EXPECT_NE(rules->hl7v2_maps, nullptr);
  EXPECT_NE(rules->parties, nullptr);
}

TEST_F(RulesTest, BrokenTariff_NamesFileAndLine) {
  Break("tariffs/teleconsultation.yaml", "percent: 70", "percent: seventy");
  EXPECT_THAT(Refusal(), ContainsRegex("tariffs/teleconsultation.yaml:[0-9]+: "));
}

TEST_F(RulesTest, BrokenPolicy_NamesFileAndLine) {
  const std::string name = "policies/hospital.yaml";
  std::ofstream(folder_ / name, std::ios::app) << "\nno_such_key: true\n";
  EXPECT_THAT(Refusal(kOneHospital), ContainsRegex("policies/hospital.yaml:[0-9]+: .*no_such_key"));
}

TEST_F(RulesTest, BrokenMapping_NamesFileAndLine) {
  std::ofstream(folder_ / "mappings/hl7v2/pam-fr.yaml", std::ios::app) << "\nno_such_key: true\n";
  EXPECT_THAT(Refusal(), ContainsRegex("mappings/hl7v2/pam-fr.yaml:[0-9]+"));
}

TEST_F(RulesTest, BrokenPlan_NamesFileAndElement) {
  Break("plans/discharge_follow_up.json", "\"code\": \"d\"", "\"code\": \"mo\"");
  EXPECT_THAT(Refusal(), HasSubstr("plans/discharge_follow_up.json: PlanDefinition.action[0].timing: "));
}

TEST_F(RulesTest, MissingFolders_AreNamed) {
  fs::remove_all(folder_ / "tariffs");
  EXPECT_THAT(Refusal(), HasSubstr("tariffs: the folder of tariffs cannot be read"));
  fs::remove_all(folder_ / "plans");
  EXPECT_THAT(Refusal(), HasSubstr("plans: the folder cannot be read"));
}

TEST_F(RulesTest, MissingToken_NamesTheSetting_NotTheContent) {
  fs::remove(folder_ / "token");
  EXPECT_THAT(Refusal(kOneHospital), HasSubstr("access.parties[chu].token_file"));
}

TEST_F(RulesTest, HospitalPartner_UnknownName_IsRefused) {
  const auto partner = HospitalPartner(Settings(kOneHospital), "nobody");
  ASSERT_FALSE(partner);
  EXPECT_EQ(partner.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_THAT(partner.error().public_text.text, HasSubstr("'nobody'"));
  EXPECT_TRUE(HospitalPartner(Settings(kOneHospital), "chu"));
}

TEST_F(RulesTest, Destinations_AreReadByKind) {
  const auto destinations = ReadDestinations(
      Settings("partners: [{name: chu}, {name: visio}]\n"
               "destinations:\n"
               "  - {name: chu-out, kind: mllp, partner: chu, address: 'localhost:2576', timeout_ms: 7000}\n"
               "  - {name: visio, kind: rest-hook, partner: visio, url: 'http://127.0.0.1:9/fhir', token_file: token,"
               " schedule_identifier_system: 'urn:s'}\n"
               "routing: {documents: [{destination: chu-out, loinc: ['11488-4']}]}\n"));
  ASSERT_TRUE(destinations) << destinations.error().public_text.text;
  EXPECT_EQ(destinations->mllp.at("chu-out").port, 2576);
  EXPECT_EQ(destinations->mllp.at("chu-out").answer_timeout_ms, 7'000);
  EXPECT_EQ(destinations->rest_hooks.at("visio").bearer_token, "a-token-of-this-test");
  ASSERT_EQ(destinations->appointments.size(), 1u);
  EXPECT_EQ(destinations->appointments[0].schedule_identifier_system, "urn:s");
  ASSERT_EQ(destinations->messages.size(), 1u);
  EXPECT_EQ(destinations->messages[0].partner, "chu");
  EXPECT_EQ(destinations->messages[0].rules, "documents");
  EXPECT_TRUE(destinations->messages[0].from_any_kind);
  EXPECT_TRUE(destinations->messages[0].pdf_in_cda);
}

}  // namespace
}  // namespace gateway::app
