// The story's parties under the shipped policies: each sees its own, books and writes what it may, and nothing else.
#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

constexpr std::string_view kAgenda = "https://platform.example/agenda";

class PartiesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Put("Organization", "ha", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000010"}])");
    Put("Organization", "hb", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000028"}])");
    Put("Organization", "amo", R"("identifier":[{"system":"urn:test:insurers","value":"AMO"}])");
    Put("Organization", "amc", R"("identifier":[{"system":"urn:test:insurers","value":"AMC"}])");
    for (const char* n : {"1", "2"}) {
      Put("Patient", fmt::format("p{}", n),
          fmt::format(
              R"("identifier":[{{"system":"urn:test:ipp","value":"P{0}"}},)"
              R"({{"type":{{"coding":[{{"code":"NH"}}]}},"system":"urn:oid:1.2.250.1.213.1.4.8","value":"NIR{0}"}},)"
              R"({{"type":{{"coding":[{{"code":"INS-NIR-TEST"}}]}},"system":"urn:oid:1.2.250.1.213.1.4.10","value":"INS{0}"}}],)"
              R"("managingOrganization":{{"reference":"Organization/{1}"}})",
              n, *n == '1' ? "ha" : "hb"));
      Put("Binary", fmt::format("b{}", n), R"("contentType":"text/plain","data":"aGVsbG8=")");
      Put("DocumentReference", fmt::format("d{}", n),
          fmt::format(R"("status":"current","subject":{{"reference":"Patient/p{0}"}},)"
                      R"("content":[{{"attachment":{{"contentType":"text/plain","url":"Binary/b{0}"}}}}])",
                      n));
    }
    for (const char* insurer : {"amo", "amc"}) {
      Put("Coverage", fmt::format("cov-{}", insurer),
          fmt::format(
              R"("status":"active","beneficiary":{{"reference":"Patient/p1"}},"payor":[{{"reference":"Organization/{}"}}])",
              insurer));
      Put("Claim", fmt::format("claim-{}", insurer),
          fmt::format(
              R"("status":"active","type":{{"text":"t"}},"use":"predetermination","created":"2025-06-01",)"
              R"("patient":{{"reference":"Patient/p1"}},"provider":{{"reference":"Organization/ha"}},"priority":{{"text":"n"}},)"
              R"("insurer":{{"reference":"Organization/{0}"}},"insurance":[{{"sequence":1,"focal":true,"coverage":{{"reference":"Coverage/cov-{0}"}}}}])",
              insurer));
      Put("ExplanationOfBenefit", fmt::format("eob-{}", insurer),
          fmt::format(
              R"("status":"active","type":{{"text":"t"}},"use":"predetermination","created":"2025-06-01",)"
              R"("patient":{{"reference":"Patient/p1"}},"provider":{{"reference":"Organization/ha"}},"outcome":"complete",)"
              R"("claim":{{"reference":"Claim/claim-{0}"}},"insurer":{{"reference":"Organization/{0}"}},)"
              R"("insurance":[{{"focal":true,"coverage":{{"reference":"Coverage/cov-{0}"}}}}])",
              insurer));
    }
  }

  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }
  static Response Get(std::string_view party, const std::string& target, HeaderFields fields = {}) {
    return TheGateway().Send(party, Method::kGet, "/fhir/" + target, "", std::move(fields));
  }
  static Response Post(std::string_view party, const std::string& target, std::string body, HeaderFields fields = {}) {
    return TheGateway().Send(party, Method::kPost, "/fhir" + target, std::move(body), std::move(fields));
  }
  static Response SearchBenefits(std::string_view party, std::string form) {
    return Post(party, "/ExplanationOfBenefit/_search", std::move(form),
                {{"Content-Type", "application/x-www-form-urlencoded"}});
  }
};

using Ids = std::vector<std::string>;

