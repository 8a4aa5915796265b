// The movements of a stay as PAM.fr tells them: inserted, forgotten, corrected, cancelled.
#include <fmt/format.h>

#include "tests/adapters/hospital/hl7v2/inbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

struct Movement {
  std::string_view number = "M1";
  std::string_view time = "20250105090000";
  std::string_view action = "INSERT";
  std::string_view historic = "N";
  std::string_view original = "";
  std::string_view unit = "A";
  std::string_view doctor = "801234567897";
  std::string_view preadmission = "";
};

class InboundMovements : public InboundTest {
 protected:
  static std::string Adt(std::string_view event, const Movement& movement, std::string_view patient_extra = "") {
    constexpr std::string_view kAuthority = "^^^CHU Passerelle&990000010&M";
    return fmt::format(
        "MSH|^~\\&|GAM|CHU|GW|GW|20250110101500||ADT^{0}^ADT_A01|1|D|2.5^FRA^2.11|||||FRA|UNICODE UTF-8\r"
        "EVN||20250110101500\r"
        "PID|1||IPP0001{1}^PI{10}||DUPONT^CLAIRE^CLAIRE^^^^L||19790328|F||||||||||||||||||||||||VALI\r"
        "PV1|1|I|{1}||{9}||{8}^Marchand^Helene^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS||||||||||||25000001-"
        "1{1}^VN"
        "|||||||||||||||||{11}\r"
        "ZBE|{2}^CHU^990000010|{3}||{4}|{5}|{6}|{7}^^^^^CHU Passerelle&990000010&M^UF^^^{7}||HMS\r",
        event, kAuthority, movement.number, movement.time, movement.action, movement.historic, movement.original,
        movement.unit, movement.doctor, movement.preadmission, patient_extra, event == "A03" ? "3" : "");
  }

  void Tell(std::string_view event, const Movement& movement) { Send(Adt(event, movement)); }

  fhir::model::Document Stay() {
    auto found = All("Encounter");
    if (found.size() != 1) {
      ADD_FAILURE() << found.size() << " stays";
      return fhir::model::Document(store::Type("Encounter"));
    }
    return std::move(found[0]);
  }

  std::string Status() { return std::string(Stay().root().FindValue("status")); }

  /// "A active, B completed": units in their order.
  std::string Places() {
    std::string text;
    const auto stay = Stay();
    for (const auto& child : stay.root().children()) {
      if (child.name == "location") {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", child.FindValue("location.display"),
                            child.ChildValue("status"));
      }
    }
    return text;
  }
};

TEST_F(InboundMovements, ForgottenTransfer_TakesItsPlaceBetweenTheOthers_AndChangesNothingElse) {
  Tell("A01", {});
  Tell("A02", {.number = "M2", .time = "20250107090000", .unit = "B"});
  Tell("A02", {.number = "M3", .time = "20250106090000", .historic = "Y", .unit = "C", .doctor = "801234567804"});
  EXPECT_EQ(Places(), "A active, C completed, B active");
  EXPECT_EQ(Status(), "in-progress");
  const auto attending = All("Practitioner", {{"identifier", "801234567897"}});
  ASSERT_EQ(attending.size(), 1u);
  EXPECT_EQ(Stay().root().FindValue("participant.individual.reference"),
            fmt::format("Practitioner/{}", attending[0].id()));
}

TEST_F(InboundMovements, CancelledTransfer_IsTakenAway_TheSecondTimeToo) {
  Tell("A01", {});
  Tell("A02", {.number = "M2", .time = "20250107090000", .unit = "B"});
  const Movement cancel = {.number = "M2", .time = "20250107090000", .action = "CANCEL", .original = "A02"};
  Tell("A12", cancel);
  EXPECT_EQ(Places(), "A active");
  Tell("A12", cancel);
  EXPECT_EQ(Places(), "A active");
  EXPECT_EQ(Status(), "in-progress");
}

TEST_F(InboundMovements, CancelOfAMovementThatNeverCame_MakesNone) {
  Tell("A12", {.number = "M2", .action = "CANCEL", .original = "A02"});
  EXPECT_EQ(Places(), "");
}

TEST_F(InboundMovements, CorrectedMovement_TakesThePlaceOfTheFirst_TheStateStays) {
  Tell("A01", {});
  Tell("A02", {.number = "M2", .time = "20250107090000", .unit = "B"});
  Tell("A03", {.number = "M3", .time = "20250110090000", .unit = "B"});
  Tell("Z99", {.number = "M2", .time = "20250107100000", .action = "UPDATE", .original = "A02", .unit = "D"});
  EXPECT_EQ(Places(), "A active, D active, B completed");
  EXPECT_EQ(Status(), "finished");
}

