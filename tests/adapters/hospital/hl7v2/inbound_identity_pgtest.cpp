// Patients that turn out to be one, and accounts that turn out to be another patient's, as PAM.fr tells them.
#include <fmt/format.h>

#include "adapters/hospital/identity/identity_links.hpp"
#include "adapters/hospital/identity/merged_patients.hpp"
#include "adapters/hospital/identity/moved_stays.hpp"
#include "adapters/port/reference.hpp"
#include "tests/adapters/hospital/hl7v2/inbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

constexpr std::string_view kChu = "^^^CHU Passerelle&990000010&M";
constexpr std::string_view kIns = "~279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS";

class InboundIdentity : public InboundTest {
 protected:
  void SetUp() override {
    InboundTest::SetUp();
    Register({&merged_, &links_, &stays_});
  }

  static std::string Head(std::string_view event, std::string_view ipp, std::string_view account = {},
                          std::string_view ins = {}) {
    return fmt::format(
        "MSH|^~\\&|GAM|CHU|GW|GW|20250112101500||ADT^{0}|1|D|2.5^FRA^2.11|||||FRA|UNICODE UTF-8\r"
        "EVN||20250112101500\r"
        "PID|1||{1}{2}^PI{3}||DUPONT^CLAIRE^CLAIRE^^^^L||19790328|F||||||||||{4}||||||||||||||VALI\r",
        event, ipp, kChu, ins, account.empty() ? "" : fmt::format("{}{}^AN", account, kChu));
  }

  void Merge(std::string_view survivor, std::string_view prior, std::string_view ins = {}) {
    Send(Head("A40", survivor, {}, ins) + fmt::format("MRG|{}{}^PI\r", prior, kChu));
  }

  void Move(std::string_view account, std::string_view from, std::string_view to) {
    Send(Head("A44", to, account) + fmt::format("MRG|{}{}^PI||{}{}^AN\r", from, kChu, account, kChu));
  }

  void Admit(std::string_view ipp, std::string_view account, std::string_view visit) {
    Send(Head("A01", ipp, account) +
         fmt::format("PV1|1|I|||||||||||||||||{}\r", visit.empty() ? "" : fmt::format("{}{}^VN", visit, kChu)));
  }

  std::string IdOf(std::string_view ipp) {
    const auto found = All("Patient", {{"identifier", std::string(ipp)}});
    return found.size() == 1 ? std::string(found[0].id()) : fmt::format("{} of them", found.size());
  }

  /// "replaced-by 1, replaces 3": links of a patient, whose others are named by their numbers.
  std::string Links(std::string_view ipp) {
    std::string text;
    const auto found = All("Patient", {{"identifier", std::string(ipp)}});
    if (found.size() != 1) {
      return fmt::format("{} of them", found.size());
    }
    for (const auto& child : found[0].root().children()) {
      if (child.name == "link") {
        const auto other = port::SplitReference(child.FindValue("other.reference"));
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", child.ChildValue("type"),
                            ValueOf("Patient", other.id, "identifier.value"));
      }
    }
    return text;
  }

  std::string Active(std::string_view ipp) { return ValueOf("Patient", IdOf(ipp), "active"); }

  /// The number of the patient that a resource is about.
  std::string AboutWhom(const fhir::model::Document& resource) {
    const auto subject = port::SplitReference(resource.root().FindValue("subject.reference"));
    return ValueOf("Patient", subject.id, "identifier.value");
  }

  adapters::hospital::identity::MergedPatients merged_;
  adapters::hospital::identity::IdentityLinks links_;
  adapters::hospital::identity::MovedStays stays_;
};

