// Reports that go back to the hospital of their patient as MDM, through the outbox of the real store.
#include "tests/adapters/hospital/hl7v2/outbound_fixture.hpp"

namespace tests::adapters_support {
namespace {

class OutboundDocumentsTest : public OutboundTest {
 protected:
  messages::OutboundRoute Route() const override {
    auto route = RouteOf("documents");
    route.codes = {"85208-7", "34133-9"};
    route.pdf_in_cda = pdf_in_cda_;
    return route;
  }

  void SetUp() override {
    OutboundTest::SetUp();
    Save("b1", fmt::format(R"({{"resourceType":"Binary","id":"b1","contentType":"text/plain","data":"{}"}})",
                           fhir::EncodeBase64("the report")));
  }

  static std::string Report(std::string_view description, std::string_view loinc = "85208-7",
                            std::string_view patient = "p1", std::string_view status = "current",
                            std::string_view attachment = R"("contentType":"text/plain","url":"Binary/b1")",
                            std::string_view more = "") {
    return fmt::format(R"({{"resourceType":"DocumentReference","id":"d1",{}"status":"{}","description":"{}",)"
                       R"("type":{{"coding":[{{"system":"http://loinc.org","code":"{}",)"
                       R"("display":"Compte rendu de téléconsultation"}}]}},)"
                       R"("subject":{{"reference":"Patient/{}"}},"date":"2025-06-15T10:00:00+02:00",)"
                       R"("content":[{{"attachment":{{{}}}}}]}})",
                       more, status, description, loinc, patient, attachment);
  }

  bool pdf_in_cda_ = true;
};

class BarePdfTest : public OutboundDocumentsTest {
 protected:
  BarePdfTest() { pdf_in_cda_ = false; }
};

TEST_F(OutboundDocumentsTest, PlatformsReport_GoesToTheHospital) {
  Save("d1", Report("first"), platform_);
  const auto sent = Outbox();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].destination, "chu-out");
  EXPECT_EQ(sent[0].kind, "mllp");
  EXPECT_EQ(sent[0].order_key, "Patient/p1");
  EXPECT_EQ(sent[0].cause, "DocumentReference/d1/_history/1");
  const std::string message = Newest();
  EXPECT_NE(message.find("\xBCUVRARD^\xC9LO\xCFSE^^^^^L"), std::string::npos);
  EXPECT_EQ(Get(message, "MSH-9.2"), "T02");
  EXPECT_EQ(Get(message, "MSH-12"), "2.6");
  EXPECT_EQ(Get(message, "MSH-18"), "8859/15");
  EXPECT_EQ(Get(message, "MSH-21.2"), "CISIS_CDA_HL7_V2");
  EXPECT_EQ(Get(message, "PID-3.1"), "8000001");
  EXPECT_EQ(Get(message, "PID-3.4.2"), "990000010");
  EXPECT_EQ(Get(message, "PID-3.5"), "PI");
  EXPECT_EQ(Get(message, "PID-7"), "19770701");
  EXPECT_EQ(Get(message, "PID-8"), "F");
  EXPECT_EQ(Get(message, "TXA-2.1"), "85208-7");
  EXPECT_EQ(Get(message, "TXA-12"), "d1");
  EXPECT_EQ(Get(message, "TXA-17"), "AU");
  EXPECT_EQ(Get(message, "OBX-5.5"), fhir::EncodeBase64("the report"));
}

TEST_F(OutboundDocumentsTest, EachVersion_HasAControlIdOfItsOwn_ThatDependsOnNothingElse) {
  Save("d1", Report("first"), platform_);
  Save("d1", Report("second"), platform_);
  auto sent = Outbox();
  ASSERT_EQ(sent.size(), 2u);
  const std::string first = er7::ReadHeader(sent[0].payload).control_id;
  EXPECT_EQ(first.size(), 20u);
  EXPECT_NE(first, er7::ReadHeader(sent[1].payload).control_id);

  SetUp();  // the same document, as version 1 of an empty database
  Save("d1", Report("first"), platform_);
  sent = Outbox();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(er7::ReadHeader(sent[0].payload).control_id, first);
}

TEST_F(OutboundDocumentsTest, ChangedAndWithdrawn_AreT10AndT04) {
  Save("d1", Report("first"), platform_);
  Save("d1", Report("second"), platform_);
  Save("d1", Report("second", "85208-7", "p1", "entered-in-error"), platform_);
  EXPECT_EQ(Events(), "T02 T10 T04");
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "TXA-12"), "d1");
  EXPECT_EQ(Get(message, "TXA-19"), "CA");
  EXPECT_EQ(Get(message, "OBX-11"), "D");
  EXPECT_EQ(Get(message, "OBX-5"), "");
}

TEST_F(OutboundDocumentsTest, Deleted_IsT04_AndWhatWasWithdrawnIsNoNewsAgain) {
  Save("d1", Report("first"), platform_);
  ASSERT_TRUE(TryDelete("DocumentReference", "d1", platform_));
  EXPECT_EQ(Events(), "T02 T04");
  EXPECT_EQ(Get(Newest(), "OBX-11"), "D");
  Save("d1", Report("x", "85208-7", "p1", "entered-in-error"), platform_);
  EXPECT_EQ(Events(), "T02 T04");
}

