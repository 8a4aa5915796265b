// $expunge through the database: no row of a patient is left in any table, others' rows are, and the trail tells.
#include <fmt/format.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

class ExpungePg : public testing::Test {
 protected:
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }
  static Response Expunge(std::string_view party, const std::string& path, std::string_view flag, int limit = 1000) {
    return TheGateway().Send(
        party, Method::kPost, "/fhir/" + path + "/$expunge",
        fmt::format(R"({{"resourceType":"Parameters","parameter":[{{"name":"{}","valueBoolean":true}},)"
                    R"({{"name":"limit","valueInteger":{}}}]}})",
                    flag, limit));
  }
  /// Rows of a resource that are current, over every table that has any: tables that are added later are seen too.
  static std::int64_t RowsOf(const std::string& id) {
    const auto connection = support::SharedDatabase().Connect();
    const auto tables = connection->ExecuteAdHoc(
        "tables",
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        " AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('id', 'type', "
        "'closed_tx'))"
        " = 3",
        {});
    EXPECT_TRUE(tables);
    EXPECT_GE(tables->size(), 8);
    std::int64_t rows = 0;
    for (int i = 0; i < tables->size(); ++i) {
      gateway::store::pg::Parameters parameters;
      parameters.Text(id);
      const std::string table = (*tables)[i].String(0);
      const auto count = connection->ExecuteAdHoc("rows",
                                                  "SELECT count(*) FROM " + table +
                                                      " WHERE id = $1::text AND (closed_tx IS NULL OR '" + table +
                                                      "' = 'resource_version')",
                                                  parameters);
      EXPECT_TRUE(count);
      rows += (*count)[0].Int(0);
    }
    return rows;
  }
};

TEST_F(ExpungePg, PreviousVersions_GoAndTheCurrentOneStays) {
  for (const char* n : {"1", "2", "3"}) {
    Put("Basic", "ex-b", fmt::format(R"("code":{{"text":"{}"}})", n));
  }
  const Response response = Expunge("operator-o", "Basic/ex-b", "expungePreviousVersions");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_NE(response.body.find(R"("name":"count","valueInteger":2)"), std::string::npos) << response.body;
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Basic/ex-b").status, 200);
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Basic/ex-b/_history/2").status, 404);
  Put("Basic", "ex-b", R"("code":{"text":"4"})");
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Basic/ex-b/_history/4").status, 200) << "numbers go on";
}

TEST_F(ExpungePg, DeletedResource_GoesWhole_AndItsIdBeginsAnew) {
  Put("Basic", "ex-d", R"("code":{"text":"1"})");
  EXPECT_NE(Expunge("operator-o", "Basic/ex-d", "expungeDeletedResources").body.find(R"("valueInteger":0)"),
            std::string::npos);
  ASSERT_EQ(TheGateway().Send("", Method::kDelete, "/fhir/Basic/ex-d").status, 204);
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Basic/ex-d").status, 410);
  EXPECT_EQ(Expunge("operator-o", "Basic/ex-d", "expungeDeletedResources").status, 200);
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Basic/ex-d").status, 404);
  EXPECT_EQ(RowsOf("ex-d"), 0);
  Put("Basic", "ex-d", R"("code":{"text":"1"})");
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Basic/ex-d/_history/1").status, 200);
}

