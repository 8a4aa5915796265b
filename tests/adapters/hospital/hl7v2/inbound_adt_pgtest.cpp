// What senders outside the French profile tell of patients, accounts and visits, on the real store.
#include <fmt/format.h>

#include "adapters/hospital/identity/merged_patients.hpp"
#include "adapters/hospital/identity/moved_stays.hpp"
#include "adapters/port/reference.hpp"
#include "tests/adapters/hospital/hl7v2/inbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

class InboundAdt : public InboundTest {
 protected:
  void SetUp() override {
    InboundTest::SetUp();
    Register({&merged_, &stays_});
  }

  struct Told {
    std::string_view patient = "P1";
    std::string_view account = "";
    std::string_view visit = "";
    std::string_view other_visit_number = "";
    std::string_view mrg = "";     ///< "P2||ACC||V"
    std::string_view second = "";  ///< number of a second PID
    std::string_view discharged = "";
  };

  void Tell(std::string_view event, const Told& told) {
    std::string raw = fmt::format(
        "MSH|^~\\&|EHR|GENERAL|GW|GW|20250112101500||ADT^{0}|1|P|2.5\rEVN|{0}|20250112101500\r"
        "PID|1||{1}^^^^PI||DOE^JANE|||||||||||||{2}\r",
        event, told.patient, told.account);
    if (!told.mrg.empty()) {
      raw += fmt::format("MRG|{}\r", told.mrg);
    }
    if (!told.second.empty()) {
      raw += fmt::format("PID|2||{}^^^^PI||DOE^JANET\r", told.second);
    }
    if (!told.visit.empty()) {
      raw += fmt::format("PV1|1|I|||||||||||||||||{}|||||||||||||||||||||||||{}|{}|||||{}\r", told.visit,
                         "20250105090000", told.discharged, told.other_visit_number);
    }
    Send(raw);
  }

  /// The one resource of that number; reported and empty when it is not one.
  fhir::model::Document One(std::string_view type, std::string_view number) {
    auto found = All(type, {{"identifier", std::string(number)}});
    if (found.size() != 1) {
      ADD_FAILURE() << found.size() << " of " << type << " " << number;
      return fhir::model::Document(store::Type(std::string(type)));
    }
    return std::move(found[0]);
  }

  std::string ValueOfOne(std::string_view type, std::string_view number, std::string_view path) {
    return std::string(One(type, number).root().FindValue(path));
  }

  std::string NumberBehind(std::string_view reference) {
    const auto target = port::SplitReference(reference);
    return target.empty() ? std::string() : ValueOf(target.type, target.id, "identifier.value");
  }

  /// "seealso P1": links of a patient by the numbers of the others.
  std::string Links(std::string_view number) {
    std::string text;
    const auto patient = One("Patient", number);
    for (const auto& child : patient.root().children()) {
      if (child.name == "link") {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", child.ChildValue("type"),
                            NumberBehind(child.FindValue("other.reference")));
      }
    }
    return text;
  }

  adapters::hospital::identity::MergedPatients merged_;
  adapters::hospital::identity::MovedStays stays_;
};

TEST_F(InboundAdt, Update_LeavesTheStateOfAStay_AndNeedsNone) {
  Tell("A01", {.visit = "V1"});
  Tell("A03", {.visit = "V1", .discharged = "20250110100000"});
  Tell("A08", {.visit = "V1"});
  EXPECT_EQ(ValueOfOne("Encounter", "V1", "status"), "finished");
  Tell("A08", {});
  Tell("A08", {.visit = "V2"});
  EXPECT_EQ(ValueOfOne("Encounter", "V2", "status"), "in-progress");
  Tell("A08", {.visit = "V3", .discharged = "20250110100000"});
  EXPECT_EQ(ValueOfOne("Encounter", "V3", "status"), "finished");
  EXPECT_EQ(All("Patient").size(), 1u);
}

TEST_F(InboundAdt, MergesOfEveryAge_ReplaceTheRecord) {
  for (const auto* event : {"A18", "A34", "A36", "A40", "A43"}) {
    SetUp();
    Tell("A28", {.patient = "P2"});
    Tell(event, {.account = "ACC1", .mrg = "P2^^^^PI||ACC2"});
    EXPECT_EQ(Links("P2"), "replaced-by P1") << event;
    EXPECT_EQ(Links("P1"), "replaces P2") << event;
  }
}

TEST_F(InboundAdt, LinkedPatients_StayTwo_UntilTheyAreUnlinked_AMergeToo) {
  Tell("A24", {.second = "P2"});
  EXPECT_EQ(Links("P2"), "seealso P1");
  Tell("A24", {.second = "P2"});
  EXPECT_EQ(Links("P2"), "seealso P1");
  Tell("A37", {.second = "P2"});
  EXPECT_EQ(Links("P2"), "");
  Tell("A40", {.mrg = "P2^^^^PI"});
  EXPECT_EQ(Links("P1"), "replaces P2");
  Tell("A37", {.second = "P2"});
  EXPECT_EQ(Links("P1"), "");
  EXPECT_EQ(Links("P2"), "");
  EXPECT_EQ(ValueOfOne("Patient", "P2", "active"), "");
}

