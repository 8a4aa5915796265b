// What becomes of appointments, as SIU for the hospital of the patient.
#include "tests/adapters/hospital/hl7v2/outbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

class OutboundAppointmentsTest : public OutboundTest {
 protected:
  messages::OutboundRoute Route() const override { return RouteOf("appointments"); }

  void SetUp() override {
    OutboundTest::SetUp();
    Save("doc", R"({"resourceType":"Practitioner","id":"doc","identifier":[{"system":"https://rpps.esante.gouv.fr",)"
                R"("value":"10002909371"}],"name":[{"family":"DELATTRE","given":["Hélène"]}]})");
  }

  static std::string Visit(std::string_view status, std::string_view start = "2025-07-01T09:00:00+02:00",
                           std::string_view end = "2025-07-01T09:20:00+02:00", std::string_view more = "") {
    return fmt::format(
        R"({{"resourceType":"Appointment","id":"a1",{}"status":"{}","start":"{}","end":"{}",)"
        R"("minutesDuration":20,"serviceType":[{{"coding":[{{"code":"TLC","display":"Téléconsultation"}}]}}],)"
        R"("participant":[{{"actor":{{"reference":"Patient/p1"}},"status":"accepted"}},)"
        R"({{"actor":{{"reference":"Practitioner/doc"}},"status":"accepted"}}]}})",
        more, status, start, end);
  }
};

TEST_F(OutboundAppointmentsTest, Booked_IsS12_WithWhoWhenAndWhat) {
  Save("a1", Visit("booked"), platform_);
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "MSH-9.1"), "SIU");
  EXPECT_EQ(Get(message, "MSH-9.2"), "S12");
  EXPECT_EQ(Get(message, "MSH-9.3"), "SIU_S12");
  EXPECT_EQ(Get(message, "SCH-2.1"), "a1");
  EXPECT_EQ(Get(message, "SCH-2.2"), "PASSERELLE");
  EXPECT_EQ(Get(message, "SCH-11.4"), "20250701090000+0200");
  EXPECT_EQ(Get(message, "SCH-11.5"), "20250701092000+0200");
  EXPECT_EQ(Get(message, "SCH-25"), "Booked");
  EXPECT_EQ(Get(message, "PID-3.1"), "8000001");
  EXPECT_EQ(Get(message, "RGS-2"), "A");
  EXPECT_EQ(Get(message, "AIS-3.1"), "TLC");
  EXPECT_EQ(Get(message, "AIP-3.1"), "810002909371");
  EXPECT_EQ(Get(message, "AIP-3.2"), "DELATTRE");
  EXPECT_EQ(Get(message, "AIP-3.13"), "IDNPS");
  EXPECT_EQ(Get(message, "AIP-6"), "20250701090000+0200");
}

TEST_F(OutboundAppointmentsTest, ItsLife_IsToldEventByEvent) {
  Save("a1", Visit("proposed"), platform_);
  EXPECT_EQ(Events(), "");
  Save("a1", Visit("booked"), platform_);
  Save("a1", Visit("booked", "2025-07-01T10:00:00+02:00", "2025-07-01T10:20:00+02:00"), platform_);
  Save("a1", Visit("booked", "2025-07-01T10:00:00+02:00", "2025-07-01T10:20:00+02:00", R"("comment":"à jeun",)"),
       platform_);
  Save("a1", Visit("noshow", "2025-07-01T10:00:00+02:00", "2025-07-01T10:20:00+02:00"), platform_);
  EXPECT_EQ(Events(), "S12 S13 S14 S26");
  EXPECT_EQ(Get(Outbox()[2].payload, "NTE-3"), "à jeun");
  EXPECT_EQ(Get(Newest(), "SCH-25"), "Noshow");
}

TEST_F(OutboundAppointmentsTest, CancelledAndDeleted_AreS15AndS17) {
  Save("a1", Visit("booked"), platform_);
  Save("a1",
       Visit("cancelled", "2025-07-01T09:00:00+02:00", "2025-07-01T09:20:00+02:00",
             R"("cancelationReason":{"text":"souffrant"},)"),
       platform_);
  EXPECT_EQ(Events(), "S12 S15");
  EXPECT_EQ(Get(Newest(), "SCH-6.2"), "souffrant");
  EXPECT_EQ(Get(Newest(), "AIP-2"), "D");
  Save("a1", Visit("booked"), platform_);
  ASSERT_TRUE(TryDelete("Appointment", "a1", platform_));
  EXPECT_EQ(Events(), "S12 S15 S12 S17");
  EXPECT_EQ(Get(Newest(), "SCH-25"), "Deleted");
}

TEST_F(OutboundAppointmentsTest, TheHospitalsOwnNumber_ComesBackToIt) {
  Save("a1",
       Visit("booked", "2025-07-01T09:00:00+02:00", "2025-07-01T09:20:00+02:00",
             R"("identifier":[{"type":{"coding":[{"code":"FILL"}]},"system":"urn:oid:1.2.250.1.213.99.4",)"
             R"("value":"RV1"}],)"),
       platform_);
  EXPECT_EQ(Get(Newest(), "SCH-2.1"), "RV1");
  EXPECT_EQ(Get(Newest(), "SCH-2.3"), "1.2.250.1.213.99.4");
  EXPECT_EQ(Get(Newest(), "SCH-2.4"), "ISO");
}

TEST_F(OutboundAppointmentsTest, WhatTheHospitalSentItself_DoesNotComeBack) {
  Save("a1", Visit("booked"), hospital_);
  Save("a1", Visit("cancelled"), hospital_);
  EXPECT_EQ(Events(), "");
  Save("a1", Visit("booked"), platform_);
  EXPECT_EQ(Events(), "S12");
}

TEST_F(OutboundAppointmentsTest, Unchanged_IsNoNews) {
  Save("a1", Visit("booked"), platform_);
  Save("a1", Visit("booked"), platform_);
  EXPECT_EQ(Events(), "S12");
}

}  // namespace
}  // namespace tests::adapters_support
