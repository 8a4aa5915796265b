// $upload-external-code-system: what is uploaded answers every question of terminology and search, replaced at once,
// for those alone who may.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <optional>

#include "gateway/rest/concept_upload/upload_job.hpp"
#include "gateway/store/concepts/concept_sweep.hpp"
#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kOperation = "/fhir/CodeSystem/$upload-external-code-system";

Response AskFor(const std::string& query) {
  return TheGateway().Send("", Method::kGet, "/fhir/" + query);
}

std::string JobOf(const Response& accepted) {
  EXPECT_EQ(accepted.status, 202) << accepted.body;
  const std::string place(accepted.headers.Get("Content-Location").value_or(""));
  return place.substr(std::min(place.size(), std::string("https://gw.example").size()));
}

/// Sends a file whole, has the job done, and gives its last answer.
Response Upload(const std::string& query, const std::string& body, const std::string& type = "text/csv") {
  const std::string job = JobOf(
      TheGateway().Send("", Method::kPost, std::string(kOperation) + "?" + query, body, {{"Content-Type", type}}));
  TheGateway().RunJobs();
  return TheGateway().Send("", Method::kGet, job);
}

std::string Output(const Response& response, std::string_view name) {
  EXPECT_EQ(response.status, 200) << response.body;
  const auto parameters = JsonOf(response);
  for (const auto& parameter : parameters.Find("parameter")->items()) {
    if (parameter.FindText("name") == name) {
      for (const auto& [member, value] : parameter.members()) {
        if (member != "name") {
          return value.AsBoolean() ? (*value.AsBoolean() ? "true" : "false") : value.text();
        }
      }
    }
  }
  return "";
}

std::vector<std::string> CodesIn(const Response& response) {
  EXPECT_EQ(response.status, 200) << response.body;
  std::vector<std::string> codes;
  const auto set = JsonOf(response);
  if (const auto* contains = set.Find("expansion")->Find("contains")) {
    for (const auto& each : contains->items()) {
      codes.emplace_back(each.FindText("code"));
    }
  }
  return codes;
}

/// A value set of one filter, in a question.
std::string ExpandFilter(std::string_view system, std::string_view filter) {
  return fmt::format(
      R"({{"resourceType":"Parameters","parameter":[{{"name":"valueSet","resource":{{"resourceType":"ValueSet","status":"active","compose":{{"include":[{{"system":"{}","filter":[{}]}}]}}}}}}]}})",
      system, filter);
}

constexpr std::string_view kAtcQuery =
    "system=urn:test:atc&version=2026&fileName=atc.csv&column=code=ATC%20code&column=display=ATC%20level%20name"
    "&column=property.ddd=DDD&parentLengths=1,3,4,5&mergeRows=true";
constexpr std::string_view kAtc =
    "ATC code,ATC level name,DDD\nA,ALIMENTARY TRACT AND METABOLISM,\nA10,DRUGS USED IN DIABETES,\n"
    "A10B,BLOOD GLUCOSE LOWERING DRUGS,\nA10BA,Biguanides,\nA10BA02,metformin,2\nA10BB,Sulfonylureas,\n"
    "A10BB01,glibenclamide,7\n";

class CodeSystemUpload : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Response made = Upload(std::string(kAtcQuery), std::string(kAtc));
    ASSERT_EQ(made.status, 200) << made.body;
    ASSERT_EQ(Output(made, "conceptCount"), "7");
  }
};

TEST_F(CodeSystemUpload, Resource_SaysWhatItIsAndWhereItsConceptsAre) {
  const auto found = AskFor("CodeSystem?url=urn:test:atc");
  ASSERT_EQ(IdsOf(found).size(), 1u);
  const auto bundle = JsonOf(found);
  const auto& resource = *bundle.Find("entry")->items()[0].Find("resource");
  EXPECT_EQ(resource.FindText("content"), "not-present");
  EXPECT_EQ(resource.FindText("version"), "2026");
  EXPECT_EQ(resource.Find("count")->text(), "7");
  EXPECT_EQ(resource.Find("concept"), nullptr);
  EXPECT_EQ(resource.Find("property")->items()[0].FindText("code"), "ddd");
}