TEST_F(InboundIdentity, Merge_LinksBothRecords_AndTheNumberBecomesAnOldOne) {
  Send(Head("A28", "P1"));
  Send(Head("A28", "P2"));
  Merge("P1", "P2");
  EXPECT_EQ(Links("P1"), "replaces P2");
  EXPECT_EQ(Links("P2"), "replaced-by P1");
  EXPECT_EQ(Active("P1"), "");
  EXPECT_EQ(Active("P2"), "false");
  EXPECT_EQ(ValueOf("Patient", IdOf("P2"), "identifier.use"), "old");
  EXPECT_EQ(ValueOf("Patient", IdOf("P1"), "identifier.use"), "usual");
  const auto version = store_->Read(System(), Type("Patient"), IdOf("P2"))->version;
  Merge("P1", "P2");
  EXPECT_EQ(store_->Read(System(), Type("Patient"), IdOf("P2"))->version, version) << "the same again changes nothing";
}

TEST_F(InboundIdentity, MergeOfPatientsThatAreNotKnown_IsRemembered) {
  Merge("P1", "P2");
  EXPECT_EQ(Links("P1"), "replaces P2");
  EXPECT_EQ(Links("P2"), "replaced-by P1");
}

TEST_F(InboundIdentity, MergesFollowEachOther_TheOtherWayRoundToo_AndMakeNoCircle) {
  Merge("P2", "P3");
  Merge("P1", "P2");
  EXPECT_EQ(Links("P3"), "replaced-by P2");
  EXPECT_EQ(Links("P2"), "replaces P3, replaced-by P1");
  EXPECT_EQ(Links("P1"), "replaces P2");
  Merge("P3", "P1");
  EXPECT_EQ(Links("P3"), "replaces P1") << "who survives is nobody's replaced";
  EXPECT_EQ(Links("P2"), "replaced-by P1");
  EXPECT_EQ(Links("P1"), "replaces P2, replaced-by P3");
  EXPECT_EQ(Active("P3"), "");
  EXPECT_EQ(Active("P1"), "false");
}

TEST_F(InboundIdentity, MergeIntoAnother_MovesTheLink) {
  Merge("P1", "P3");
  Merge("P2", "P3");
  EXPECT_EQ(Links("P3"), "replaced-by P2");
  EXPECT_EQ(Links("P2"), "replaces P3");
  EXPECT_EQ(Links("P1"), "");
}

TEST_F(InboundIdentity, NewIdentityUnderAMergedNumber_TakesTheMergeBack) {
  Merge("P1", "P2");
  Send(Head("A31", "P2"));
  EXPECT_EQ(Links("P2"), "replaced-by P1") << "a correction alone does not";
  Send(Head("A28", "P2"));
  EXPECT_EQ(Links("P2"), "");
  EXPECT_EQ(Links("P1"), "");
  EXPECT_EQ(Active("P2"), "");
  EXPECT_EQ(ValueOf("Patient", IdOf("P2"), "identifier.use"), "usual");
}

TEST_F(InboundIdentity, InsOfAMergedRecord_LinksNobody_ThatOfTheOtherDoes) {
  Send(Head("A28", "P2", {}, kIns));
  Save("elsewhere", R"({"resourceType":"Patient","id":"elsewhere","identifier":[{"value":"E1"},)"
                    R"({"use":"official","type":{"coding":[{"code":"INS-NIR-TEST"}]},)"
                    R"("system":"urn:oid:1.2.250.1.213.1.4.10","value":"279035121518989"}]})");
  EXPECT_NE(Links("P2"), "");
  Merge("P1", "P2", kIns);
  EXPECT_EQ(Links("P2"), "replaced-by P1");
  const bool linked =
      Links("P1").find("refer E1") != std::string::npos || Links("P1").find("seealso E1") != std::string::npos;
  EXPECT_TRUE(linked) << Links("P1");
}