TEST_F(ExpungePg, Patient_WithAllThatIsAboutThePatientAlone) {
  const auto about = [](std::string_view patient) {
    return fmt::format(R"("subject":{{"reference":"Patient/{}"}})", patient);
  };
  for (const char* patient : {"ex-p1", "ex-p2"}) {
    Put("Patient", patient, R"("name":[{"family":"Marque"}],"birthDate":"1980-01-01")");
  }
  Put("Binary", "ex-bytes", R"("contentType":"text/plain","data":"aGVsbG8=")");
  Put("DocumentReference", "ex-letter",
      about("ex-p1") +
          R"(,"status":"current","content":[{"attachment":{"contentType":"text/plain","url":"Binary/ex-bytes"}}])");
  for (int i = 0; i < 5; ++i) {
    Put("Observation", fmt::format("ex-o{}", i),
        about("ex-p1") + R"(,"status":"final","code":{"coding":[{"code":"x"}]},"effectiveDateTime":"2024-01-01",)"
                         R"("valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"kg"})");
  }
  Put("Observation", "ex-gone", about("ex-p1") + R"(,"status":"final","code":{"text":"x"})");
  Put("Observation", "ex-gone2", about("ex-p2") + R"(,"status":"final","code":{"text":"x"})");
  for (const char* gone : {"ex-gone", "ex-gone2"}) {
    ASSERT_EQ(TheGateway().Send("", Method::kDelete, std::string("/fhir/Observation/") + gone).status, 204);
  }
  Put("Observation", "ex-other", about("ex-p2") + R"(,"status":"final","code":{"text":"x"})");
  Put("Group", "ex-group",
      R"("type":"person","actual":true,"member":[{"entity":{"reference":"Patient/ex-p1"}},)"
      R"({"entity":{"reference":"Patient/ex-p2"}}])");
  Put("Patient", "ex-linked", R"("link":[{"other":{"reference":"Patient/ex-p1"},"type":"seealso"}])");

  EXPECT_EQ(Expunge("hospital-a", "Patient/ex-p1", "expungeCompartment").status, 403);
  const Response first = Expunge("operator-o", "Patient/ex-p1", "expungeCompartment", 3);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_NE(first.body.find(R"("name":"complete","valueBoolean":false)"), std::string::npos) << first.body;
  EXPECT_GT(RowsOf("ex-p1"), 0) << "the Patient is the last to go, so that what is left can be found";
  const Response second = Expunge("operator-o", "Patient/ex-p1", "expungeCompartment");
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_NE(second.body.find(R"("name":"complete","valueBoolean":true)"), std::string::npos) << second.body;

  for (const char* gone : {"ex-p1", "ex-bytes", "ex-letter", "ex-o0", "ex-o1", "ex-o2", "ex-o3", "ex-o4", "ex-gone"}) {
    EXPECT_EQ(RowsOf(gone), 0) << gone;
  }
  for (const char* kept : {"ex-p2", "ex-other", "ex-gone2", "ex-group", "ex-linked"}) {
    EXPECT_GT(RowsOf(kept), 0) << kept;
  }
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Patient/ex-p1").status, 404);
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/Patient/ex-p1/_history").status, 404);
  EXPECT_FALSE(
      IdsOf(TheGateway().Send("", Method::kGet, "/fhir/AuditEvent?entity=Patient/ex-p1&action=D&altid=operator-o"))
          .empty())
      << "who erased what stays";
}

TEST_F(ExpungePg, BytesThatAnotherPatientsLetterNeeds_Stay) {
  const auto letter = [](std::string_view patient, std::string_view description, std::string_view url) {
    return fmt::format(R"("subject":{{"reference":"Patient/{}"}},"description":"{}","status":"current",)"
                       R"("content":[{{"attachment":{{"contentType":"text/plain","url":"{}"}}}}])",
                       patient, description, url);
  };
  for (const char* bytes : {"exs-shared", "exs-report", "exs-named", "exs-own", "exs-twice"}) {
    Put("Binary", bytes, R"("contentType":"text/plain","data":"aGVsbG8=")");
  }
  Put("Patient", "exs-a", R"("active":true)");
  Put("Patient", "exs-b", R"("active":true)");
  Put("DocumentReference", "exs-a1", letter("exs-a", "Binary/exs-named", "Binary/exs-shared"));
  Put("DocumentReference", "exs-a2", letter("exs-a", R"(a \"url\":\"Binary/exs-named\" b)", "Binary/exs-report"));
  Put("DocumentReference", "exs-a3", letter("exs-a", "x", "Binary/exs-own"));
  Put("DocumentReference", "exs-a4", letter("exs-a", "x", "Binary/exs-twice"));
  Put("DocumentReference", "exs-a5", letter("exs-a", "x", "Binary/exs-twice"));
  Put("DocumentReference", "exs-b1", letter("exs-b", "x", "Binary/exs-shared"));
  // Of an element that no search parameter covers.
  Put("DiagnosticReport", "exs-b2",
      R"("subject":{"reference":"Patient/exs-b"},"status":"final","code":{"text":"x"},)"
      R"("presentedForm":[{"contentType":"text/plain","url":"Binary/exs-report"}])");
  // Batches of one, so that letters with the same bytes are erased apart.
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Expunge("operator-o", "Patient/exs-a", "expungeCompartment", 1).status, 200);
  }
  for (const char* gone : {"exs-a", "exs-a1", "exs-a2", "exs-a3", "exs-a4", "exs-a5", "exs-own", "exs-twice"}) {
    EXPECT_EQ(RowsOf(gone), 0) << gone;
  }
  for (const char* kept : {"exs-b", "exs-b1", "exs-b2", "exs-shared", "exs-report", "exs-named"}) {
    EXPECT_GT(RowsOf(kept), 0) << kept;
  }
}

