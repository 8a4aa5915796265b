#include "adapters/hospital/hl7v2/messages/mdm_out.hpp"

#include <gtest/gtest.h>

#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "fhir/base/base64.hpp"
#include "fhir/json/reader.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;

fhir::model::Document FromJson(std::string_view json) {
  fhir::IssueList issues;
  return *fhir::json::ReadJson(json, {}, issues);
}

TEST(MdmOut, Document_TravelsByteForByteInThePartnersCharset) {
  const auto document =
      FromJson(R"({"resourceType":"DocumentReference","id":"d1","status":"current","docStatus":"final",
    "masterIdentifier":{"value":"DOC-9"},"type":{"coding":[{"system":"http://loinc.org","code":"85208-7","display":"Compte rendu de téléconsultation"}]},
    "date":"2025-01-20T10:00:00+01:00","content":[{"attachment":{"contentType":"application/pdf"}}]})");
  const auto patient = FromJson(R"({"resourceType":"Patient","identifier":[{"system":"urn:x","value":"I|1"}],
    "name":[{"use":"official","family":"ŒUVRARD","given":["ÉLOÏSE"]}],"birthDate":"1977-07","gender":"female"})");
  const std::string content = std::string("%PDF\0\r\x1C\x0B|^~\\&", 13);
  hl7::messages::MdmOptions options{
      .control_id = "C1", .patient_system = "urn:x", .authority_name = "CHU", .authority_id = "990000010"};
  const auto message = hl7::messages::BuildMdmT02(document.root(), patient.root(), nullptr, content, options);
  ASSERT_TRUE(message);
  EXPECT_NE(message->find("\xBCUVRARD^\xC9LO\xCFSE^^^^^L"), std::string::npos);
  const auto parsed = hl7::er7::Message::Parse(*message, "ASCII");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->Get("MSH-9.2"), "T02");
  EXPECT_EQ(parsed->Get("MSH-10"), "C1");
  EXPECT_EQ(parsed->Get("MSH-12"), "2.6");
  EXPECT_EQ(parsed->Get("MSH-18"), "8859/15");
  EXPECT_EQ(parsed->Get("PID-3.1"), "I|1");
  EXPECT_EQ(parsed->Get("PID-3.4.2"), "990000010");
  EXPECT_EQ(parsed->Get("PID-3.5"), "PI");
  EXPECT_EQ(parsed->Get("PID-7"), "197707");
  EXPECT_EQ(parsed->Get("TXA-2.1"), "85208-7");
  EXPECT_EQ(parsed->Get("TXA-12"), "DOC-9");
  EXPECT_EQ(*fhir::DecodeBase64(parsed->Get("OBX-5.5")), content);
  EXPECT_EQ(*message, *hl7::messages::BuildMdmT02(document.root(), patient.root(), nullptr, content, options));
  // What we send is what we would accept.
  const auto back = hl7::messages::Translate(*message, tests::hl7v2::TestPartner(), *tests::hl7v2::ShippedMaps());
  EXPECT_TRUE(back.faults.empty()) << (back.faults.empty() ? "" : hl7::er7::ToPlace(back.faults[0].location));
  options.patient_system = "urn:other";
  EXPECT_FALSE(hl7::messages::BuildMdmT02(document.root(), patient.root(), nullptr, content, options));
}

}  // namespace