TEST_F(InboundIdentity, CircleByRest_IsRefused) {
  Save("a", R"({"resourceType":"Patient","id":"a"})");
  Save("b", R"({"resourceType":"Patient","id":"b","link":[{"other":{"reference":"Patient/a"},"type":"replaced-by"}]})");
  EXPECT_EQ(ValueOf("Patient", "a", "link.type"), "replaces");
  const auto circle = TrySave(
      "a", R"({"resourceType":"Patient","id":"a","link":[{"other":{"reference":"Patient/b"},"type":"replaced-by"}]})");
  ASSERT_FALSE(circle);
  EXPECT_EQ(circle.error().code, fhir::ErrorCode::kInvalid);
  const auto self = TrySave(
      "c", R"({"resourceType":"Patient","id":"c","link":[{"other":{"reference":"Patient/c"},"type":"replaced-by"}]})");
  EXPECT_FALSE(self);
  ASSERT_TRUE(TryDelete("Patient", "b"));
  EXPECT_EQ(ValueOf("Patient", "a", "link.type"), "") << "the link goes with the record that was replaced";
}

TEST_F(InboundIdentity, MovedAccount_TakesItsStaysAndWhatBelongsToThem) {
  Admit("P2", "ACC1", "V1");
  Admit("P2", "ACC1", "V2");
  Admit("P2", "ACC2", "V3");
  const auto stay = All("Encounter", {{"identifier", "V1"}});
  ASSERT_EQ(stay.size(), 1u);
  Save("o", fmt::format(R"({{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},)"
                        R"("subject":{{"reference":"Patient/{0}"}},"encounter":{{"reference":"Encounter/{1}"}},)"
                        R"("performer":[{{"reference":"Patient/{0}"}},{{"display":"other"}}]}})",
                        IdOf("P2"), stay[0].id()));
  Save("free", fmt::format(R"({{"resourceType":"Observation","id":"free","status":"final","code":{{"text":"x"}},)"
                           R"("subject":{{"reference":"Patient/{0}"}}}})",
                           IdOf("P2")));
  Move("ACC1", "P2", "P1");
  for (const auto& [visit, whose] : {std::pair("V1", "P1"), std::pair("V2", "P1"), std::pair("V3", "P2")}) {
    const auto found = All("Encounter", {{"identifier", visit}});
    ASSERT_EQ(found.size(), 1u) << visit;
    EXPECT_EQ(AboutWhom(found[0]), whose) << visit;
  }
  const auto account = All("Account", {{"identifier", "ACC1"}});
  ASSERT_EQ(account.size(), 1u);
  EXPECT_EQ(AboutWhom(account[0]), "P1");
  EXPECT_EQ(ValueOf("Observation", "o", "subject.reference"), fmt::format("Patient/{}", IdOf("P1")));
  EXPECT_EQ(ValueOf("Observation", "o", "performer.reference"), fmt::format("Patient/{}", IdOf("P1")));
  EXPECT_EQ(ValueOf("Observation", "free", "subject.reference"), fmt::format("Patient/{}", IdOf("P2")));
  EXPECT_EQ(Links("P2"), "") << "the patients stay two";
  const auto version = account[0].root().FindValue("meta.versionId");
  Move("ACC1", "P2", "P1");
  EXPECT_EQ(All("Account", {{"identifier", "ACC1"}})[0].root().FindValue("meta.versionId"), version);
}

TEST_F(InboundIdentity, MovedAccount_OfASenderWithoutVisitNumbers_TakesItsStay) {
  Admit("P2", "ACC1", "");
  Move("ACC1", "P2", "P1");
  const auto stays = All("Encounter");
  ASSERT_EQ(stays.size(), 1u);
  EXPECT_EQ(AboutWhom(stays[0]), "P1");
}

TEST_F(InboundIdentity, MessageAboutTwoPatients_NamesBoth) {
  namespace messages = ::adapters::hospital::hl7v2::messages;
  for (const auto* name : {"patients_merged.hl7", "account_moved.hl7"}) {
    const auto translated = messages::Translate(tests::hl7v2::ReadData(name), tests::hl7v2::TestPartner(), *maps_);
    EXPECT_EQ(translated.patient_keys, (std::vector<std::string>{"urn:oid:1.2.250.1.71.4.2.2.990000010|IPP0001",
                                                                 "urn:oid:1.2.250.1.71.4.2.2.990000010|IPP0002"}))
        << name;
  }
}

}  // namespace
}  // namespace tests::adapters_support
