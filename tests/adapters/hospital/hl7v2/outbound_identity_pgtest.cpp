// An identity that was changed elsewhere, as ADT^A31 for a hospital that asks for it.
#include "tests/adapters/hospital/hl7v2/outbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

class OutboundIdentityTest : public OutboundTest {
 protected:
  messages::OutboundRoute Route() const override { return RouteOf("identity"); }

  void Change(std::string_view family, const port::Actor& actor) {
    Save("p1",
         fmt::format(R"({{"resourceType":"Patient","id":"p1","identifier":[{{"system":"{}","value":"8000001"}}],)"
                     R"("name":[{{"use":"official","family":"{}","given":["ÉLOÏSE"]}}],"birthDate":"1977-07-01",)"
                     R"("telecom":[{{"system":"phone","value":"0102030405"}}],)"
                     R"("address":[{{"line":["1 RUE X"],"city":"NANTES","postalCode":"44000","country":"FRA"}}]}})",
                     kIppSystem, family),
         actor);
  }
};

TEST_F(OutboundIdentityTest, ChangedElsewhere_IsA31_AndTheHospitalsOwnIsNone) {
  Change("DUPONT", hospital_);
  EXPECT_EQ(Events(), "");
  Change("DURAND", platform_);
  EXPECT_EQ(Events(), "A31");
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "MSH-9.3"), "ADT_A05");
  EXPECT_EQ(Get(message, "MSH-12.2"), "FRA");
  EXPECT_EQ(Get(message, "PID-3.1"), "8000001");
  EXPECT_EQ(Get(message, "PID-5.1"), "DURAND");
  EXPECT_EQ(Get(message, "PID-11.3"), "NANTES");
  EXPECT_EQ(Get(message, "PID-13.12"), "0102030405");
  EXPECT_EQ(Get(message, "PV1-2"), "N");
}

}  // namespace
}  // namespace tests::adapters_support
