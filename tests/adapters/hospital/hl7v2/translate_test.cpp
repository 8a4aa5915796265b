#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <utility>
#include <vector>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"
#include "fhir/json/writer.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;
using tests::hl7v2::ReadData;

class Translating : public testing::TestWithParam<std::string> {};

/// GW_UPDATE_GOLDEN=1 rewrites the expected Bundles; read the difference before committing it.
TEST_P(Translating, Message_GivesItsExpectedBundle) {
  const auto maps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(maps);
  const std::string name = GetParam();
  const auto result =
      hl7::messages::Translate(ReadData(name + ".hl7"), tests::hl7v2::TestPartner(), *maps, {.list_unmapped = true});
  for (const auto& fault : result.faults) {
    ADD_FAILURE() << hl7::er7::ToPlace(fault.location) << ": " << fault.text;
  }
  std::string text = hl7::messages::ToTransactionBundle(result.changes);
  for (std::size_t at = 0; (at = text.find("},{\"fullUrl\"", at)) != std::string::npos; at += 3) {
    text.insert(at + 2, "\n");
  }
  text += "\n";
  for (const auto& place : result.unmapped) {
    text += "unmapped " + place + "\n";
  }
  if (std::getenv("GW_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(tests::hl7v2::DataPath(name + ".bundle.txt"), std::ios::binary) << text;
  }
  EXPECT_EQ(text, ReadData(name + ".bundle.txt"));
}

INSTANTIATE_TEST_SUITE_P(Files, Translating, testing::ValuesIn(tests::hl7v2::MessageNames()),
                         [](const auto& file) { return file.param; });

TEST(Translate, Refusals_NameTheirPlace) {
  const auto maps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(maps);
  std::istringstream expected(ReadData("refusals/expected.txt"));
  std::string name, code, place;
  int condition = 0;
  int cases = 0;
  while (expected >> name >> code >> condition >> place) {
    ++cases;
    const auto result =
        hl7::messages::Translate(ReadData("refusals/" + name + ".hl7"), tests::hl7v2::TestPartner(), *maps);
    if (result.faults.empty()) {
      ADD_FAILURE() << name << ": was accepted";
      continue;
    }
    const auto& fault = result.faults.front();
    EXPECT_EQ(hl7::ack::Name(hl7::ack::CodeOf(result.faults)), code) << name;
    EXPECT_EQ(static_cast<int>(fault.condition), condition) << name << ": " << fault.text;
    EXPECT_EQ(hl7::er7::ToPlace(fault.location), place) << name << ": " << fault.text;
  }
  EXPECT_EQ(cases, 44);
}

TEST(Translate, MoreThan1000Resources_AreAnErrorAtTheOneTooMany) {
  const auto maps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(maps);
  const std::string letter = ReadData("adult_letter.hl7");
  const auto obx = letter.find("OBX|");
  ASSERT_NE(obx, std::string::npos);
  const std::string segment = letter.substr(obx, letter.find('\r', obx) + 1 - obx);
  // The letter makes one resource for each OBX and `others` besides.
  const auto one = hl7::messages::Translate(letter, tests::hl7v2::TestPartner(), *maps);
  const auto two = hl7::messages::Translate(letter + segment, tests::hl7v2::TestPartner(), *maps);
  ASSERT_GE(one.changes.size(), 2u);
  ASSERT_EQ(two.changes.size(), one.changes.size() + 1);
  std::string many = letter;
  for (int i = 0; i < 1000; ++i) {
    many += segment;
  }
  const auto result = hl7::messages::Translate(many, tests::hl7v2::TestPartner(), *maps);
  ASSERT_FALSE(result.faults.empty()) << result.changes.size();
  EXPECT_EQ(result.faults.front().text, "the message makes more than 1000 resources");
  EXPECT_TRUE(hl7::er7::ToPlace(result.faults.front().location).starts_with("OBX"))
      << hl7::er7::ToPlace(result.faults.front().location);
}

TEST(Translate, AuthorityOfAnother_IsTakenWhenListed_AndInATrialSetUp) {
  const auto maps = tests::hl7v2::ShippedMaps();
  const auto raw = ReadData("refusals/ipp_of_another.hl7");
  auto listed = tests::hl7v2::TestPartner();
  listed.identifier_systems["990000028"] = "urn:oid:1.2.250.1.71.4.2.2.990000028";
  EXPECT_TRUE(hl7::messages::Translate(raw, listed, *maps).faults.empty());
  auto open = tests::hl7v2::TestPartner();
  open.finess.clear();
  EXPECT_TRUE(hl7::messages::Translate(raw, open, *maps).faults.empty());
}

TEST(Translate, UnknownTriggerOfPamFr_IsIgnored) {
  const auto maps = tests::hl7v2::ShippedMaps();
  const auto result = hl7::messages::Translate(ReadData("unknown_trigger.hl7"), tests::hl7v2::TestPartner(), *maps);
  EXPECT_TRUE(result.ignored);
  EXPECT_TRUE(result.faults.empty());
  EXPECT_TRUE(result.changes.empty());
}

/// What becomes of an event: "made 3", "ignored", or the first fault.
std::string Became(std::string_view event, std::string_view version, std::string_view country,
                   const std::string& profile = {}) {
  auto partner = tests::hl7v2::TestPartner();
  partner.profile = profile;
  const std::string raw = "MSH|^~\\&|A|B|C|D|20250112101500||ADT^" + std::string(event) + "|1|P|" +
                          std::string(version) + "|||||" + std::string(country) +
                          "\rPID|1||4711^^^^PI||DOE^JANE||19800101|F\rPV1|1|I|||||||||||||||||V1\r";
  static const auto kMaps = tests::hl7v2::ShippedMaps();
  const auto result = hl7::messages::Translate(raw, partner, *kMaps);
  if (!result.faults.empty()) {
    return std::to_string(static_cast<int>(result.faults.front().condition)) + " " +
           hl7::er7::ToPlace(result.faults.front().location);
  }
  return result.ignored ? "ignored" : "made " + std::to_string(result.changes.size());
}

TEST(Translate, ProfileOfAMessage_IsThatOfItsCountry_OrOfThePartner) {
  EXPECT_EQ(Became("A08", "2.5", "FRA"), "ignored");
  EXPECT_EQ(Became("A08", "2.5^FRA^2.11", ""), "ignored");
  EXPECT_EQ(Became("A08", "2.5", ""), "made 3");
  EXPECT_EQ(Became("A08", "2.5", "USA"), "made 3");
  EXPECT_EQ(Became("A08", "2.5", "", "pam-fr"), "ignored");
  EXPECT_EQ(Became("A08", "2.5", "FRA", "adt"), "made 3");
  EXPECT_EQ(Became("A08", "2.5", "FRA", "results"), "ignored") << "not a profile of this type of message";
  EXPECT_EQ(Became("A99", "2.5", "FRA"), "ignored");
  EXPECT_EQ(Became("A99", "2.5", ""), "201 MSH-9.2");
  EXPECT_EQ(Became("Z99", "2.5", ""), "201 MSH-9.2");
}

TEST(Translate, VersionsOfOtherSenders_Are21To29) {
  for (const auto* version :
       {"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9"}) {
    EXPECT_EQ(Became("A01", version, ""), "made 3") << version;
  }
  EXPECT_EQ(Became("A01", "2.0", ""), "203 MSH-12");
  EXPECT_EQ(Became("A01", "2.10", ""), "203 MSH-12");
  EXPECT_EQ(Became("A01", "2.4", "FRA"), "203 MSH-12") << "PAM.fr is of 2.5 alone";
}

TEST(Translate, DroppedSegment_TakesItsFactsAloneAway) {
  const auto maps = tests::hl7v2::ShippedMaps();
  std::string raw = ReadData("adult_admission.hl7");
  const auto with = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps).changes.size();
  raw.erase(raw.find("IN1|2"));
  const auto without = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps);
  EXPECT_TRUE(without.faults.empty());
  EXPECT_EQ(without.changes.size() + 2, with) << "the AMC's Organization and Coverage go with their IN1";
}