TEST_F(CodeSystemUpload, EveryQuestion_IsAnswered) {
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:atc&code=A10BA02"), "display"), "metformin");
  EXPECT_THAT(AskFor("CodeSystem/$lookup?system=urn:test:atc&code=A10BA02&property=ddd").body, HasSubstr("\"2\""));
  EXPECT_THAT(AskFor("CodeSystem/$lookup?system=urn:test:atc&code=A10BA&property=child").body, HasSubstr("A10BA02"));
  EXPECT_THAT(AskFor("CodeSystem/$lookup?system=urn:test:atc&code=A10BA&property=parent").body, HasSubstr("\"A10B\""));
  EXPECT_EQ(Output(AskFor("CodeSystem/$validate-code?url=urn:test:atc&code=A10BA02&display=metformin"), "result"),
            "true");
  EXPECT_EQ(Output(AskFor("CodeSystem/$validate-code?url=urn:test:atc&code=A10BA02&display=aspirin"), "result"),
            "false");
  EXPECT_EQ(Output(AskFor("CodeSystem/$validate-code?url=urn:test:atc&code=Z99"), "result"), "false");
  EXPECT_EQ(AskFor("CodeSystem/$lookup?system=urn:test:atc&code=Z99").status, 404);
  const auto subsumes = [](std::string_view a, std::string_view b) {
    return Output(AskFor(fmt::format("CodeSystem/$subsumes?system=urn:test:atc&codeA={}&codeB={}", a, b)), "outcome");
  };
  EXPECT_EQ(subsumes("A10", "A10BA02"), "subsumes");
  EXPECT_EQ(subsumes("A10BA02", "A"), "subsumed-by");
  EXPECT_EQ(subsumes("A10BA", "A10BB01"), "not-subsumed");
  EXPECT_EQ(subsumes("A", "A"), "equivalent");
}

TEST_F(CodeSystemUpload, Filters_SelectByHierarchyAndProperty) {
  const auto expand = [](std::string_view filter) {
    return CodesIn(
        TheGateway().Send("", Method::kPost, "/fhir/ValueSet/$expand", ExpandFilter("urn:test:atc", filter)));
  };
  EXPECT_THAT(expand(R"({"property":"concept","op":"is-a","value":"A10BA"})"), ElementsAre("A10BA", "A10BA02"));
  EXPECT_THAT(expand(R"({"property":"concept","op":"descendent-of","value":"A10B"})"),
              ElementsAre("A10BA", "A10BA02", "A10BB", "A10BB01"));
  EXPECT_THAT(expand(R"({"property":"parent","op":"=","value":"A10B"})"), ElementsAre("A10BA", "A10BB"));
  EXPECT_THAT(expand(R"({"property":"ddd","op":"=","value":"7"})"), ElementsAre("A10BB01"));
}

TEST_F(CodeSystemUpload, Searches_GoBelowAndInto) {
  for (const auto& [id, code] : {std::pair("up-m", "A10BA02"), std::pair("up-g", "A10BB01"), std::pair("up-x", "Z")}) {
    ASSERT_LT(TheGateway()
                  .Send("", Method::kPut, fmt::format("/fhir/Medication/{}", id),
                        fmt::format(R"({{"resourceType":"Medication","id":"{}","code":{{"coding":[{{"system":)"
                                    R"("urn:test:atc","code":"{}"}}]}}}})",
                                    id, code))
                  .status,
              300);
  }
  EXPECT_THAT(IdsOf(AskFor("Medication?code:below=urn:test:atc|A10BA&_sort=_id")), ElementsAre("up-m"));
  EXPECT_THAT(IdsOf(AskFor("Medication?code:below=urn:test:atc|A10&_sort=_id")), ElementsAre("up-g", "up-m"));
  ASSERT_LT(
      TheGateway()
          .Send(
              "", Method::kPut, "/fhir/ValueSet/up-set",
              R"({"resourceType":"ValueSet","id":"up-set","url":"urn:test:set","status":"active","compose":{"include":[{"system":"urn:test:atc","filter":[{"property":"concept","op":"is-a","value":"A10BB"}]}]}})")
          .status,
      300);
  EXPECT_THAT(IdsOf(AskFor("Medication?code:in=urn:test:set")), ElementsAre("up-g"));
  EXPECT_THAT(CodesIn(AskFor("ValueSet/$expand?url=urn:test:set&count=1&offset=1")), ElementsAre("A10BB01"));
}

