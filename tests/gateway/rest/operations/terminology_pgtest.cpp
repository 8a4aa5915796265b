// Stored terminology through the database: found by its URL, by version, with the party's grants.
#include <fmt/format.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

Response Ask(std::string_view party, const std::string& target) {
  return TheGateway().Send(party, Method::kGet, "/fhir/" + target);
}

void PutResource(const std::string& type, const std::string& id, const std::string& members) {
  const Response response =
      TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                        fmt::format(R"({{"resourceType":"{}","id":"{}","status":"active",{}}})", type, id, members));
  ASSERT_LT(response.status, 300) << response.body;
}

bool ResultOf(const Response& response) {
  EXPECT_EQ(response.status, 200) << response.body;
  return response.body.find(R"("valueBoolean":true)") != std::string::npos;
}

TEST(StoredTerminologyPg, VersionsOfOneUrl_AreToldApart_TheHighestCountsWithout) {
  for (const char* version : {"1.9", "1.10"}) {
    PutResource(
        "CodeSystem", fmt::format("acts-{}", version),
        fmt::format(R"("url":"urn:test:acts","version":"{0}","content":"complete","concept":[{{"code":"v{0}"}}])",
                    version));
  }
  const std::string base = "CodeSystem/$validate-code?url=urn:test:acts&code=";
  EXPECT_TRUE(ResultOf(Ask("", base + "v1.10")));
  EXPECT_FALSE(ResultOf(Ask("", base + "v1.9")));
  EXPECT_TRUE(ResultOf(Ask("", base + "v1.9&version=1.9")));
}

TEST(StoredTerminologyPg, ErasedAndBegunAnew_IsNotWhatItWas) {
  const auto put = [](const char* code) {
    PutResource("CodeSystem", "anew",
                fmt::format(R"("url":"urn:test:anew","content":"complete","concept":[{{"code":"{}"}}])", code));
  };
  const std::string base = "CodeSystem/$validate-code?url=urn:test:anew&code=";
  put("a");
  EXPECT_TRUE(ResultOf(Ask("", base + "a")));
  ASSERT_EQ(TheGateway()
                .Send("operator-o", Method::kPost, "/fhir/CodeSystem/anew/$expunge",
                      R"({"resourceType":"Parameters","parameter":[{"name":"expungeEverything","valueBoolean":true}]})")
                .status,
            200);
  put("b");  // version 1 again
  EXPECT_FALSE(ResultOf(Ask("", base + "a")));
  EXPECT_TRUE(ResultOf(Ask("", base + "b")));
}

TEST(StoredTerminologyPg, PartyWithoutAGrant_FindsPackagesAlone) {
  PutResource("CodeSystem", "secret", R"("url":"urn:test:secret","content":"complete","concept":[{"code":"a"}])");
  const std::string stored = "CodeSystem/$lookup?system=urn:test:secret&code=a";
  const std::string packaged = "CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male";
  EXPECT_EQ(Ask("", stored).status, 200);
  EXPECT_EQ(Ask("insurer-amo", packaged).status, 200);
  EXPECT_EQ(Ask("insurer-amo", stored).status, 404) << "what was compiled for another party is not found";
  EXPECT_EQ(Ask("insurer-amo", "CodeSystem/secret/$validate-code?code=a").status, 404);
}

TEST(StoredTerminologyPg, ValueSetOfAPackage_UsesAStoredCodeSystem) {
  // R4 has value sets of LOINC, and no LOINC.
  const std::string question =
      "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/observation-codes&system=http://loinc.org&code=8867-4";
  EXPECT_FALSE(ResultOf(Ask("", question)));
  PutResource("CodeSystem", "loinc",
              R"("url":"http://loinc.org","version":"2.77","content":"fragment","concept":[{"code":"8867-4"}])");
  EXPECT_TRUE(ResultOf(Ask("", question)));
  EXPECT_EQ(TheGateway().Send("", Method::kDelete, "/fhir/CodeSystem/loinc").status, 204);
  EXPECT_FALSE(ResultOf(Ask("", question)));
}

TEST(StoredTerminologyPg, DeletedValueSet_Is410OnInstanceAnd404ByUrl) {
  PutResource("ValueSet", "gone",
              R"("url":"urn:test:gone","compose":{"include":[{"system":"urn:x","concept":[{"code":"a"}]}]})");
  EXPECT_EQ(Ask("", "ValueSet/gone/$expand").status, 200);
  EXPECT_EQ(TheGateway().Send("", Method::kDelete, "/fhir/ValueSet/gone").status, 204);
  EXPECT_EQ(Ask("", "ValueSet/gone/$expand").status, 410);
  EXPECT_EQ(Ask("", "ValueSet/$expand?url=urn:test:gone").status, 404);
}

TEST(StoredTerminologyPg, SearchModifiers_AskTheSameTerminology) {
  PutResource(
      "CodeSystem", "tree",
      R"("url":"urn:test:tree","content":"complete","hierarchyMeaning":"is-a","concept":[{"code":"a","concept":[)"
      R"({"code":"b"}]},{"code":"c"}])");
  PutResource("ValueSet", "tree-a",
              R"("url":"urn:test:tree-a","compose":{"include":[{"system":"urn:test:tree","filter":[)"
              R"({"property":"concept","op":"is-a","value":"a"}]}]})");
  for (const char* code : {"a", "b", "c"}) {
    const Response put = TheGateway().Send(
        "", Method::kPut, fmt::format("/fhir/Basic/tm-{}", code),
        fmt::format(
            R"({{"resourceType":"Basic","id":"tm-{0}","code":{{"coding":[{{"system":"urn:test:tree","code":"{0}"}}]}}}})",
            code));
    ASSERT_LT(put.status, 300) << put.body;
  }
  using Ids = std::vector<std::string>;
  EXPECT_EQ(IdsOf(Ask("", "Basic?code:in=urn:test:tree-a")), (Ids{"tm-a", "tm-b"}));
  EXPECT_EQ(IdsOf(Ask("", "Basic?code:in=ValueSet/tree-a")), (Ids{"tm-a", "tm-b"}));
  EXPECT_EQ(IdsOf(Ask("", "Basic?code:not-in=urn:test:tree-a&_id=tm-a,tm-b,tm-c")), Ids{"tm-c"});
  EXPECT_EQ(IdsOf(Ask("", "Basic?code:below=urn:test:tree|a")), (Ids{"tm-a", "tm-b"}));
  EXPECT_EQ(IdsOf(Ask("", "Basic?code:above=urn:test:tree|b")), (Ids{"tm-a", "tm-b"}));
  EXPECT_GE(Ask("", "Basic?code:in=urn:test:absent").status, 400);
  EXPECT_GE(Ask("", "Basic?code:below=urn:test:tree|z").status, 400);
}

}  // namespace
}  // namespace tests::rest
