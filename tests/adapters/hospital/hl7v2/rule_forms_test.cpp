// Forms of rules, run over a message: tables, codes, repetitions of extensions, references.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "fhir/json/writer.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;

/// The last resource that `rules` make of a message with this PID: rules of a Patient, below "    rules:".
std::string MadeBy(std::string_view rules, std::string_view pid) {
  const std::string yaml = std::string(R"(name: x
types: [ADT]
versions: ["2.5"]
processing_ids: [P]
tables:
  sex: {codes: {F: female, M: male}, unlisted_code: other}
  state: {system: "urn:states", codes: {M: M}, pass_through: true, unlisted_system: "urn:others"}
resources:
  - name: one
    type: Organization
    verb: create
    rules: [{to: name, value: One}]
  - name: two
    type: Organization
    verb: create
    rules: [{to: name, value: Two}]
  - name: patient
    type: Patient
    verb: create
    rules:
)") + std::string(rules) + "messages: {A01: [one, two, patient]}\n";
  const auto maps = hl7::messages::MapSet::LoadTexts({{"x.yaml", yaml}});
  if (!maps) {
    return maps.error().public_text.text;
  }
  const auto result = hl7::messages::Translate(
      "MSH|^~\\&|A|B|C|D|20250101||ADT^A01|1|P|2.5\r" + std::string(pid) + "\r", tests::hl7v2::TestPartner(), **maps);
  if (!result.faults.empty() || result.changes.empty()) {
    return result.faults.empty() ? "nothing" : result.faults.front().text;
  }
  return fhir::json::WriteJson(result.changes.back().resource->root());
}

TEST(RuleForms, UnlistedCode_StandsForEveryOther) {
  const std::string_view rule = "      - {from: PID-8, to: gender, table: sex}\n";
  EXPECT_EQ(MadeBy(rule, "PID|||||||| F "), R"({"resourceType":"Patient","gender":"other"})");
  EXPECT_EQ(MadeBy(rule, "PID||||||||F"), R"({"resourceType":"Patient","gender":"female"})");
  EXPECT_EQ(MadeBy(rule, "PID||||||||X"), R"({"resourceType":"Patient","gender":"other"})");
}

TEST(RuleForms, Codes_AreSpelledWithoutPadding) {
  const std::string_view rule = "      - {from: PID-16, to: maritalStatus, table: state}\n";
  EXPECT_EQ(MadeBy(rule, "PID||||||||||||||||A  B "),
            R"({"resourceType":"Patient","maritalStatus":{"coding":[{"system":"urn:others","code":"A B"}]}})");
  EXPECT_EQ(MadeBy(rule, "PID|1|||||||||||||||   "), R"({"resourceType":"Patient"})");
  EXPECT_EQ(
      MadeBy("      - {from: PID-16, to: maritalStatus, using: cwe_to_concept}\n", "PID||||||||||||||||A  B ^Text"),
      R"({"resourceType":"Patient","maritalStatus":{"coding":[{"code":"A B","display":"Text"}]}})");
  EXPECT_EQ(MadeBy("      - {from: PID-15, to: language}\n", "PID||||||||||||||| fr "),
            R"({"resourceType":"Patient","language":"fr"})");
}

TEST(RuleForms, ExtensionWithPlus_IsMadeForEachRepetition) {
  EXPECT_EQ(MadeBy("      - {from: PID-26.1, to: extension(urn:c)+.extension(code).valueString}\n",
                   "PID||||||||||||||||||||||||||FR~MA"),
            R"({"resourceType":"Patient","extension":[{"extension":[{"url":"code","valueString":"FR"}],"url":"urn:c"},)"
            R"({"extension":[{"url":"code","valueString":"MA"}],"url":"urn:c"}]})");
  EXPECT_EQ(
      MadeBy("      - {from: PID-26.1, to: extension(urn:c).valueString}\n", "PID||||||||||||||||||||||||||FR~MA"),
      R"({"resourceType":"Patient","extension":[{"url":"urn:c","valueString":"FR"}]})");
}

TEST(RuleForms, OfTwoReferences_TheLaterStands) {
  const std::string made =
      MadeBy("      - {to: managingOrganization, reference: one}\n      - {to: managingOrganization, reference: two}\n",
             "PID|1");
  EXPECT_EQ(
      made,
      R"({"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"}})");
}

TEST(RuleForms, UnlistedCode_IsForTablesThatLetNothingPass) {
  const auto maps = hl7::messages::MapSet::LoadTexts(
      {{"x.yaml",
        "name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\ntables:\n"
        "  sex: {codes: {F: female}, pass_through: true, unlisted_code: other}\nmessages: {}\n"}});
  ASSERT_FALSE(maps);
  EXPECT_EQ(maps.error().public_text.text,
            "x.yaml:6: unlisted_code is for tables with codes where no others pass through");
}

TEST(RuleForms, Places_AreJoinedOfPointRoomAndBed) {
  const std::string_view rule =
      "      - {from: PID-23, to: extension(urn:p).valueIdentifier, using: pl_to_identifier}\n"
      "      - {from: PID-23, to: extension(urn:t).valueString, using: pl_to_text}\n";
  const auto made = [&](std::string_view place) {
    return MadeBy(rule, "PID|||||||||||||||||||||||" + std::string(place));
  };
  EXPECT_NE(made("3W^301^A").find(R"("value":"3W^301^A")"), std::string::npos) << made("3W^301^A");
  EXPECT_NE(made("3W^301^A").find(R"("valueString":"3W 301 A")"), std::string::npos);
  EXPECT_NE(made("3W^^A").find(R"("value":"3W^^A")"), std::string::npos) << made("3W^^A");
  EXPECT_NE(made("3W^^A").find(R"("valueString":"3W A")"), std::string::npos) << made("3W^^A");
  EXPECT_NE(made("3W").find(R"("value":"3W")"), std::string::npos);
  EXPECT_EQ(made("^^^CHU"), R"({"resourceType":"Patient"})");
}

}  // namespace