TEST_F(InboundAdt, MergedAccount_IsInactive_AndPartOfTheOther) {
  Tell("A01", {.account = "ACC1", .visit = "V1"});
  for (const auto* event : {"A35", "A41"}) {
    Tell(event, {.account = "ACC2", .mrg = "P1^^^^PI||ACC1"});
    EXPECT_EQ(ValueOfOne("Account", "ACC1", "status"), "inactive");
    EXPECT_EQ(NumberBehind(ValueOfOne("Account", "ACC1", "partOf.reference")), "ACC2");
    EXPECT_EQ(NumberBehind(ValueOfOne("Encounter", "V1", "account.reference")), "ACC1") << "the stay keeps its own";
  }
}

TEST_F(InboundAdt, MergedVisit_KeepsItsFacts_AsPartOfTheOther) {
  Tell("A01", {.visit = "V1"});
  Tell("A01", {.visit = "V2"});
  Tell("A42", {.visit = "V2", .mrg = "P1^^^^PI||||V1"});
  EXPECT_EQ(ValueOfOne("Encounter", "V1", "status"), "in-progress");
  EXPECT_EQ(ValueOfOne("Encounter", "V1", "identifier.use"), "old");
  EXPECT_EQ(NumberBehind(ValueOfOne("Encounter", "V1", "partOf.reference")), "V2");
}

TEST_F(InboundAdt, MovedVisit_TakesWhatBelongsToIt) {
  Tell("A01", {.patient = "P2", .visit = "V1"});
  Save("o", fmt::format(R"({{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},)"
                        R"("subject":{{"reference":"Patient/{}"}},"encounter":{{"reference":"Encounter/{}"}}}})",
                        One("Patient", "P2").id(), One("Encounter", "V1").id()));
  Tell("A45", {.visit = "V1", .mrg = "P2^^^^PI||||V1"});
  EXPECT_EQ(NumberBehind(ValueOfOne("Encounter", "V1", "subject.reference")), "P1");
  EXPECT_EQ(NumberBehind(ValueOf("Observation", "o", "subject.reference")), "P1");
  EXPECT_EQ(Links("P2"), "");
}

TEST_F(InboundAdt, ChangedVisitNumber_FindsTheVisit_AndTheOldOneToo) {
  Tell("A01", {.visit = "V1"});
  Tell("A50", {.visit = "V2", .mrg = "P1^^^^PI||||V1"});
  Tell("A03", {.visit = "V2", .discharged = "20250110100000"});
  EXPECT_EQ(All("Encounter").size(), 1u);
  EXPECT_EQ(ValueOfOne("Encounter", "V1", "status"), "finished");
  EXPECT_EQ(ValueOfOne("Encounter", "V2", "identifier.use"), "old") << "the first of its numbers";
  Tell("A50", {.visit = "V2", .mrg = "P1^^^^PI||||V1"});
  EXPECT_EQ(All("Encounter").size(), 1u);
  Tell("A51", {.visit = "V2", .other_visit_number = "X2", .mrg = "P1^^^^PI|||||X1"});
  EXPECT_EQ(ValueOfOne("Encounter", "X2", "status"), "finished");
}

TEST_F(InboundAdt, WhatStandsBesideAStay_IsMadeOnce_AndTakenBack) {
  const auto told = [](const std::vector<std::pair<std::string, std::string>>& replacements) {
    std::string raw = tests::hl7v2::ReadData("discharge_in_full.hl7");
    for (const auto& [what, with] : replacements) {
      const auto at = raw.find(what);
      EXPECT_NE(at, std::string::npos) << what;
      raw.replace(at, what.size(), with);
    }
    return raw;
  };
  Send(told({}));
  Send(told({}));
  EXPECT_EQ(All("RelatedPerson").size(), 2u) << "the relative and the guarantor";
  for (const auto* type : {"AllergyIntolerance", "Condition", "Procedure"}) {
    EXPECT_EQ(All(type).size(), 1u) << type;
  }
  const auto consents = [&](std::string_view status) {
    return All("Consent", {{"status", std::string(status)}}).size();
  };
  EXPECT_EQ(consents("active"), 2u);
  Send(told({{"|INO|", "|NA|"}}));
  EXPECT_EQ(consents("active"), 1u);
  EXPECT_EQ(consents("inactive"), 1u);
  EXPECT_EQ(All("Condition")[0].root().FindValue("clinicalStatus.coding.code"), "active");
  const auto raw = told({});
  const auto begin = raw.find("DG1|");
  const auto segment = raw.substr(begin, raw.find('\r', begin) - begin);
  Send(told({{segment, segment + "|||||D"}}));
  EXPECT_EQ(All("Condition").size(), 1u);
  EXPECT_EQ(All("Condition")[0].root().FindValue("verificationStatus.coding.code"), "entered-in-error");
  EXPECT_EQ(All("Condition")[0].root().FindValue("clinicalStatus.coding.code"), "");
}

TEST_F(InboundAdt, DeletedPerson_IsNotActive_AndStaysThere) {
  Tell("A29", {});
  EXPECT_EQ(All("Patient").size(), 0u) << "who is not known is not made";
  Tell("A28", {});
  Tell("A29", {});
  EXPECT_EQ(ValueOfOne("Patient", "P1", "active"), "false");
  Tell("A28", {});
  EXPECT_EQ(ValueOfOne("Patient", "P1", "active"), "");
}

}  // namespace
}  // namespace tests::adapters_support
