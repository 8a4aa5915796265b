// Measures taken at home or in a cabin, as ORU^R01 for the hospital of the patient.
#include "tests/adapters/hospital/hl7v2/outbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

class OutboundMeasuresTest : public OutboundTest {
 protected:
  messages::OutboundRoute Route() const override {
    auto route = RouteOf("measures");
    route.codes = {"vital-signs"};
    return route;
  }

  static std::string Measure(std::string_view status, std::string_view value, std::string_view code = "8867-4",
                             std::string_view category = "vital-signs") {
    return fmt::format(
        R"({{"resourceType":"Observation","id":"o1","status":"{}","category":[{{"coding":[{{"code":"{}"}}]}}],)"
        R"("code":{{"coding":[{{"system":"http://loinc.org","code":"{}","display":"Fréquence cardiaque"}}]}},)"
        R"("subject":{{"reference":"Patient/p1"}},"effectiveDateTime":"2025-06-15T10:00:00+02:00",{}}})",
        status, category, code, value);
  }
  static constexpr std::string_view kRate =
      R"("valueQuantity":{"value":72.50,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"})";
};

TEST_F(OutboundMeasuresTest, AMeasure_IsSentAsItWasWritten) {
  Save("o1", Measure("final", kRate), platform_);
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "MSH-9.1"), "ORU");
  EXPECT_EQ(Get(message, "MSH-9.2"), "R01");
  EXPECT_EQ(Get(message, "PID-3.1"), "8000001");
  EXPECT_EQ(Get(message, "OBR-3.1"), "o1");
  EXPECT_EQ(Get(message, "OBR-4.1"), "8867-4");
  EXPECT_EQ(Get(message, "OBR-4.3"), "LN");
  EXPECT_EQ(Get(message, "OBR-7"), "20250615100000+0200");
  EXPECT_EQ(Get(message, "OBX-2"), "NM");
  EXPECT_EQ(Get(message, "OBX-5"), "72.50");
  EXPECT_EQ(Get(message, "OBX-6.1"), "/min");
  EXPECT_EQ(Get(message, "OBX-6.3"), "UCUM");
  EXPECT_EQ(Get(message, "OBX-11"), "F");
}

TEST_F(OutboundMeasuresTest, SeveralValues_AreAnObxEach) {
  Save("o1",
       Measure("final",
               R"("component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},)"
               R"("valueQuantity":{"value":120,"unit":"mm[Hg]"}},)"
               R"({"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},)"
               R"("valueQuantity":{"value":80,"unit":"mm[Hg]"}}])",
               "85354-9"),
       platform_);
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "OBR-4.1"), "85354-9");
  EXPECT_EQ(Get(message, "OBX-1"), "1");
  EXPECT_EQ(Get(message, "OBX-3.1"), "8480-6");
  EXPECT_EQ(Get(message, "OBX-5"), "120");
  EXPECT_EQ(Get(message, "OBX[2]-1"), "2");
  EXPECT_EQ(Get(message, "OBX[2]-3.1"), "8462-4");
  EXPECT_EQ(Get(message, "OBX[2]-5"), "80");
  EXPECT_EQ(Get(message, "OBX[3]-1"), "");
}

TEST_F(OutboundMeasuresTest, CorrectedAndWithdrawn_SaySo_PreliminaryIsNotSent) {
  Save("o1", Measure("preliminary", kRate), platform_);
  EXPECT_TRUE(Outbox().empty());
  Save("o1", Measure("final", kRate), platform_);
  Save("o1", Measure("corrected", R"("valueQuantity":{"value":75})"), platform_);
  EXPECT_EQ(Get(Newest(), "OBX-11"), "C");
  Save("o1", Measure("entered-in-error", R"("valueQuantity":{"value":75})"), platform_);
  EXPECT_EQ(Get(Newest(), "OBX-11"), "D");
  EXPECT_EQ(Outbox().size(), 3u);
}

TEST_F(OutboundMeasuresTest, CodesAndTexts_HaveTheirTypes) {
  Save("o1",
       Measure("final", R"("valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"123",)"
                        R"("display":"a^b"}]})"),
       platform_);
  EXPECT_EQ(Get(Newest(), "OBX-2"), "CWE");
  EXPECT_EQ(Get(Newest(), "OBX-5.1"), "123");
  EXPECT_EQ(Get(Newest(), "OBX-5.2"), "a^b");
  Save("o1", Measure("final", R"("valueString":"calm|quiet")"), platform_);
  EXPECT_EQ(Get(Newest(), "OBX-2"), "ST");
  EXPECT_EQ(Get(Newest(), "OBX-5"), "calm|quiet");
}

TEST_F(OutboundMeasuresTest, OtherCategories_AndTheHospitalsOwn_AreNotSent) {
  Save("o1", Measure("final", kRate, "8867-4", "laboratory"), platform_);
  Save("o1", Measure("final", kRate), hospital_);
  EXPECT_TRUE(Outbox().empty());
}

}  // namespace
}  // namespace tests::adapters_support