TEST_F(ExpungePg, BytesOfReplacedAndDeletedLetters_GoToo) {
  const auto letter = [](std::string_view url) {
    return fmt::format(R"("subject":{{"reference":"Patient/exv-p"}},"status":"current",)"
                       R"("content":[{{"attachment":{{"contentType":"text/plain","url":"{}"}}}}])",
                       url);
  };
  for (const char* bytes : {"exv-1", "exv-2", "exv-3", "exv-photo"}) {
    Put("Binary", bytes, R"("contentType":"text/plain","data":"aGVsbG8=")");
  }
  Put("Patient", "exv-p", R"("photo":[{"contentType":"image/png","url":"Binary/exv-photo"}])");
  Put("DocumentReference", "exv-d", letter("Binary/exv-1"));
  Put("DocumentReference", "exv-d", letter("Binary/exv-2"));
  Put("DocumentReference", "exv-gone", letter("Binary/exv-3"));
  ASSERT_EQ(TheGateway().Send("", Method::kDelete, "/fhir/DocumentReference/exv-gone").status, 204);
  const Response response = Expunge("operator-o", "Patient/exv-p", "expungeCompartment");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_NE(response.body.find(R"("name":"complete","valueBoolean":true)"), std::string::npos) << response.body;
  for (const char* gone : {"exv-p", "exv-d", "exv-gone", "exv-1", "exv-2", "exv-3", "exv-photo"}) {
    EXPECT_EQ(RowsOf(gone), 0) << gone;
  }
}

TEST_F(ExpungePg, AuditTrail_Stays) {
  Put("Basic", "ex-trail", R"("code":{"text":"x"})");
  const auto trail = IdsOf(TheGateway().Send("", Method::kGet, "/fhir/AuditEvent?_count=1"));
  ASSERT_FALSE(trail.empty());
  const std::string& id = trail.front();
  const Response response = Expunge("operator-o", "AuditEvent/" + id, "expungeEverything");
  EXPECT_EQ(response.status, 403) << response.body;
  EXPECT_GT(RowsOf(id), 0);
}

TEST_F(ExpungePg, Appointment_FreesItsTime) {
  Put("Schedule", "ex-sch", R"("actor":[{"display":"x"}])");
  Put("Basic", "ex-basic", R"("code":{"text":"x"})");
  const auto connection = support::SharedDatabase().Connect();
  ASSERT_TRUE(connection->ExecuteScript(
      "claim", "INSERT INTO time_claim VALUES ('ex-sch', 'ex-app', 'ex-slot', tstzrange('2030-01-01', '2030-01-02'))"));
  Put("Appointment", "ex-app", R"("status":"proposed","participant":[{"actor":{"display":"x"},"status":"accepted"}])");
  ASSERT_EQ(Expunge("operator-o", "Appointment/ex-app", "expungeEverything").status, 200);
  const auto claims =
      connection->ExecuteAdHoc("claims", "SELECT count(*) FROM time_claim WHERE appointment_id = 'ex-app'", {});
  ASSERT_TRUE(claims);
  EXPECT_EQ((*claims)[0].Int(0), 0);
}

}  // namespace
}  // namespace tests::rest