/// The change of a type that a message asks for, and its resource as JSON.
struct Asked {
  std::vector<hl7::er7::Fault> faults;
  std::vector<adapters::port::Change> changes;

  const adapters::port::Change* Find(std::string_view type) const {
    for (const auto& change : changes) {
      if (change.resource && change.resource->type_name() == type) {
        return &change;
      }
    }
    return nullptr;
  }
  std::string Json(std::string_view type) const {
    const auto* change = Find(type);
    return change == nullptr ? std::string() : fhir::json::WriteJson(change->resource->root());
  }
};

/// adult_admission with every `what` replaced.
Asked AskedWith(const std::vector<std::pair<std::string, std::string>>& replacements) {
  std::string raw = ReadData("adult_admission.hl7");
  for (const auto& [what, with] : replacements) {
    const auto first = raw.find(what);
    EXPECT_NE(first, std::string::npos) << what;
    for (auto at = first; at != std::string::npos; at = raw.find(what, at + with.size())) {
      raw.replace(at, what.size(), with);
    }
  }
  auto result = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *tests::hl7v2::ShippedMaps());
  return {std::move(result.faults), std::move(result.changes)};
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Translate, InsBesideADoubt_IsNotTaken_AndTheStatusIsProvisional) {
  struct Case {
    const char* pid32;
    bool taken;
    const char* status;
    bool gone;  ///< a stored INS
  };
  constexpr Case kCases[] = {{"VALI", true, "QUAL", false},      {"VALI~DOUT", false, "PROV", true},
                             {"DOUT~VALI", false, "PROV", true}, {"VALI~FICT", false, "PROV", true},
                             {"PROV", false, "PROV", true},      {"DOUT", false, "PROV", true},
                             {"PROV~FICT", false, "PROV", true}, {"", false, "", false}};
  for (const auto& one : kCases) {
    const auto asked = AskedWith({{"|VALI", std::string("|") + one.pid32}});
    EXPECT_TRUE(asked.faults.empty()) << one.pid32;
    const auto patient = asked.Json("Patient");
    EXPECT_EQ(Has(patient, "INS-NIR-TEST"), one.taken) << one.pid32;
    EXPECT_EQ(Has(patient, "identityStatus"), *one.status != 0) << one.pid32;
    EXPECT_TRUE(Has(patient, std::string("\"code\":\"") + one.status)) << one.pid32;
    ASSERT_NE(asked.Find("Patient"), nullptr);
    EXPECT_EQ(!asked.Find("Patient")->identifier_types_gone.empty(), one.gone) << one.pid32;
  }
}

