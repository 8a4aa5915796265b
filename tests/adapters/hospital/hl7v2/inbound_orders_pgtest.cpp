// Orders, dispensings, charges and vaccinations on the real store: what one message began, another goes on with.
#include <fmt/format.h>

#include "tests/adapters/hospital/hl7v2/inbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

class InboundOrders : public InboundTest {
 protected:
  static std::string Data(const std::string& name) { return tests::hl7v2::ReadData(name + ".hl7"); }

  static std::string With(std::string raw, std::string_view what, std::string_view with) {
    const auto at = raw.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? raw : raw.replace(at, what.size(), with);
  }

  /// Value of the one resource of a type; reported when it is not one.
  std::string ValueOfOnly(std::string_view type, std::string_view path) {
    const auto found = All(type);
    EXPECT_EQ(found.size(), 1u) << type;
    return found.size() == 1 ? std::string(found[0].root().FindValue(path)) : std::string();
  }
};

TEST_F(InboundOrders, PharmacysEncoding_ChangesThePrescriptionOfTheWard) {
  Send(Data("medication_ordered"));
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "status"), "active");
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "dosageInstruction.doseAndRate.doseRange.high.value"), "5");
  Send(Data("medication_encoded"));
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "dosageInstruction.doseAndRate.doseQuantity.value"), "5");
  Send(Data("medication_cancelled"));
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "status"), "cancelled");
}

TEST_F(InboundOrders, Dispensing_NamesItsPrescription_AndLeavesItAsItIs) {
  Send(Data("medication_ordered"));
  Send(Data("medication_dispensed"));
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "status"), "active");
  const auto orders = All("MedicationRequest");
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(ValueOfOnly("MedicationDispense", "authorizingPrescription.reference"),
            fmt::format("MedicationRequest/{}", orders[0].id()));
  Send(Data("medication_dispensed"));
  EXPECT_EQ(ValueOfOnly("MedicationDispense", "status"), "completed");
}

TEST_F(InboundOrders, DispensingOfAPrescriptionThatNeverCame_MakesIt_UntilItComes) {
  Send(Data("medication_dispensed"));
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "status"), "unknown");
  Send(Data("medication_ordered"));
  EXPECT_EQ(ValueOfOnly("MedicationRequest", "status"), "active");
}

TEST_F(InboundOrders, Charge_IsOne_HoweverOftenItIsSent_AndAPaymentIsNone) {
  Send(Data("charges"));
  Send(Data("charges"));
  EXPECT_EQ(ValueOfOnly("ChargeItem", "priceOverride.value"), "25.00");
  EXPECT_NE(ValueOfOnly("ChargeItem", "account.reference"), "");
}

TEST_F(InboundOrders, Vaccination_IsTakenBack) {
  Send(Data("vaccination"));
  EXPECT_EQ(ValueOfOnly("Immunization", "status"), "completed");
  Send(With(Data("vaccination"), "|CP|A|", "|CP|D|"));
  EXPECT_EQ(ValueOfOnly("Immunization", "status"), "entered-in-error");
}

}  // namespace
}  // namespace tests::adapters_support
