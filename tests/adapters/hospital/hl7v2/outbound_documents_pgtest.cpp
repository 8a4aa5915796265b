// Reports that go back to the hospital of their patient, through the outbox of the real store.
#include "adapters/hospital/hl7v2/messages/outbound_documents.hpp"

#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "fhir/base/base64.hpp"
#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {
namespace {

namespace messages = ::adapters::hospital::hl7v2::messages;

constexpr std::string_view kIppSystem = "urn:oid:1.2.250.1.71.4.2.2.440000289";

class OutboundDocumentsTest : public ReactionTest {
 protected:
  void SetUp() override {
    messages::DocumentRoute route;
    route.destination = "chu-out";
    route.partner = "chu";
    route.loinc = {"11488-4", "34133-9"};
    route.message.patient_system = kIppSystem;
    route.message.receiving_facility = "chu";
    outbound_ = std::make_unique<messages::OutboundDocuments>(std::vector<messages::DocumentRoute>{route});
    Register({outbound_.get()});
    AddPatient("p1", kIppSystem);
    Save("b1", fmt::format(R"({{"resourceType":"Binary","id":"b1","contentType":"application/pdf","data":"{}"}})",
                           fhir::EncodeBase64("the report")));
  }

  void AddPatient(std::string_view id, std::string_view system) {
    Save(id, fmt::format(R"({{"resourceType":"Patient","id":"{}","identifier":[{{"system":"{}","value":"8000001"}}],)"
                         R"("name":[{{"family":"TEST"}}]}})",
                         id, system));
  }

  static std::string Report(std::string_view description, std::string_view loinc = "11488-4",
                            std::string_view patient = "p1", std::string_view status = "current",
                            std::string_view attachment = R"("url":"Binary/b1")") {
    return fmt::format(R"({{"resourceType":"DocumentReference","id":"d1","status":"{}","description":"{}",)"
                       R"("type":{{"coding":[{{"system":"http://loinc.org","code":"{}"}}]}},)"
                       R"("subject":{{"reference":"Patient/{}"}},"date":"2025-06-15T10:00:00+02:00",)"
                       R"("content":[{{"attachment":{{"contentType":"application/pdf",{}}}}}]}})",
                       status, description, loinc, patient, attachment);
  }

  const port::Actor platform_ = Party(port::PartyKind::kPlatform, "visio");
  std::unique_ptr<messages::OutboundDocuments> outbound_;
};

std::string ControlIdOf(const std::string& message) {
  return std::string(::adapters::hospital::hl7v2::er7::ReadHeader(message).control_id);
}

TEST_F(OutboundDocumentsTest, PlatformsReport_GoesToTheHospital) {
  Save("d1", Report("first"), platform_);
  const auto sent = Outbox();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].destination, "chu-out");
  EXPECT_EQ(sent[0].kind, "mllp");
  EXPECT_EQ(sent[0].order_key, "Patient/p1");
  EXPECT_EQ(sent[0].cause, "DocumentReference/d1/_history/1");
  EXPECT_NE(sent[0].payload.find("MDM^T02"), std::string::npos);
  EXPECT_NE(sent[0].payload.find("8000001"), std::string::npos);
  EXPECT_NE(sent[0].payload.find(fhir::EncodeBase64("the report")), std::string::npos);
}

TEST_F(OutboundDocumentsTest, EachVersion_HasAControlIdOfItsOwn_ThatDependsOnNothingElse) {
  Save("d1", Report("first"), platform_);
  Save("d1", Report("second"), platform_);
  auto sent = Outbox();
  ASSERT_EQ(sent.size(), 2u);
  const std::string first = ControlIdOf(sent[0].payload);
  EXPECT_EQ(first.size(), 20u);
  EXPECT_NE(first, ControlIdOf(sent[1].payload));

  SetUp();  // the same document, as version 1 of an empty database
  Save("d1", Report("first"), platform_);
  sent = Outbox();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(ControlIdOf(sent[0].payload), first);
}

TEST_F(OutboundDocumentsTest, UnchangedReport_IsNotSentTwice) {
  Save("d1", Report("first"), platform_);
  Save("d1", Report("first"), platform_);
  EXPECT_EQ(Outbox().size(), 1u);
}

TEST_F(OutboundDocumentsTest, HospitalsOwnAndOtherKindsOfParty_AreNotSent) {
  Save("d1", Report("own"), Party(port::PartyKind::kHospital, "chu"));
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
  Save("d1", Report("x", "11488-4", "p2"), platform_);
  EXPECT_TRUE(Outbox().empty());
}

TEST_F(OutboundDocumentsTest, SupersededOrWithoutContent_IsNotSent) {
  Save("d1", Report("x", "11488-4", "p1", "superseded"), platform_);
  Save("d1", Report("x", "11488-4", "p1", "current", R"("url":"https://elsewhere.example/report")"), platform_);
  Save("d1", Report("x", "11488-4", "p1", "current", R"("url":"Binary/nowhere")"), platform_);
  EXPECT_TRUE(Outbox().empty());
}

TEST_F(OutboundDocumentsTest, InlineContent_IsSent) {
  Save("d1", Report("x", "11488-4", "p1", "current", fmt::format(R"("data":"{}")", fhir::EncodeBase64("inline"))),
       platform_);
  const auto sent = Outbox();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_NE(sent[0].payload.find(fhir::EncodeBase64("inline")), std::string::npos);
}

}  // namespace
}  // namespace tests::adapters_support