TEST_F(CodeSystemUpload, Again_ReplacesAllAtOnceAndDoublesNothing) {
  const std::string query = "system=urn:test:again&fileName=a.csv";
  ASSERT_EQ(Output(Upload(query, "code,display\nA,one\nB,two\n"), "conceptCount"), "2");
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:again&code=A"), "display"), "one");
  ASSERT_EQ(Output(Upload(query, "code,display\nA,changed\n"), "conceptCount"), "1");
  EXPECT_EQ(IdsOf(AskFor("CodeSystem?url=urn:test:again")).size(), 1u);
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:again&code=A"), "display"), "changed");
  EXPECT_EQ(AskFor("CodeSystem/$lookup?system=urn:test:again&code=B").status, 404);
  // Another version is another one, and both answer.
  ASSERT_EQ(Upload(query + "&version=2", "code,display\nA,second\n").status, 200);
  EXPECT_EQ(IdsOf(AskFor("CodeSystem?url=urn:test:again")).size(), 2u);
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:again&code=A&version=2"), "display"), "second");
}

TEST_F(CodeSystemUpload, BadFile_IsRefusedWithFileLineAndReasonAndChangesNothing) {
  const std::string query = "system=urn:test:bad&fileName=bad.csv";
  ASSERT_EQ(Upload(query, "code,display\nA,good\n").status, 200);
  const Response refused = Upload(query, "code,display\nA,x\nA,y\n");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("bad.csv: line 3: the code A is already that of line 2"));
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:bad&code=A"), "display"), "good");
  const Response none = Upload("system=urn:test:bad&fileName=x.xml", "<oops", "application/xml");
  EXPECT_EQ(none.status, 422);
  EXPECT_THAT(none.body, HasSubstr("x.xml: line 1: not valid XML"));
  const Response other =
      Upload("system=urn:test:bad&fileName=x.ndjson", R"({"resourceType":"CodeSystem","url":"urn:test:atc"})");
  EXPECT_EQ(other.status, 422);
  EXPECT_THAT(other.body, HasSubstr("another code system"));
}

TEST_F(CodeSystemUpload, ClamlAndNdjson_AreReadToo) {
  EXPECT_EQ(
      Output(Upload("system=urn:test:cim", R"(<ClaML version="2.0.0"><Title name="X" version="7">CIM d'essai</Title>
<Class code="E10" kind="category"><Rubric kind="preferred"><Label>Diabète</Label></Rubric></Class>
<Class code="E10.0" kind="category"><SuperClass code="E10"/></Class></ClaML>)",
                    "application/xml"),
             "conceptCount"),
      "2");
  EXPECT_EQ(Output(AskFor("CodeSystem/$subsumes?system=urn:test:cim&codeA=E10&codeB=E10.0"), "outcome"), "subsumes");
  EXPECT_EQ(JsonOf(AskFor("CodeSystem?url=urn:test:cim")).Find("entry")->items()[0].Find("resource")->FindText("title"),
            "CIM d'essai");
  EXPECT_EQ(Output(Upload("system=urn:test:nd",
                          R"({"resourceType":"CodeSystem","url":"urn:test:nd","status":"draft","publisher":"P"})"
                          "\n{\"code\":\"A\"}\n",
                          "application/fhir+ndjson"),
                   "conceptCount"),
            "1");
  EXPECT_THAT(AskFor("CodeSystem?url=urn:test:nd").body, HasSubstr("\"publisher\":\"P\""));
}

TEST_F(CodeSystemUpload, Parameters_WithAnAttachmentServeAsAtHapi) {
  // "code,display\nA,a\n"
  const Response accepted = TheGateway().Send(
      "", Method::kPost, std::string(kOperation),
      R"({"resourceType":"Parameters","parameter":[{"name":"system","valueUri":"urn:test:hapi"},{"name":"file","valueAttachment":{"url":"concepts.csv","data":"Y29kZSxkaXNwbGF5CkEsYQo="}}]})");
  const std::string job = JobOf(accepted);
  TheGateway().RunJobs();
  EXPECT_EQ(Output(TheGateway().Send("", Method::kGet, job), "conceptCount"), "1");
}