TEST_F(PartiesTest, Insurer_FindsItsOwnBenefitsByBillingNumberNotByIns) {
  const std::string by_nir = "patient.identifier=urn%3Aoid%3A1.2.250.1.213.1.4.8%7CNIR1&created=ge2025-01-01";
  EXPECT_EQ(IdsOf(SearchBenefits("insurer-amo", by_nir)), Ids{"eob-amo"});
  EXPECT_EQ(IdsOf(SearchBenefits("insurer-amc", by_nir)), Ids{"eob-amc"});
  EXPECT_EQ(IdsOf(SearchBenefits("insurer-amo",
                                 "patient.identifier=urn%3Aoid%3A1.2.250.1.213.1.4.10%7CINS1&created=ge2025-01-01")),
            Ids{});
  EXPECT_EQ(IdsOf(SearchBenefits("insurer-amo", "created=ge2026-01-01")), Ids{});
}

TEST_F(PartiesTest, Insurer_SeesNoOtherInsurersMoneyAndNoMedicine) {
  EXPECT_EQ(Get("insurer-amo", "ExplanationOfBenefit/eob-amo").status, 200);
  EXPECT_EQ(Get("insurer-amo", "ExplanationOfBenefit/eob-amc").status, 404);
  EXPECT_EQ(Get("insurer-amo", "Claim/claim-amc").status, 404);
  EXPECT_EQ(Get("insurer-amo", "Coverage/cov-amc").status, 404);
  for (const char* path : {"Patient/p1", "DocumentReference/d1", "Binary/b1"}) {
    EXPECT_GE(Get("insurer-amo", path).status, 403) << path;
  }
  const Response documents = Get("insurer-amo", "DocumentReference?status=current");
  EXPECT_TRUE(documents.status == 403 || IdsOf(documents).empty());
  // An include is no way around.
  EXPECT_EQ(IdsOf(Get("insurer-amo", "ExplanationOfBenefit?_include=ExplanationOfBenefit:patient")), Ids{"eob-amo"});
}

TEST_F(PartiesTest, Insurer_FindsAMemberByNothingButBillingAndMemberNumber) {
  Put("Patient", "pm",
      R"("name":[{"family":"Membre"}],"address":[{"city":"Nantes"}],"identifier":[)"
      R"({"system":"urn:test:ipp","value":"UNTYPED"},)"
      R"({"type":{"coding":[{"code":"PI"}]},"system":"urn:test:ipp","value":"IPP"},)"
      R"({"type":{"coding":[{"code":"VN"}]},"system":"urn:test:vn","value":"VISIT"},)"
      R"({"type":{"coding":[{"code":"NH"}]},"system":"urn:oid:1.2.250.1.213.1.4.8","value":"NIRM"},)"
      R"({"type":{"coding":[{"code":"MB"}]},"system":"urn:test:members","value":"MEMBER"}])");
  Put("Coverage", "cov-m",
      R"("status":"active","beneficiary":{"reference":"Patient/pm"},"payor":[{"reference":"Organization/amo"}])");
  for (const char* found :
       {"beneficiary:Patient.identifier=NIRM", "beneficiary:Patient.identifier=urn:test:members%7CMEMBER"}) {
    EXPECT_EQ(IdsOf(Get("insurer-amo", std::string("Coverage?") + found)), Ids{"cov-m"}) << found;
  }
  for (const char* hidden :
       {"patient.identifier=IPP", "patient.identifier=urn:test:ipp%7CIPP", "patient.identifier=VISIT",
        "patient.identifier=UNTYPED", "patient.address=nantes", "patient.family=membre", "patient._id=pm"}) {
    EXPECT_EQ(IdsOf(Get("", std::string("Coverage?") + hidden)), Ids{"cov-m"}) << hidden;
    EXPECT_EQ(IdsOf(Get("insurer-amo", std::string("Coverage?") + hidden)), Ids{}) << hidden;
  }
}

TEST_F(PartiesTest, Hospital_BooksWithNoOtherHospitalsPatient) {
  const std::string both =
      R"({"resourceType":"Appointment","status":"booked","participant":[)"
      R"({"actor":{"reference":"Patient/p1"},"status":"accepted"},{"actor":{"reference":"Patient/p2"},"status":"accepted"}]})";
  const Response refused = Post("hospital-a", "/Appointment", both);
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_NE(refused.body.find("Appointment.participant[1].actor.reference"), std::string::npos) << refused.body;
}

