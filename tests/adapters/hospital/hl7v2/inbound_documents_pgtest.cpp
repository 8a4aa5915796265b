// The life of documents and results as messages tell it, on the real store: announced, brought, replaced, withdrawn.
#include <fmt/format.h>

#include "tests/adapters/hospital/hl7v2/inbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

constexpr std::string_view kFirst = "DOC-1^CHU^1.2.250.1.213.99.1^ISO";
constexpr std::string_view kSecond = "DOC-2^CHU^1.2.250.1.213.99.1^ISO";

class InboundDocuments : public InboundTest {
 protected:
  /// `parent`: TXA-13. `content`: OBX segments.
  static std::string Mdm(std::string_view event, std::string_view number, std::string_view parent = {},
                         std::string_view availability = {}, std::string_view content = {}) {
    return fmt::format(
        "MSH|^~\\&|DPI|CHU|GW|GW|20250110120000||MDM^{0}^MDM_T02|{0}|D|2.6|||||FRA|UNICODE UTF-8\r"
        "EVN||20250110120000\r"
        "PID|1||IPP0001^^^CHU Passerelle&990000010&M^PI||DUPONT^CLAIRE^CLAIRE^^^^L||19790328|F\r"
        "PV1|1|I|||||||||||||||||25000001-1^^^CHU Passerelle&990000010&M^VN\r"
        "TXA|1|11490-0^Lettre^LN|ED|20250110113000||||||||{1}|{2}||||AU||{3}\r{4}",
        event, number, parent, availability, content);
  }

  static std::string Content(std::string_view base64, std::string_view status = "F") {
    return fmt::format("OBX|1|ED|11490-0^Lettre^LN||^application^pdf^Base64^{}||||||{}\r", base64, status);
  }

  std::vector<fhir::model::Document> Documents(std::string_view number) {
    return All("DocumentReference", {{"identifier", std::string(number.substr(0, number.find('^')))}});
  }

  std::string StatusOf(std::string_view number) {
    const auto found = Documents(number);
    return found.size() == 1 ? std::string(found[0].root().FindValue("status"))
                             : fmt::format("{} of them", found.size());
  }
};

TEST_F(InboundDocuments, Replacement_SupersedesTheFirst_AndNamesIt) {
  Send(Mdm("T02", kFirst, "", "AV", Content("QQ==")));
  EXPECT_EQ(StatusOf(kFirst), "current");
  Send(Mdm("T10", kSecond, kFirst, "AV", Content("Qg==")));
  EXPECT_EQ(StatusOf(kFirst), "superseded");
  EXPECT_EQ(StatusOf(kSecond), "current");
  const auto second = Documents(kSecond);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].root().FindValue("relatesTo.code"), "replaces");
  EXPECT_EQ(second[0].root().FindValue("relatesTo.target.identifier.value"), "DOC-1");
  const auto first = Documents(kFirst);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_NE(first[0].root().FindValue("content.attachment.url"), "") << "it keeps its content";
}

TEST_F(InboundDocuments, ReplacementOfADocumentThatNeverCame_IsADocumentAllTheSame) {
  Send(Mdm("T10", kSecond, kFirst, "AV", Content("Qg==")));
  EXPECT_EQ(StatusOf(kSecond), "current");
  EXPECT_EQ(All("DocumentReference").size(), 1u);
}

TEST_F(InboundDocuments, Addendum_LeavesTheFirstAsItIs) {
  Send(Mdm("T02", kFirst, "", "AV", Content("QQ==")));
  Send(Mdm("T06", kSecond, kFirst, "AV", Content("Qg==")));
  EXPECT_EQ(StatusOf(kFirst), "current");
  const auto second = Documents(kSecond);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].root().FindValue("relatesTo.code"), "appends");
}

TEST_F(InboundDocuments, Withdrawal_ByEachOfItsSpellings_MarksTheDocument) {
  const std::string spellings[] = {Mdm("T04", kFirst, "", "", Content("QQ==", "D")), Mdm("T11", kFirst),
                                   Mdm("T03", kFirst, "", "CA")};
  for (const auto& withdrawal : spellings) {
    SetUp();
    Send(Mdm("T02", kFirst, "", "AV", Content("QQ==")));
    Send(withdrawal);
    EXPECT_EQ(StatusOf(kFirst), "entered-in-error") << withdrawal.substr(0, 60);
    EXPECT_NE(Documents(kFirst)[0].root().FindValue("content.attachment.url"), "");
  }
}

TEST_F(InboundDocuments, WithdrawalOfADocumentThatNeverCame_ChangesNothing) {
  const auto outcomes = Send(Mdm("T11", kFirst));
  EXPECT_EQ(All("DocumentReference").size(), 0u);
  ASSERT_FALSE(outcomes.empty());
  EXPECT_EQ(outcomes.back().effect, port::Effect::kUnchanged);
  EXPECT_EQ(outcomes.back().resource.version, 0);
}

TEST_F(InboundDocuments, ChangeOfStatusWithContent_BringsTheContent) {
  Send(Mdm("T01", kFirst, "", "UN"));
  auto announced = Documents(kFirst);
  ASSERT_EQ(announced.size(), 1u);
  EXPECT_EQ(announced[0].root().FindValue("content.attachment.title"), "Lettre");
  EXPECT_EQ(announced[0].root().FindValue("content.attachment.url"), "");
  Send(Mdm("T04", kFirst, "", "AV", Content("QQ==")));
  auto brought = Documents(kFirst);
  ASSERT_EQ(brought.size(), 1u);
  EXPECT_EQ(brought[0].id(), announced[0].id());
  EXPECT_NE(brought[0].root().FindValue("content.attachment.url"), "");
}

TEST_F(InboundDocuments, CorrectedResult_TakesThePlaceOfTheFirst_NothingIsDoubled) {
  std::string raw = tests::hl7v2::ReadData("lab_results.hl7");
  Send(raw);
  EXPECT_EQ(All("Observation").size(), 13u);
  EXPECT_EQ(All("DiagnosticReport").size(), 2u);
  EXPECT_EQ(All("Specimen").size(), 2u);
  for (const auto& outcome : Send(raw)) {
    EXPECT_EQ(outcome.effect, port::Effect::kUnchanged) << outcome.resource.body;
  }
  const auto value = raw.find("||068|");
  ASSERT_NE(value, std::string::npos);
  raw.replace(value, 6, "||071|");
  int changed = 0;
  for (const auto& outcome : Send(raw)) {
    changed += outcome.effect == port::Effect::kUnchanged ? 0 : 1;
  }
  EXPECT_EQ(changed, 1);
  const auto creatinine = All("Observation", {{"code", "2160-0"}});
  ASSERT_EQ(creatinine.size(), 1u);
  EXPECT_EQ(creatinine[0].root().FindValue("valueQuantity.value"), "71");
}

}  // namespace
}  // namespace tests::adapters_support
