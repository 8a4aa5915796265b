// Appointments as a hospital's agenda tells of them: they claim their time like those that are booked here.
#include <fmt/format.h>

#include "adapters/platform/booking.hpp"
#include "tests/adapters/hospital/hl7v2/inbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

constexpr std::string_view kDoctor = "801234567897^MARCHAND^Helene^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS";

class InboundAppointments : public InboundTest {
 protected:
  void SetUp() override {
    InboundTest::SetUp();
    Register({&booking_, &booked_slot_});
  }

  /// `number`: of SCH-2; `start`: YYYYMMDDHHMM of 20 minutes.
  static std::string Siu(std::string_view event, std::string_view number, std::string_view start,
                         std::string_view person = kDoctor, std::string_view place = "", std::string_view status = "") {
    std::string message = fmt::format(
        "MSH|^~\\&|AGENDA|CHU|GW|GW|20270110080000||SIU^{0}^SIU_S12|{0}{1}|D|2.5|||||FRA|UNICODE UTF-8\r"
        "SCH||{1}^AGENDA^1.2.250.1.213.99.4^ISO|||||||20|min|||||||||||||||{3}\r"
        "PID|1||IPP0001^^^CHU Passerelle&990000010&M^PI||DUPONT^CLAIRE^CLAIRE^^^^L||19790328|F\r"
        "RGS|1|A\rAIS|1|A|CS^Consultation|{2}\r",
        event, number, start, status);
    if (!place.empty()) {
      message += fmt::format("AIL|1|A|{}|||{}\r", place, start);
    }
    if (!person.empty()) {
      message += fmt::format("AIP|1|A|{}|||{}|||20|min\r", person, start);
    }
    return message;
  }

  std::string AppointmentValue(std::string_view number, std::string_view path) {
    const auto found = All("Appointment", {{"identifier", std::string(number)}});
    return found.size() == 1 ? std::string(found[0].root().FindValue(path)) : fmt::format("{} of them", found.size());
  }

  std::string Statuses() {
    std::string text;
    for (const auto& slot : All("Slot", {{"_sort", "start"}})) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", slot.root().FindValue("start").substr(11, 5),
                          slot.root().FindValue("status"));
    }
    return text;
  }

  ::adapters::platform::Booking booking_;
  ::adapters::platform::BookedSlot booked_slot_;
};

TEST_F(InboundAppointments, Booked_TakesItsTime_OnceHoweverOftenItIsSent) {
  Send(Siu("S12", "RV1", "202701150900"));
  Send(Siu("S12", "RV1", "202701150900"));
  EXPECT_EQ(AppointmentValue("RV1", "status"), "booked");
  EXPECT_EQ(AppointmentValue("RV1", "end"), "2027-01-15T09:20:00+01:00");
  EXPECT_EQ(Statuses(), "09:00 busy");
  EXPECT_EQ(All("Schedule").size(), 1u);
}

TEST_F(InboundAppointments, SecondOnTheSameTime_IsRefused_AndNothingOfItStays) {
  Send(Siu("S12", "RV1", "202701150900"));
  for (const auto* start : {"202701150900", "202701150910"}) {
    const auto second = TrySend(Siu("S12", "RV2", start));
    ASSERT_FALSE(second) << start;
    EXPECT_EQ(second.error().code, fhir::ErrorCode::kConflict);
    EXPECT_EQ(second.error().retry, fhir::Retry::kNever);
  }
  EXPECT_EQ(AppointmentValue("RV2", "status"), "0 of them");
  EXPECT_EQ(Statuses(), "09:00 busy");
  Send(Siu("S12", "RV2", "202701150920"));
  EXPECT_EQ(Statuses(), "09:00 busy, 09:20 busy");
}

TEST_F(InboundAppointments, Moved_GivesTheOldTimeBack) {
  Send(Siu("S12", "RV1", "202701150900"));
  Send(Siu("S13", "RV1", "202701151000"));
  EXPECT_EQ(AppointmentValue("RV1", "start"), "2027-01-15T10:00:00+01:00");
  EXPECT_EQ(Statuses(), "09:00 free, 10:00 busy");
  Send(Siu("S12", "RV2", "202701150900"));
  EXPECT_EQ(Statuses(), "09:00 busy, 10:00 busy");
}

TEST_F(InboundAppointments, CancelledOrNotSeen_KeepsItsFacts) {
  Send(Siu("S12", "RV1", "202701150900"));
  Send(Siu("S15", "RV1", "202701150900"));
  EXPECT_EQ(AppointmentValue("RV1", "status"), "cancelled");
  EXPECT_EQ(AppointmentValue("RV1", "start"), "2027-01-15T09:00:00+01:00");
  EXPECT_EQ(Statuses(), "09:00 free");
  Send(Siu("S12", "RV2", "202701151100"));
  Send(Siu("S26", "RV2", "202701151100"));
  EXPECT_EQ(AppointmentValue("RV2", "status"), "noshow");
}

TEST_F(InboundAppointments, Modification_DoesNotBookAgainWhatIsOver_UnlessItSaysSo) {
  Send(Siu("S12", "RV1", "202701150900"));
  Send(Siu("S14", "RV1", "202701150900", kDoctor, "", "Complete"));
  EXPECT_EQ(AppointmentValue("RV1", "status"), "fulfilled");
  Send(Siu("S14", "RV1", "202701150900"));
  EXPECT_EQ(AppointmentValue("RV1", "status"), "fulfilled");
  Send(Siu("S14", "RV1", "202701150900", kDoctor, "", "Booked"));
  EXPECT_EQ(AppointmentValue("RV1", "status"), "booked");
}

TEST_F(InboundAppointments, PlaceWithoutAPerson_HasAnAgendaOfItsOwn) {
  Send(Siu("S12", "RV1", "202701150900", "", "ROOM1^1^^CHU"));
  EXPECT_EQ(Statuses(), "09:00 busy");
  EXPECT_FALSE(TrySend(Siu("S12", "RV2", "202701150900", "", "ROOM1^1^^CHU")));
  Send(Siu("S12", "RV3", "202701150900", "", "ROOM2^1^^CHU"));
  Send(Siu("S12", "RV4", "202701150900", kDoctor, "ROOM1^1^^CHU"));
  EXPECT_EQ(All("Schedule").size(), 3u);
}

TEST_F(InboundAppointments, BlockedTime_CannotBeBooked_UntilItIsOpenedAgain) {
  Send(Siu("S23", "B1", "202701150900"));
  EXPECT_EQ(Statuses(), "09:00 busy-unavailable");
  EXPECT_EQ(All("Appointment").size(), 0u);
  EXPECT_FALSE(TrySend(Siu("S12", "RV1", "202701150900")));
  Send(Siu("S24", "B1", "202701150900"));
  EXPECT_EQ(Statuses(), "09:00 free");
  Send(Siu("S12", "RV1", "202701150900"));
  Send(Siu("S23", "B1", "202701150900"));
  EXPECT_EQ(Statuses(), "09:00 busy") << "what is booked stays booked";
}

}  // namespace
}  // namespace tests::adapters_support