TEST_F(InboundMovements, CorrectedDischarge_MovesTheEnd) {
  Tell("A01", {});
  Tell("A03", {.number = "M3", .time = "20250110090000"});
  Tell("Z99", {.number = "M3", .time = "20250110110000", .action = "UPDATE", .original = "A03"});
  EXPECT_EQ(Stay().root().FindValue("period.end"), "2025-01-10T11:00:00+01:00");
  EXPECT_EQ(Status(), "finished");
}

TEST_F(InboundMovements, CancelledDischarge_LeavesNothingOfItself) {
  Tell("A01", {});
  Tell("A03", {.number = "M3", .time = "20250110090000"});
  EXPECT_EQ(Places(), "A active, A completed");
  Tell("A13", {.number = "M3", .time = "20250110090000", .action = "CANCEL", .original = "A03"});
  EXPECT_EQ(Status(), "in-progress");
  EXPECT_EQ(Places(), "A active");
  EXPECT_EQ(Stay().root().FindValue("period.end"), "");
}

TEST_F(InboundMovements, LeaveAndReturn_AreStatesOfTheStay_NotPlaces) {
  const std::pair<const char*, const char*> kSteps[] = {
      {"A21", "onleave"}, {"A52", "in-progress"}, {"A21", "onleave"}, {"A22", "in-progress"}, {"A53", "onleave"}};
  Tell("A01", {});
  for (const auto& [event, status] : kSteps) {
    Tell(event, {.number = "M5", .time = "20250108090000", .unit = "B"});
    EXPECT_EQ(Status(), status) << event;
  }
  EXPECT_EQ(Places(), "A active");
  Tell("A03", {.number = "M6", .time = "20250110090000"});
  Tell("A22", {.number = "M5", .time = "20250109090000"});
  EXPECT_EQ(Status(), "finished") << "a late message does not re-open it";
}

TEST_F(InboundMovements, AnnouncedMovements_LeaveTheState) {
  Tell("A01", {});
  Tell("A15", {.number = "M2", .time = "20250109090000", .unit = "B"});
  EXPECT_EQ(Places(), "A active, B planned");
  Tell("A26", {.number = "M2", .time = "20250109090000", .action = "CANCEL", .original = "A15"});
  EXPECT_EQ(Places(), "A active");
  Tell("A16", {.number = "M3", .time = "20250110090000"});
  Tell("A25", {.number = "M3", .action = "CANCEL", .original = "A16"});
  Tell("A54", {.number = "M4", .doctor = "801234567804"});
  EXPECT_EQ(Status(), "in-progress");
  EXPECT_EQ(Places(), "A active");
  const auto doctor = All("Practitioner", {{"identifier", "801234567804"}});
  ASSERT_EQ(doctor.size(), 1u);
  EXPECT_EQ(Stay().root().FindValue("participant.individual.reference"),
            fmt::format("Practitioner/{}", doctor[0].id()));
}

TEST_F(InboundMovements, CancelledAdmission_GoesBackToItsPreAdmission_OrEnds) {
  Tell("A05", {});
  EXPECT_EQ(Status(), "planned");
  Tell("A01", {.number = "M2"});
  Tell("A11", {.number = "M2", .action = "CANCEL", .original = "A01", .preadmission = "25000001^^^CHU&990000010&M"});
  EXPECT_EQ(Status(), "planned");
  EXPECT_EQ(Places(), "A planned");
  Tell("A38", {.action = "CANCEL", .original = "A05"});
  EXPECT_EQ(Status(), "cancelled");
  EXPECT_EQ(Places(), "");
}

TEST_F(InboundMovements, ChangedIns_ReplacesTheOld_AndAWithdrawnOneGoes) {
  constexpr std::string_view kOne = "~279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS";
  constexpr std::string_view kOther = "~179035121518924^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS";
  constexpr std::string_view kNone = "~\"\"^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS";
  const auto numbers = [&] {
    std::string text;
    const auto patient = All("Patient");
    EXPECT_EQ(patient.size(), 1u);
    for (const auto& child : patient[0].root().children()) {
      text += child.name == "identifier" ? std::string(child.ChildValue("value")) + " " : "";
    }
    return text;
  };
  Send(Adt("A28", {}, kOne));
  EXPECT_EQ(numbers(), "IPP0001 279035121518989 ");
  Send(Adt("A47", {}, kOther));
  EXPECT_EQ(numbers(), "IPP0001 179035121518924 ");
  Send(Adt("A47", {}, kNone));
  EXPECT_EQ(numbers(), "IPP0001 ");
}

}  // namespace
}  // namespace tests::adapters_support