TEST_F(PartiesTest, Platform_OpensNoRecordByABookingOrAnAttachmentOfItsOwn) {
  const auto send = [](Method method, const std::string& target, const std::string& body) {
    return TheGateway().Send("platform-q", method, "/fhir/" + target, body);
  };
  constexpr std::string_view kNamespace = "https://other.example/agenda";
  ASSERT_LT(send(Method::kPut, "Schedule/sq",
                 fmt::format(R"({{"resourceType":"Schedule","id":"sq","identifier":[{{"system":"{}","value":"1"}}],)"
                             R"("actor":[{{"display":"x"}}]}})",
                             kNamespace))
                .status,
            300);
  ASSERT_LT(send(Method::kPut, "Slot/slq",
                 R"({"resourceType":"Slot","id":"slq","schedule":{"reference":"Schedule/sq"},"status":"free",)"
                 R"("start":"2025-07-02T09:00:00+02:00","end":"2025-07-02T09:15:00+02:00"})")
                .status,
            300);
  const auto booking = [](std::string_view patient) {
    return fmt::format(R"({{"resourceType":"Appointment","status":"booked","slot":[{{"reference":"Slot/slq"}}],)"
                       R"("start":"2025-07-02T07:00:00Z","end":"2025-07-02T07:15:00Z",)"
                       R"("participant":[{{"actor":{{"reference":"{}"}},"status":"accepted"}}]}})",
                       patient);
  };
  for (const char* patient : {"Patient/p2", "https://gw.example/fhir/Patient/p2", "Patient/nobody"}) {
    EXPECT_EQ(send(Method::kPost, "Appointment", booking(patient)).status, 403) << patient;
  }
  EXPECT_EQ(Get("platform-q", "Patient/p2").status, 404);

  // Booked by the hospital, the patient is known: still neither the hospital's bytes nor another patient.
  const Response booked = Post("hospital-b", "/Appointment", booking("https://gw.example/fhir/Patient/p2"));
  ASSERT_EQ(booked.status, 201) << booked.body;
  EXPECT_NE(booked.body.find(R"("Patient/p2")"), std::string::npos) << booked.body;
  EXPECT_EQ(Get("platform-q", "Patient/p2").status, 200);
  const auto document = [&](std::string_view system) {
    return fmt::format(R"({{"resourceType":"DocumentReference","identifier":[{{"system":"{}","value":"1"}}],)"
                       R"("status":"current","subject":{{"reference":"Patient/p2"}},)"
                       R"("content":[{{"attachment":{{"url":"Binary/b2"}}}}]}})",
                       system);
  };
  EXPECT_EQ(send(Method::kPost, "DocumentReference", document(kNamespace)).status, 403);
  EXPECT_EQ(Get("platform-q", "Binary/b2").status, 404);
  const auto encounter = [&](std::string_view patient, std::string_view more_systems) {
    return fmt::format(R"({{"resourceType":"Encounter","id":"eq","identifier":[{{"system":"{}","value":"1"}}{}],)"
                       R"("status":"finished","class":{{"code":"VR"}},"subject":{{"reference":"{}"}}}})",
                       kNamespace, more_systems, patient);
  };
  ASSERT_EQ(send(Method::kPut, "Encounter/eq", encounter("Patient/p2", "")).status, 201);
  EXPECT_EQ(send(Method::kPut, "Encounter/eq", encounter("Patient/p1", "")).status, 403);
  for (const char* system :
       {"urn:oid:1.2.250.1.71.4.2.2.990000028", "https://passerelle.example/fhir/identifier/claim"}) {
    const Response reserved = send(Method::kPut, "Encounter/eq",
                                   encounter("Patient/p2", fmt::format(R"(,{{"system":"{}","value":"1"}})", system)));
    EXPECT_EQ(reserved.status, 403) << system;
    EXPECT_NE(reserved.body.find("Encounter.identifier[1]"), std::string::npos) << reserved.body;
  }
  ASSERT_LT(TheGateway().Send("", Method::kDelete, "/fhir/Encounter/eq").status, 300);
  EXPECT_EQ(send(Method::kPut, "Encounter/eq", encounter("Patient/p2", "")).status, 403) << "deleted ids stay deleted";
}