TEST_F(CodeSystemUpload, Pieces_AreOneFileInTheirOrder) {
  const auto send = [](const std::string& rest, const std::string& body) {
    return TheGateway().Send("", Method::kPost,
                             std::string(kOperation) + "?system=urn:test:pieces&format=csv&upload=u1&" + rest, body,
                             {{"Content-Type", "application/octet-stream"}});
  };
  EXPECT_EQ(send("piece=0", "code,dis").status, 200);
  EXPECT_EQ(send("piece=2&last=true", "\n").status, 409);
  EXPECT_EQ(send("piece=1", "lost").status, 200);
  EXPECT_EQ(send("piece=1", "play\nA,whole").status, 200);  // sent again
  const std::string job = JobOf(send("piece=2&last=true", "\n"));
  TheGateway().RunJobs();
  EXPECT_EQ(TheGateway().Send("", Method::kGet, job).status, 200);
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:pieces&code=A"), "display"), "whole");
}

TEST_F(CodeSystemUpload, Order_IsCheckedBeforeAnythingIsKept) {
  const auto status = [](const std::string& query, const std::string& body = "code\nA\n") {
    return TheGateway()
        .Send("", Method::kPost, std::string(kOperation) + "?" + query, body, {{"Content-Type", "application/x"}})
        .status;
  };
  EXPECT_EQ(status("system=urn:x"), 400);  // no format
  EXPECT_EQ(status("system=urn:x&format=owl"), 400);
  EXPECT_EQ(status("system=urn:x&format=csv", ""), 400);
  EXPECT_EQ(status("system=urn:x&format=csv&delimiter=ab"), 400);
  EXPECT_EQ(status("system=urn:x&format=csv&parentLengths=3,1"), 400);
  EXPECT_EQ(status("system=urn:x&format=csv&encoding=klingon"), 400);
  EXPECT_EQ(status("system=urn:x&format=csv&piece=1"), 400);
  EXPECT_EQ(status("system=urn:x&format=csv&upload=a/b&piece=1"), 400);
  EXPECT_EQ(status("system=urn:x&format=csv&unknown=1"), 400);
  EXPECT_EQ(status("format=csv"), 415);  // without a system the body is Parameters
}

TEST_F(CodeSystemUpload, Party_WithoutTheGrantIsRefusedAndSeesNothing) {
  for (const std::string_view party : {"hospital-a", "platform-p", "insurer-amo", "patient-1"}) {
    EXPECT_EQ(TheGateway()
                  .Send(party, Method::kPost, std::string(kOperation) + "?system=urn:x&format=csv", "code\nA\n",
                        {{"Content-Type", "text/csv"}})
                  .status,
              403)
        << party;
    EXPECT_EQ(TheGateway().Send(party, Method::kGet, "/fhir/CodeSystem/$lookup?system=urn:test:atc&code=A").status, 404)
        << party;
  }
}

TEST_F(CodeSystemUpload, ConceptsOfAnother_CannotBeHadByNamingThem) {
  const auto bundle = JsonOf(AskFor("CodeSystem?url=urn:test:atc"));
  const std::string load(
      bundle.Find("entry")->items()[0].Find("resource")->Find("extension")->items()[0].FindText("valueString"));
  const std::string resource = fmt::format(
      R"({{"resourceType":"CodeSystem","id":"up-thief","url":"urn:test:thief","status":"active","content":"not-present","extension":[{{"url":"{}","valueString":"{}"}}]}})",
      adapters::port::kConceptsExtension, load);
  ASSERT_LT(TheGateway().Send("", Method::kPut, "/fhir/CodeSystem/up-thief", resource).status, 300);
  EXPECT_EQ(AskFor("CodeSystem/$lookup?system=urn:test:thief&code=A").status, 404);
  // Nor in a question, under the right url.
  const std::string given = R"({"resourceType":"Parameters","parameter":[{"name":"codeSystem","resource":)" +
                            fmt::format(R"({{"resourceType":"CodeSystem","url":"urn:test:atc","status":"active",)"
                                        R"("content":"not-present","extension":[{{"url":"{}","valueString":"{}"}}]}})",
                                        adapters::port::kConceptsExtension, load) +
                            R"(},{"name":"code","valueCode":"A"}]})";
  EXPECT_NE(Output(TheGateway().Send("hospital-a", Method::kPost, "/fhir/CodeSystem/$validate-code", given), "result"),
            "true");
}