TEST_F(OutboundDocumentsTest, ReplacementOfAnother_NamesIt) {
  Save("d0",
       Report("first", "85208-7", "p1", "current", R"("contentType":"text/plain","url":"Binary/b1")",
              R"("masterIdentifier":{"system":"urn:oid:1.2.3","value":"N-1"},)"),
       platform_);
  Save("d1",
       Report("second", "85208-7", "p1", "current", R"("contentType":"text/plain","url":"Binary/b1")",
              R"("masterIdentifier":{"system":"urn:oid:1.2.3","value":"N-2"},)"
              R"("relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/d0"}}],)"),
       platform_);
  EXPECT_EQ(Events(), "T02 T10");
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "TXA-12.1"), "N-2");
  EXPECT_EQ(Get(message, "TXA-12.3"), "1.2.3");
  EXPECT_EQ(Get(message, "TXA-13.1"), "N-1");
}

TEST_F(OutboundDocumentsTest, Pdf_GoesInsideACda) {
  const std::string pdf = std::string("%PDF-1.7\0\r\x1C\x0B|^~\\&", 17);
  Save("d1",
       Report("x", "85208-7", "p1", "current",
              fmt::format(R"("contentType":"application/pdf","data":"{}")", fhir::EncodeBase64(pdf))),
       platform_);
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "OBX-5.2"), "TEXT");
  EXPECT_EQ(Get(message, "OBX-5.3"), "XML");
  const auto cda = fhir::DecodeBase64(Get(message, "OBX-5.5"));
  ASSERT_TRUE(cda);
  EXPECT_NE(cda->find("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">"), std::string::npos);
  EXPECT_NE(cda->find("<code code=\"85208-7\" codeSystem=\"2.16.840.1.113883.6.1\""), std::string::npos);
  EXPECT_NE(cda->find("extension=\"8000001\""), std::string::npos);
  EXPECT_NE(cda->find(fhir::EncodeBase64(pdf)), std::string::npos);
}

TEST_F(BarePdfTest, ByTheRoute_APdfStaysAsItIs) {
  Save("d1",
       Report("x", "85208-7", "p1", "current",
              fmt::format(R"("contentType":"application/pdf","data":"{}")", fhir::EncodeBase64("%PDF-1.7"))),
       platform_);
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "OBX-5.3"), "pdf");
  EXPECT_EQ(Get(message, "OBX-5.5"), fhir::EncodeBase64("%PDF-1.7"));
}

TEST_F(OutboundDocumentsTest, Restrictions_TravelBesideTheDocument) {
  Save("d1",
       Report("x", "85208-7", "p1", "current", R"("contentType":"text/plain","url":"Binary/b1")",
              R"("securityLabel":[{"coding":[{"system":"https://mos.esante.gouv.fr/NOS/)"
              R"(TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument","code":"MASQUE_PS"}]}],)"),
       platform_);
  const std::string message = Newest();
  EXPECT_EQ(Get(message, "OBX[2]-1"), "2");
  EXPECT_EQ(Get(message, "OBX[2]-3.1"), "MASQUE_PS");
  EXPECT_EQ(Get(message, "OBX[2]-5.1"), "Y");
}

TEST_F(OutboundDocumentsTest, UnchangedReport_IsNotSentTwice) {
  Save("d1", Report("first"), platform_);
  Save("d1", Report("first"), platform_);
  EXPECT_EQ(Outbox().size(), 1u);
}

TEST_F(OutboundDocumentsTest, HospitalsOwnAndOtherKindsOfParty_AreNotSent) {
  Save("d1", Report("own"), hospital_);
  Save("d1", Report("own as platform"), Party(port::PartyKind::kPlatform, "chu"));
  Save("d1", Report("insurer"), Party(port::PartyKind::kInsurer, "amo"));
  EXPECT_TRUE(Outbox().empty());
}

TEST_F(OutboundDocumentsTest, OtherTypesOfDocument_AreNotSent) {
  Save("d1", Report("x", "18842-5"), platform_);
  EXPECT_TRUE(Outbox().empty());
  Save("d1", Report("x", "34133-9"), platform_);
  EXPECT_EQ(Outbox().size(), 1u);
}

TEST_F(OutboundDocumentsTest, PatientUnknownToTheHospital_IsNotSent) {
  AddPatient("p2", "urn:oid:1.2.3.4");
  Save("d1", Report("x", "85208-7", "p2"), platform_);
  EXPECT_TRUE(Outbox().empty());
}

TEST_F(OutboundDocumentsTest, SupersededOrWithoutContent_IsNotSent) {
  Save("d1", Report("x", "85208-7", "p1", "superseded"), platform_);
  Save("d1", Report("x", "85208-7", "p1", "current", R"("url":"https://elsewhere.example/report")"), platform_);
  Save("d1", Report("x", "85208-7", "p1", "current", R"("url":"Binary/nowhere")"), platform_);
  EXPECT_TRUE(Outbox().empty());
}

}  // namespace
}  // namespace tests::adapters_support