TEST_F(PartiesTest, Hospital_ReadsItsOwnPatientsOnly) {
  EXPECT_EQ(Get("hospital-a", "Patient/p1").status, 200);
  EXPECT_EQ(Get("hospital-a", "Patient/p2").status, 404);
  EXPECT_EQ(IdsOf(Get("hospital-a", "Patient")), Ids{"p1"});
  EXPECT_EQ(IdsOf(Get("hospital-b", "DocumentReference")), Ids{"d2"});
  EXPECT_EQ(Get("hospital-a", "Patient/p2/_history").status, 404);
  EXPECT_EQ(Get("hospital-a", "Binary/b1", {{"Accept", "text/plain"}}).body, "hello");
  EXPECT_EQ(Get("hospital-a", "Binary/b2").status, 404);
  const Response refused = Post("hospital-a", "/Patient", R"({"resourceType":"Patient"})");
  EXPECT_EQ(refused.status, 403) << refused.body;
}

TEST_F(PartiesTest, Patient_ReadsTheReportAndWritesNothing) {
  EXPECT_EQ(Get("patient-1", "DocumentReference/d1").status, 200);
  EXPECT_EQ(Get("patient-1", "Binary/b1").status, 200);
  EXPECT_EQ(Get("patient-1", "DocumentReference/d2").status, 404);
  EXPECT_EQ(Get("patient-1", "Binary/b2").status, 404);
  EXPECT_EQ(IdsOf(Get("patient-1", "Patient")), Ids{"p1"});
  EXPECT_EQ(Post("patient-1", "/Task", R"({"resourceType":"Task","status":"requested","intent":"order"})").status, 403);
}

TEST_F(PartiesTest, Platform_PublishesIsBookedAndWritesTheConsultation) {
  const auto published = Post(
      "platform-p", "",
      fmt::format(R"({{"resourceType":"Bundle","type":"transaction","entry":[)"
                  R"({{"resource":{{"resourceType":"Schedule","id":"s1","identifier":[{{"system":"{0}",)"
                  R"("value":"s1"}}],"actor":[{{"display":"x"}}]}},"request":{{"method":"PUT","url":"Schedule/s1"}}}},)"
                  R"({{"resource":{{"resourceType":"Slot","id":"sl1","schedule":{{"reference":"Schedule/s1"}},)"
                  R"("status":"free","start":"2025-07-01T09:00:00+02:00","end":"2025-07-01T09:15:00+02:00"}},)"
                  R"("request":{{"method":"PUT","url":"Slot/sl1"}}}}]}})",
                  kAgenda));
  ASSERT_EQ(published.status, 200) << published.body;
  // Another platform can neither see nor take what is not its own.
  EXPECT_EQ(Get("platform-q", "Slot/sl1").status, 404);
  const auto stolen = TheGateway().Send(
      "platform-q", Method::kPut, "/fhir/Schedule/s1",
      R"({"resourceType":"Schedule","id":"s1","identifier":[{"system":"https://other.example/agenda","value":"s1"}],"actor":[{"display":"x"}]})");
  EXPECT_GE(stolen.status, 403) << stolen.body;

  EXPECT_EQ(Get("platform-p", "Patient/p1").status, 404) << "not before a booking";
  const std::string consultation = fmt::format(
      R"({{"resourceType":"Bundle","type":"transaction","entry":[)"
      R"({{"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{{"resourceType":"Encounter",)"
      R"("identifier":[{{"system":"{0}","value":"e1"}}],"status":"finished",)"
      R"("class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode",)"
      R"("code":"VR"}},"subject":{{"reference":"Patient/p1"}}}},"request":{{"method":"POST","url":"Encounter"}}}},)"
      R"({{"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{{"resourceType":"Binary",)"
      R"("contentType":"application/pdf","data":"JVBERg=="}},"request":{{"method":"POST","url":"Binary"}}}},)"
      R"({{"resource":{{"resourceType":"DocumentReference","identifier":[{{"system":"{0}",)"
      R"("value":"r1"}}],"status":"current","subject":{{"reference":"Patient/p1"}},)"
      R"("content":[{{"attachment":{{"url":"urn:uuid:22222222-2222-4222-8222-222222222222"}}}}],)"
      R"("context":{{"encounter":[{{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"}}]}}}},)"
      R"("request":{{"method":"POST","url":"DocumentReference"}}}}]}})",
      kAgenda);
  EXPECT_EQ(Post("platform-p", "", consultation).status, 403) << "not before a booking";

  const std::string booking = R"({"resourceType":"Appointment","status":"booked","slot":[{"reference":"Slot/sl1"}],)"
                              R"("start":"2025-07-01T07:00:00Z","end":"2025-07-01T07:15:00Z",)"
                              R"("participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}]})";
  EXPECT_EQ(Post("hospital-b", "/Appointment", booking).status, 403) << "the patient is of another hospital";
  const Response booked = Post("hospital-a", "/Appointment", booking);
  ASSERT_EQ(booked.status, 201) << booked.body;

  EXPECT_EQ(Get("platform-p", "Patient/p1").status, 200);
  EXPECT_EQ(Get("platform-p", "Patient/p2").status, 404);
  EXPECT_EQ(Get("platform-p", "DocumentReference/d1").status, 404) << "the hospital's own document";
  const Response consulted = Post("platform-p", "", consultation);
  ASSERT_EQ(consulted.status, 200) << consulted.body;
  const auto reports = IdsOf(Get("hospital-a", fmt::format("DocumentReference?identifier={}%7Cr1", kAgenda)));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(Get("patient-1", "DocumentReference/" + reports[0]).status, 200);
  EXPECT_EQ(Get("patient-2", "DocumentReference/" + reports[0]).status, 404);
}

