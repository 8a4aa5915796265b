#include <gtest/gtest.h>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"

namespace {

namespace ack = adapters::hospital::hl7v2::ack;
namespace er7 = adapters::hospital::hl7v2::er7;

TEST(ErrorAck, EveryErrorCode_HasARow) {
  for (const auto code : fhir::kAllErrorCodes) {
    const auto& row = ack::RowOf(code);
    EXPECT_EQ(row.error, code) << fhir::Name(code);
    EXPECT_TRUE(row.code == ack::Code::kAE || row.code == ack::Code::kAR);
  }
}

TEST(Ack, Accept_SwapsTheHeaderAndKeepsVersionAndCharset) {
  const auto header =
      er7::ReadHeader("MSH|^~\\&|GAM|CHU|GW|SITE|20250110||ADT^A01^ADT_A01|42|D|2.5^FRA^2.11|||||FRA|8859/15\rPID|1");
  const auto text = ack::Build(header, {.code = ack::Code::kAA, .now_us = 0});
  EXPECT_EQ(text,
            "MSH|^~\\&|GW|SITE|GAM|CHU|19700101000000+0000||ACK^A01^ACK|ACK0|D|2.5^FRA^2.11|||||FRA|8859/15\r"
            "MSA|AA|42\r");
}

TEST(Ack, Refusal_NamesPlaceAndConditionAndReadsBack) {
  const auto header = er7::ReadHeader("MSH|^~\\&|GAM|CHU|GW|GW|2025||ADT^A01|42|D|2.5");
  er7::Fault fault{false, er7::Condition::kRequiredFieldMissing, er7::ParsePlace("PID-3[2].4"),
                   "a required field is missing"};
  const auto text = ack::Build(header, {.code = ack::Code::kAE, .faults = {fault}});
  EXPECT_NE(text.find("ERR||PID^1^3^2^4|101^Required field missing^HL70357|E||||PID-3[2].4: a required"),
            std::string::npos)
      << text;
  const auto read = ack::Read(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, ack::Code::kAE);
  EXPECT_EQ(read->control_id, "42");
  EXPECT_EQ(read->condition, "101");
  EXPECT_EQ(read->place, "PID-3");
}

TEST(Ack, UnreadableMessage_IsStillAnswered) {
  const auto text = ack::Build(er7::ReadHeader("garbage"), {.code = ack::Code::kAR});
  EXPECT_TRUE(text.starts_with("MSH|^~\\&|PASSERELLE|")) << text;
  EXPECT_NE(text.find("\rMSA|AR\r"), std::string::npos) << text;
}

}  // namespace