TEST(Translate, InsUnderAnotherOid_IsLeftOut) {
  const auto asked = AskedWith({{"1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.2"}});
  EXPECT_TRUE(asked.faults.empty());
  const auto patient = asked.Json("Patient");
  EXPECT_FALSE(Has(patient, "1.2.250.1.213.1.4.2")) << patient;
  EXPECT_TRUE(Has(patient, "\"code\":\"VALI\"")) << patient;
}

TEST(Translate, PatientNumberWithoutFiness_IsManagedByThePartnerItself) {
  const std::string authority = "IPP0001^^^CHU Passerelle&990000010&M^PI";
  for (const auto* number : {"IPP0001^^^^PI", "IPP0001^^^CHU^PI"}) {
    const auto asked = AskedWith({{authority, number}});
    EXPECT_TRUE(asked.faults.empty()) << number;
    EXPECT_TRUE(Has(asked.Json("Organization"), "\"value\":\"990000010\"")) << number;
    EXPECT_TRUE(Has(asked.Json("Patient"), "\"managingOrganization\"")) << number;
    EXPECT_TRUE(Has(asked.Json("Encounter"), "\"serviceProvider\"")) << number;
  }
}

TEST(Translate, LateMovement_DoesNotReopen_CancelledDischargeDoes) {
  for (const auto* event : {"A01", "A02", "A04", "A05", "A06", "A07"}) {
    const auto asked = AskedWith({{"ADT^A01", std::string("ADT^") + event}});
    ASSERT_NE(asked.Find("Encounter"), nullptr) << event;
    const auto& settled = asked.Find("Encounter")->settled;
    ASSERT_EQ(settled.size(), 1u) << event;
    EXPECT_EQ(settled[0].element, "status");
    EXPECT_EQ(settled[0].values, (std::vector<std::string>{"finished", "cancelled"}));
  }
  for (const auto* event : {"A03", "A11", "A38", "A13"}) {
    const auto asked = AskedWith({{"ADT^A01", std::string("ADT^") + event}});
    ASSERT_NE(asked.Find("Encounter"), nullptr) << event;
    EXPECT_TRUE(asked.Find("Encounter")->settled.empty()) << event;
    const bool cancels_discharge = std::string_view(event) == "A13";
    EXPECT_EQ(asked.Find("Encounter")->removals.size(), cancels_discharge ? 2u : 0u) << event;
  }
}

/// What lab_results.hl7 asks of its first result, with OBX-2 and OBX-5 replaced.
std::string ResultOf(std::string_view type, std::string_view value, std::string_view range = "45-84") {
  std::string raw = ReadData("lab_results.hl7");
  const auto replace = [&raw](std::string_view what, std::string_view with) {
    const auto at = raw.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    raw.replace(at, what.size(), with);
  };
  replace("|NM|", "|" + std::string(type) + "|");
  replace("||068|", "||" + std::string(value) + "|");
  replace("|45-84|", "|" + std::string(range) + "|");
  const auto result = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *tests::hl7v2::ShippedMaps());
  for (const auto& fault : result.faults) {
    return hl7::er7::ToPlace(fault.location) + ": " + fault.text;
  }
  const auto type_id = fhir::metadata::Definitions::R4().FindType("Observation");
  for (const auto& change : result.changes) {
    if (change.type == type_id) {
      return fhir::json::WriteJson(change.resource->root());
    }
  }
  return "none";
}

