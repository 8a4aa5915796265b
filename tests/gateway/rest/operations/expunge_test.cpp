// $expunge over a store in memory: who may, what is asked of the store, in which order.
#include "tests/gateway/rest/operation_fixture.hpp"

namespace tests::rest {
namespace {

class ExpungeTest : public OperationTest {
 protected:
  ExpungeTest() {
    for (const char* body :
         {R"({"resourceType":"Patient","id":"p"})", R"({"resourceType":"Patient","id":"p","active":true})"}) {
      EXPECT_LT(Put("/fhir/Patient/p", body).status, 300);
    }
    actor_.kind = port::PartyKind::kOperator;
    actor_.grants = std::make_shared<port::Grants>();  // an operator sees no record
  }
  static fhir::metadata::TypeId Type(std::string_view name) { return fhir::metadata::Definitions::R4().FindType(name); }
  gateway::http::Response Expunge(const std::string& path, const std::string& flag) {
    return Post("/fhir" + path + "/$expunge", ParametersOf({{flag, R"("valueBoolean":true)"}}));
  }
  std::size_t VersionsOf(std::string_view type, const std::string& id) const {
    const auto found = store_.state.versions.find({Type(type), id});
    return found == store_.state.versions.end() ? 0 : found->second.size();
  }
};

TEST_F(ExpungeTest, AnybodyButAnOperator_IsRefused) {
  for (const auto kind :
       {port::PartyKind::kHospital, port::PartyKind::kPlatform, port::PartyKind::kInsurer, port::PartyKind::kPatient}) {
    actor_.kind = kind;
    EXPECT_EQ(Expunge("/Patient/p", "expungeEverything").status, 403);
    EXPECT_EQ(Expunge("/Patient/p", "expungeCompartment").status, 403);
  }
  EXPECT_EQ(VersionsOf("Patient", "p"), 2u);
  EXPECT_TRUE(eraser_.erasures.empty());
}

TEST_F(ExpungeTest, AuditTrail_IsRefused) {
  options_.expunge_by_type = true;
  Serve();
  for (const char* path : {"/AuditEvent", "/AuditEvent/a"}) {
    for (const char* flag : {"expungePreviousVersions", "expungeDeletedResources", "expungeEverything"}) {
      const auto response = Expunge(path, flag);
      EXPECT_EQ(response.status, 403) << path << flag;
      EXPECT_NE(response.body.find("audit trail"), std::string::npos) << response.body;
    }
  }
  EXPECT_EQ(Post("/fhir/AuditEvent/a/_history/1/$expunge", "").status, 403);
  EXPECT_TRUE(eraser_.erasures.empty());
}

TEST_F(ExpungeTest, PreviousVersions_LeaveTheCurrentOne) {
  const auto response = Expunge("/Patient/p", "expungePreviousVersions");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Output(response, "count"), "1");
  EXPECT_EQ(Output(response, "complete"), "true");
  EXPECT_EQ(VersionsOf("Patient", "p"), 1u);
}

TEST_F(ExpungeTest, OneVersion_IfItIsPast) {
  EXPECT_EQ(Post("/fhir/Patient/p/_history/2/$expunge", "").status, 404) << "the current one stays";
  EXPECT_EQ(Post("/fhir/Patient/p/_history/1/$expunge", "").status, 200);
  EXPECT_EQ(Post("/fhir/Patient/p/_history/1/$expunge", "").status, 404);
  EXPECT_EQ(VersionsOf("Patient", "p"), 1u);
}

TEST_F(ExpungeTest, DeletedResources_SpareWhatIsThere) {
  EXPECT_EQ(Output(Expunge("/Patient/p", "expungeDeletedResources"), "count"), "0");
  EXPECT_EQ(Output(Expunge("/Patient/p", "expungeEverything"), "count"), "2");
  EXPECT_EQ(VersionsOf("Patient", "p"), 0u);
}

TEST_F(ExpungeTest, ByType_IsSwitchedOffByDefault) {
  EXPECT_EQ(Expunge("/Patient", "expungeDeletedResources").status, 403);
  EXPECT_EQ(Expunge("", "expungePreviousVersions").status, 403);
  options_.expunge_by_type = true;
  Serve();
  EXPECT_EQ(Expunge("/Patient", "expungeDeletedResources").status, 200);
  EXPECT_EQ(eraser_.erasures.back().types, std::vector{Type("Patient")});
  EXPECT_EQ(Expunge("", "expungePreviousVersions").status, 200);
  EXPECT_TRUE(eraser_.erasures.back().types.empty());
  EXPECT_EQ(Expunge("/Patient", "expungeEverything").status, 400) << "never a whole type";
}

TEST_F(ExpungeTest, Compartment_ThePatientLast_WithTheBytesOfItsLetters) {
  ASSERT_LT(Put("/fhir/DocumentReference/d",
                R"({"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":)"
                R"({"url":"Binary/b"}}],"subject":{"reference":"Patient/p"}})")
                .status,
            300);
  views_.own_members = {{Type("DocumentReference"), "d"}};
  const auto response = Expunge("/Patient/p", "expungeCompartment");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Output(response, "count"), "3");
  EXPECT_EQ(Output(response, "complete"), "true");
  EXPECT_EQ(VersionsOf("Patient", "p") + VersionsOf("DocumentReference", "d"), 0u);
  const auto& erasures = eraser_.erasures;
  ASSERT_EQ(erasures.size(), 3u);
  EXPECT_EQ(erasures[0].keys.size(), 1u);
  for (const auto& erasure : erasures) {
    EXPECT_TRUE(erasure.with_bytes);
  }
  EXPECT_EQ(erasures[1].what, port::Erased::kDeletedResources);
  EXPECT_EQ(erasures[1].mentioning, "Patient/p");
  EXPECT_FALSE(erasures[1].types.empty());
  EXPECT_EQ(erasures[2].keys.front().second, "p");
  const auto& query = views_.compartments.back();
  EXPECT_EQ(query.left_out, (std::vector{Type("AuditEvent"), Type("Patient")}));
  // Asked again, it is done already.
  EXPECT_EQ(Output(Expunge("/Patient/p", "expungeCompartment"), "count"), "0");
}

TEST_F(ExpungeTest, Refusals) {
  EXPECT_EQ(Post("/fhir/Patient/p/$expunge", "").status, 400) << "nothing said";
  EXPECT_EQ(Expunge("/Observation/x", "expungeCompartment").status, 400);
  EXPECT_EQ(Expunge("/Patient/p", "expungeAll").status, 400);
  EXPECT_EQ(Get("/fhir/Patient/p/$expunge").status, 405);
  EXPECT_EQ(VersionsOf("Patient", "p"), 2u);
}

}  // namespace
}  // namespace tests::rest
