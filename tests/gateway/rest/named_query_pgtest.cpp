// _query: a stored OperationDefinition of kind query as the search that it says, within what the party may see.
#include <gmock/gmock.h>

#include "gateway/rest/named_query.hpp"
#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Response Named(const std::string& query, std::string_view party = "") {
  return TheGateway().Send(party, Method::kGet, "/fhir/" + query);
}

std::string LinkOf(const Response& response, std::string_view relation) {
  const auto bundle = JsonOf(response);
  for (const auto& link : bundle.Find("link")->items()) {
    if (link.FindText("relation") == relation) {
      return std::string(link.FindText("url"));
    }
  }
  return "";
}

class NamedQuery : public ::testing::Test {
 protected:
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << response.body;
  }
  /// `parameters` are rows of name, min, max.
  static void Define(const std::string& id, const std::string& search, const std::string& parameters,
                     const std::string& status = "active") {
    Put("OperationDefinition", id,
        fmt::format(R"("name":"Query","status":"{}","kind":"query","code":"{}","resource":["Patient"],"system":false,)"
                    R"("type":true,"instance":false,"extension":[{{"url":"{}","valueString":"{}"}}],"parameter":[{}])",
                    status, id, gateway::rest::kNamedQueryExtension, search, parameters));
  }
  static std::string Parameter(const std::string& name, int min, const std::string& max) {
    return fmt::format(R"({{"name":"{}","use":"in","min":{},"max":"{}","type":"string"}})", name, min, max);
  }
  static void SetUpTestSuite() {
    Put("Organization", "nq-o", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000028"}])");
    Put("Patient", "nq-1",
        R"("name":[{"family":"Requ\u00eate","given":["Anne"]}],"birthDate":"1940-05-01","gender":"female")");
    Put("Patient", "nq-2",
        R"("name":[{"family":"Requ\u00eate","given":["Bruno"]}],"birthDate":"1945-01-01","gender":"male",)"
        R"("managingOrganization":{"reference":"Organization/nq-o"})");
    Put("Patient", "nq-3", R"("name":[{"family":"Requ\u00eate"}],"birthDate":"1990-01-01")");
    Define("nq-elders", "family=Requ%C3%AAte&birthdate=lt{before}&given={given}&_sort=birthdate",
           Parameter("before", 1, "1") + "," + Parameter("given", 0, "*"));
  }
};

TEST_F(NamedQuery, Search_IsTheOneThatIsStored) {
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1950")), ElementsAre("nq-1", "nq-2"));
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1942")), ElementsAre("nq-1"));
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1950&given=bruno")), ElementsAre("nq-2"));
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1950&given=anne&given=bruno")), IsEmpty());
  // With parameters of the standard besides.
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1950&gender=male")), ElementsAre("nq-2"));
  EXPECT_THAT(IdsOf(TheGateway().Send("", Method::kPost, "/fhir/Patient/_search", "_query=nq-elders&before=1942",
                                      {{"Content-Type", "application/x-www-form-urlencoded"}})),
              ElementsAre("nq-1"));
}

TEST_F(NamedQuery, Links_TellTheQueryAndGoOn) {
  const Response first = Named("Patient?_query=nq-elders&before=1950&gender=male,female&_count=1");
  EXPECT_THAT(IdsOf(first), ElementsAre("nq-1"));
  EXPECT_EQ(LinkOf(first, "self"),
            "https://gw.example/fhir/Patient?_query=nq-elders&before=1950&gender=male,female&_count=1");
  const std::string next = LinkOf(first, "next");
  EXPECT_THAT(next, HasSubstr("_query=nq-elders&before=1950"));
  EXPECT_THAT(IdsOf(Named(next.substr(std::string("https://gw.example/fhir/").size()))), ElementsAre("nq-2"));
}

TEST_F(NamedQuery, WhatIsNotKnownOrNotTaken_IsRefusedByName) {
  const auto refused = [](const std::string& query, std::string_view party = "") {
    const Response response = Named(query, party);
    EXPECT_EQ(response.status, 400) << query << response.body;
    EXPECT_THAT(response.body, HasSubstr("_query")) << query;
    return response.body;
  };
  EXPECT_THAT(refused("Patient?_query=nq-none"), HasSubstr("no query of that name is known for Patient"));
  EXPECT_THAT(refused("Observation?_query=nq-elders&before=1950"), HasSubstr("for Observation"));
  EXPECT_THAT(refused("?_query=nq-elders&before=1950"), HasSubstr("for the system"));
  EXPECT_THAT(refused("Patient?_query=nq-elders"), HasSubstr("\\\"before\\\" of the named query is missing"));
  EXPECT_THAT(refused("Patient?_query=nq-elders&before=1&before=2"), HasSubstr("given twice"));
  EXPECT_THAT(refused("Patient?_query=nq-elders&_query=nq-elders&before=1950"), HasSubstr("given twice"));
  EXPECT_EQ(Named("Patient?_query=nq-elders&before=1950&unknown=1").status, 400);
  Define("nq-retired", "family=x", Parameter("p", 0, "1"), "retired");
  refused("Patient?_query=nq-retired");
}

TEST_F(NamedQuery, Value_CannotLeaveItsParameter) {
  EXPECT_EQ(Named("Patient?_query=nq-elders&before=1950%26family%3DOther").status, 400);  // no date
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1950&given=bruno%26gender%3Dmale")), IsEmpty());
  EXPECT_THAT(IdsOf(Named("Patient?_query=nq-elders&before=1950&given=%7Bbefore%7D")), IsEmpty());
}

TEST_F(NamedQuery, DefinitionThatIsOfNoUse_IsSaidToBe) {
  Define("nq-typo", "birthdate=lt{befor}", Parameter("before", 0, "1"));
  Define("nq-brace", "birthdate=lt{before", Parameter("before", 0, "1"));
  Define("nq-loop", "_query=nq-loop", Parameter("before", 0, "1"));
  for (const char* code : {"nq-typo", "nq-brace", "nq-loop"}) {
    const Response response = Named(fmt::format("Patient?_query={}&before=1", code));
    EXPECT_EQ(response.status, 422) << code;
    EXPECT_THAT(response.body, HasSubstr("of no use")) << code;
  }
}

TEST_F(NamedQuery, Party_FindsNoQueryThatItMayNotRead) {
  // Its policy gives it patients, and no OperationDefinition.
  EXPECT_THAT(IdsOf(Named("Patient?family=requete", "hospital-b")), ElementsAre("nq-2"));
  const Response response = Named("Patient?_query=nq-elders&before=1950", "hospital-b");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("no query of that name"));
}

TEST_F(NamedQuery, CapabilityStatement_SaysThatThereAreSome) {
  EXPECT_THAT(Named("metadata").body, HasSubstr("\"_query\""));
}

}  // namespace
}  // namespace tests::rest