TEST(Results, NumbersOfHl7_BecomeDecimalsOfFhir_OrStayText) {
  const std::pair<const char*, const char*> kCases[] = {
      {"+5", "\"value\":5,"},
      {"-05.50", "\"value\":-5.50,"},
      {".5", "\"value\":0.5,"},
      {"5.", "\"value\":5,"},
      {"000", "\"value\":0,"},
      {" 7 ", "\"value\":7,"},
      {">= 3", "\"comparator\":\">=\""},
      {"1e3", "\"valueString\":\"1e3\""},
      {"-", "\"valueString\":\"-\""},
      {"1,5", "\"valueString\":\"1,5\""},
      {"<", "\"valueString\":\"<\""},
  };
  for (const auto& [sent, expected] : kCases) {
    const auto json = ResultOf("NM", sent);
    EXPECT_TRUE(Has(json, expected)) << sent << " -> " << json;
    EXPECT_EQ(Has(json, "valueQuantity") && Has(json, "valueString"), false) << json;
  }
}

TEST(Results, StructuredNumbers_BecomeOneValueEach) {
  const std::pair<const char*, const char*> kCases[] = {
      {"<=^5", "\"comparator\":\"<=\""},
      {"=^5", "\"valueQuantity\":{\"value\":5,"},
      {"^1^-^2", "\"valueRange\":{\"low\""},
      {"^1^/^2", "\"valueRatio\":{\"numerator\""},
      {"<>^5", "\"valueString\":\"<> 5 umol/L\""},
      {"^x", "\"valueString\":\"x umol/L\""},
      {">^1^-^2", "\"valueString\":\"> 1 - 2 umol/L\""},
  };
  for (const auto& [sent, expected] : kCases) {
    const auto json = ResultOf("SN", sent);
    EXPECT_TRUE(Has(json, expected)) << sent << " -> " << json;
    const auto first = json.find("\"value");
    ASSERT_NE(first, std::string::npos);
  }
}

TEST(Results, ReferenceRange_IsTakenApartWhereItReadsAsOne) {
  EXPECT_TRUE(Has(ResultOf("NM", "1", "-2 - -1"), "\"low\":{\"value\":-2,"));
  EXPECT_TRUE(Has(ResultOf("NM", "1", "> 60"), "\"low\":{\"value\":60,"));
  const auto words = ResultOf("NM", "1", "selon l'age");
  EXPECT_TRUE(Has(words, "\"referenceRange\":[{\"text\":\"selon l'age\"}]")) << words;
  EXPECT_FALSE(Has(ResultOf("NM", "1", ""), "referenceRange"));
}

TEST(Results, TimeThatIsNone_IsAFaultAtItsPlace) {
  EXPECT_TRUE(Has(ResultOf("TM", "235959.123+0100"), "\"valueTime\":\"23:59:59.123\""));
  for (const auto* wrong : {"2400", "07", "0760", "07:10", "071000."}) {
    EXPECT_EQ(ResultOf("TM", wrong), "OBX-5: a time is HHMM or HHMMSS") << wrong;
  }
}

/// The faults of appointment_new.hl7 with one text replaced.
std::string AppointmentFault(std::string_view what, std::string_view with) {
  std::string raw = ReadData("appointment_new.hl7");
  const auto at = raw.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  raw.replace(at, what.size(), with);
  std::string text;
  for (const auto& fault :
       hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *tests::hl7v2::ShippedMaps()).faults) {
    text += (text.empty() ? "" : "; ") + hl7::er7::ToPlace(fault.location) + ": " + fault.text;
  }
  return text;
}

TEST(Appointments, WhatIsMissingOrWrong_IsNamedAtItsPlace) {
  EXPECT_EQ(AppointmentFault("RV-9001^AGENDA^1.2.250.1.213.99.4^ISO", ""),
            "SCH-2.1: what this resource is known by is missing");
  EXPECT_TRUE(AppointmentFault("|||20|min\r", "|||many|min\r").starts_with("AIS-7: a duration is a positive number"));
  EXPECT_TRUE(AppointmentFault("|||20|min\r", "|||0|min\r").starts_with("AIS-7: "));
  EXPECT_TRUE(AppointmentFault("|||20|min\r", "|||20|fortnights\r").starts_with("AIS-7: "));
  EXPECT_EQ(AppointmentFault("|||20|min\r", "|||1200|s\r"), "");
}

TEST(Translate, NullPhone_BecomesARemoval) {
  const auto maps = tests::hl7v2::ShippedMaps();
  std::string raw = ReadData("adult_admission.hl7");
  const auto at = raw.find("51454") + 5;
  raw.replace(at, 2, "||\"\"");
  const auto result = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps);
  bool removed = false;
  for (const auto& change : result.changes) {
    removed = removed || change.removals == std::vector<std::string>{"telecom"};
  }
  EXPECT_TRUE(removed);
}

}  // namespace