TEST_F(CodeSystemUpload, Sweep_TakesWhatNoResourceNamesAndLeavesTheRest) {
  const std::string query = "system=urn:test:sweep&fileName=a.csv";
  ASSERT_EQ(Upload(query, "code\nA\n").status, 200);
  ASSERT_EQ(Upload(query, "code\nB\n").status, 200);
  auto& store = TheGateway().concept_store();
  const auto count = [&](std::string_view url) {
    const auto loads = store.Loads(-1);
    EXPECT_TRUE(loads);
    return std::ranges::count(*loads, url, &gateway::store::concepts::LoadOfUrl::url);
  };
  EXPECT_EQ(count("urn:test:sweep"), 2);
  // Nothing goes before its time.
  ASSERT_TRUE(gateway::store::concepts::SweepConcepts(store, TheGateway().views()));
  EXPECT_EQ(count("urn:test:sweep"), 2);
  ASSERT_TRUE(gateway::store::concepts::SweepConcepts(store, TheGateway().views(), {.unused_ms = -1'000}));
  EXPECT_EQ(count("urn:test:sweep"), 1);
  EXPECT_EQ(count("urn:test:atc"), 1);
  EXPECT_EQ(Output(AskFor("CodeSystem/$validate-code?url=urn:test:sweep&code=B"), "result"), "true");
}

TEST_F(CodeSystemUpload, PageThatIsLost_IsSaidAndNotTakenForAnAnswer) {
  ASSERT_EQ(Upload("system=urn:test:lost&fileName=a.csv", "code\nA\n").status, 200);
  const auto connection = TheGateway().pool().Acquire();
  ASSERT_TRUE(connection);
  ASSERT_TRUE((*connection)->ExecuteScript("script", R"(DELETE FROM concept_page p USING concept_load l
    WHERE l.load = p.load AND l.url = 'urn:test:lost' AND p.page = 0)"));
  EXPECT_EQ(AskFor("CodeSystem/$validate-code?url=urn:test:lost&code=A").status, 503);
}

TEST_F(CodeSystemUpload, HundredThousandConcepts_AreLoadedAndAsked) {
  std::string csv = "code,display,parent\n";
  for (int i = 0; i < 100'000; ++i) {
    csv += fmt::format("c{},Concept number {},{}\n", i, i, i == 0 ? std::string() : fmt::format("c{}", i / 10));
  }
  ASSERT_EQ(Output(Upload("system=urn:test:large&fileName=large.csv", csv), "conceptCount"), "100000");
  EXPECT_EQ(Output(AskFor("CodeSystem/$lookup?system=urn:test:large&code=c99999&property=x"), "display"),
            "Concept number 99999");
  EXPECT_EQ(Output(AskFor("CodeSystem/$subsumes?system=urn:test:large&codeA=c9&codeB=c99999"), "outcome"), "subsumes");
  const std::string filter = R"({"property":"concept","op":"is-a","value":"c999"})";
  EXPECT_EQ(
      CodesIn(TheGateway().Send("", Method::kPost, "/fhir/ValueSet/$expand", ExpandFilter("urn:test:large", filter)))
          .size(),
      1u + 10u + 100u);
  ASSERT_LT(
      TheGateway()
          .Send(
              "", Method::kPut, "/fhir/ValueSet/up-large",
              R"({"resourceType":"ValueSet","id":"up-large","url":"urn:test:large-set","status":"active","compose":{"include":[{"system":"urn:test:large"}]}})")
          .status,
      300);
  EXPECT_THAT(CodesIn(AskFor("ValueSet/$expand?url=urn:test:large-set&count=2&offset=99998")),
              ElementsAre("c99998", "c99999"));
  EXPECT_EQ(Output(AskFor("ValueSet/$validate-code?url=urn:test:large-set&system=urn:test:large&code=c4711"), "result"),
            "true");
}

}  // namespace
}  // namespace tests::rest
