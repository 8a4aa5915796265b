// Identities that are changed by others than the hospital whose patient it is.
#include "adapters/hospital/identity/identity_corrections.hpp"

#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {
namespace {

namespace identity = ::adapters::hospital::identity;

constexpr std::string_view kChuSystem = "urn:oid:1.2.250.1.71.4.2.2.990000010";

class IdentityCorrectionsTest : public ReactionTest {
 protected:
  void SetUp() override { Register({&corrections_}); }

  static std::string Somebody(std::string_view family, std::string_view more = "",
                              std::string_view system = kChuSystem) {
    return fmt::format(R"({{"resourceType":"Patient","id":"p1","identifier":[{{"system":"{}","value":"8000001"}}],)"
                       R"("name":[{{"use":"official","family":"{}"}}],"birthDate":"1977-07-01"{}}})",
                       system, family, more);
  }

  identity::IdentityCorrections corrections_{{{"chu", std::string(kChuSystem)}}};
  const port::Actor elsewhere_ = Party(port::PartyKind::kPlatform, "visio");
};

TEST_F(IdentityCorrectionsTest, ACorrectionFromElsewhere_IsATask_ThatNamesNoValue) {
  Save("p1", Somebody("DUPONT"), Party(port::PartyKind::kHospital, "chu"));
  Save("p1", Somebody("DURAND", R"(,"gender":"male")"), elsewhere_);
  const auto tasks = All("Task");
  ASSERT_EQ(tasks.size(), 1u);
  const auto& task = tasks[0].root();
  EXPECT_EQ(task.ChildValue("status"), "requested");
  EXPECT_EQ(task.FindValue("code.coding.code"), "identity-correction");
  EXPECT_EQ(task.FindValue("focus.reference"), "Patient/p1");
  std::string inputs;
  for (const auto& child : task.children()) {
    if (child.name == "input") {
      inputs += fmt::format("{}={};", child.FindValue("type.text"), child.ChildValue("valueString"));
    }
  }
  EXPECT_EQ(inputs, "changed=name;changed=gender;version before=1;version after=2;");
}

TEST_F(IdentityCorrectionsTest, TheHospitalsOwn_OtherElements_AndOthersPatients_AreNone) {
  Save("p1", Somebody("DUPONT"), elsewhere_);
  Save("p1", Somebody("DURAND"), Party(port::PartyKind::kHospital, "chu"));
  Save("p1", Somebody("DURAND", R"(,"telecom":[{"system":"phone","value":"0102030405"}])"), elsewhere_);
  EXPECT_TRUE(All("Task").empty());
  Save("p1", Somebody("MARTIN", "", "urn:oid:1.2.3"), elsewhere_);
  Save("p1", Somebody("PETIT", "", "urn:oid:1.2.3"), elsewhere_);
  EXPECT_TRUE(All("Task").empty());
}

}  // namespace
}  // namespace tests::adapters_support