TEST_F(PartiesTest, Audit_EachPartyFindsItsOwnEventsAndTheOperatorAll) {
  EXPECT_EQ(Get("hospital-b", "Patient/p2").status, 200);
  const auto by_all = IdsOf(Get("operator-o", "AuditEvent?altid=hospital-b&entity=Patient/p2&subtype=read"));
  EXPECT_GE(by_all.size(), 1u);
  const auto own = IdsOf(Get("hospital-b", "AuditEvent?entity=Patient/p2&subtype=read"));
  EXPECT_EQ(own.size(), by_all.size());
  EXPECT_TRUE(IdsOf(Get("hospital-a", "AuditEvent?altid=hospital-b")).empty());
  EXPECT_EQ(Get("operator-o", "Patient/p2").status, 404) << "not granted looks like not there";
}

TEST_F(PartiesTest, Audit_AWriteAndItsEventCommitTogether) {
  const Response created = Post("", "/Basic", R"({"resourceType":"Basic","code":{"text":"x"}})");
  ASSERT_EQ(created.status, 201);
  const std::string id(JsonOf(created).FindText("id"));
  const auto events = IdsOf(Get("operator-o", "AuditEvent?entity=Basic/" + id));
  ASSERT_EQ(events.size(), 1u);
  const auto event = JsonOf(Get("operator-o", "AuditEvent/" + events[0]));
  EXPECT_EQ(event.FindText("action"), "C");
  EXPECT_EQ(event.Find("subtype")->items().at(0).FindText("code"), "create");
}

// What a write leaves as it was, and shows all the same, is a read.
TEST_F(PartiesTest, Audit_ShownAndNotChanged_IsRecordedOnceAndAfterTheFact) {
  const std::string body = R"({"resourceType":"Basic","identifier":[{"system":"urn:trail","value":"s1"}],)"
                           R"("code":{"text":"shown"}})";
  const auto send = [&](gateway::http::Method method, const std::string& path, const std::string& text,
                        HeaderFields fields) {
    return TheGateway().Send("", method, "/fhir" + path, text, std::move(fields));
  };
  using enum gateway::http::Method;
  const Response created = send(kPost, "/Basic", body, {{"Idempotency-Key", "trail-1"}});
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string id(JsonOf(created).FindText("id"));
  const auto events = [&](const std::string& action) {
    return IdsOf(Get("operator-o", "AuditEvent?entity=Basic/" + id + "&action=" + action)).size();
  };
  ASSERT_EQ(events("C"), 1u);
  ASSERT_EQ(events("R"), 0u);

  const HeaderFields patch{{"Content-Type", "application/json-patch+json"}};
  ASSERT_EQ(send(kPatch, "/Basic/" + id, "[]", patch).status, 200);
  EXPECT_EQ(events("R"), 1u) << "a patch of nothing";
  ASSERT_EQ(send(kPatch, "/Basic/" + id, R"([{"op":"test","path":"/code/text","value":"shown"}])", patch).status, 200);
  EXPECT_EQ(events("R"), 2u) << "a patch that only tests";
  ASSERT_EQ(send(kPost, "/Basic", body, {{"Idempotency-Key", "trail-1"}}).status, 201);
  EXPECT_EQ(events("R"), 3u) << "the first answer again";
  ASSERT_EQ(send(kPost, "/Basic", body, {{"If-None-Exist", "identifier=urn:trail%7Cs1"}}).status, 200);
  EXPECT_EQ(events("R"), 4u) << "what exists already";
  EXPECT_EQ(events("C"), 1u);
  EXPECT_EQ(events("U"), 0u);

  const std::string mixed =
      R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" + body +
      R"(,"request":{"method":"POST","url":"Basic","ifNoneExist":"identifier=urn:trail|s1"}},{"resource":)" +
      R"({"resourceType":"Basic","code":{"text":"another"}},"request":{"method":"POST","url":"Basic"}}]})";
  const Response both = send(kPost, "", mixed, {});
  ASSERT_EQ(both.status, 200) << both.body;
  EXPECT_EQ(events("E"), 1u) << "the one that was shown";
  const auto answer = JsonOf(both);
  const auto location = answer.Find("entry")->items().at(1).Find("response")->FindText("location");
  const std::string other = std::string(location.substr(location.find("Basic/")));
  const auto of_other = IdsOf(Get("operator-o", "AuditEvent?entity=" + other.substr(0, other.find("/_history"))));
  EXPECT_EQ(of_other.size(), 1u) << "the one that was made, by its transaction alone";
}

/// A document of patient p1 with a label, and its bytes; custodian may be "".
void PutLabelled(const std::string& id, std::string_view system, std::string_view label, std::string_view custodian) {
  const auto put = [](const std::string& type, const std::string& id_of, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id_of,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id_of, members));
    ASSERT_LT(response.status, 300) << response.body;
  };
  put("Binary", id, R"("contentType":"text/plain","data":"aGVsbG8=")");
  put("DocumentReference", id,
      fmt::format(R"("status":"current","subject":{{"reference":"Patient/p1"}},{})"
                  R"("securityLabel":[{{"coding":[{{"system":"{}","code":"{}"}}]}}],)"
                  R"("content":[{{"attachment":{{"contentType":"text/plain","url":"Binary/{}"}}}}])",
                  custodian.empty() ? std::string()
                                    : fmt::format(R"("custodian":{{"reference":"Organization/{}"}},)", custodian),
                  system, label, id));
}

constexpr std::string_view kVisibility =
    "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument";

TEST_F(PartiesTest, MaskedDocuments_AreHiddenFromWhomTheyAreMasked_WithTheirBytes) {
  PutLabelled("m-patient", kVisibility, "INVISIBLE_PATIENT", "ha");
  PutLabelled("m-own", kVisibility, "MASQUE_PS", "ha");
  PutLabelled("m-other", kVisibility, "MASQUE_PS", "");
  for (const char* type : {"DocumentReference", "Binary"}) {
    const auto status = [&](std::string_view party, std::string_view id) {
      return Get(party, fmt::format("{}/{}", type, id)).status;
    };
    EXPECT_EQ(status("patient-1", "m-patient"), 404) << type;
    EXPECT_EQ(status("patient-1", "m-own"), 200) << type;
    EXPECT_EQ(status("hospital-a", "m-patient"), 200) << type;
    EXPECT_EQ(status("hospital-a", "m-own"), 200) << type << ": it keeps it itself";
    EXPECT_EQ(status("hospital-a", "m-other"), 404) << type;
    EXPECT_EQ(status("hospital-b", "m-own"), 404) << type;
  }
  const Response searched = Get("patient-1", "DocumentReference?subject=Patient/p1&_elements=status&_total=accurate");
  EXPECT_EQ(searched.body.find("m-patient"), std::string::npos);
  EXPECT_NE(searched.body.find("m-own"), std::string::npos);
}

}  // namespace
}  // namespace tests::rest
