// Terminology operations over packages and over the record.
#include <fmt/format.h>

#include "tests/gateway/rest/operation_fixture.hpp"

namespace tests::rest {
namespace {

const std::string kGender = "http://hl7.org/fhir/ValueSet/administrative-gender";
const std::string kGenderSystem = "http://hl7.org/fhir/administrative-gender";

/// Codes of an expansion, nested ones too.
void CollectCodes(const fhir::json::Value& node, std::vector<std::string>& codes) {
  if (const auto* contains = node.Find("contains")) {
    for (const auto& item : contains->items()) {
      codes.emplace_back(item.FindText("code"));
      CollectCodes(item, codes);
    }
  }
}

class TerminologyOperationTest : public OperationTest {
 protected:
  static std::vector<std::string> CodesOf(const gateway::http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<std::string> codes;
    const auto value = Json(response);
    if (const auto* expansion = value.Find("expansion")) {
      CollectCodes(*expansion, codes);
    }
    return codes;
  }
  void PutCare(std::string_view version, std::string_view codes) {
    const auto put =
        Put("/fhir/CodeSystem/care",
            fmt::format(R"({{"resourceType":"CodeSystem","id":"care","url":"urn:test:care","version":"{}",)"
                        R"("status":"active","content":"complete","hierarchyMeaning":"is-a","concept":[{}]}})",
                        version, codes));
    ASSERT_LT(put.status, 300) << put.body;
  }
  void PutCareSet() {
    const auto put =
        Put("/fhir/ValueSet/care-set",
            R"({"resourceType":"ValueSet","id":"care-set","url":"urn:test:care-set","version":"1","status":"active",)"
            R"("compose":{"include":[{"system":"urn:test:care"}]}})");
    ASSERT_LT(put.status, 300) << put.body;
  }
};

constexpr std::string_view kTwoCodes =
    R"({"code":"visit","display":"Visit","concept":[{"code":"video","display":"Video visit"}]})";
constexpr std::string_view kThreeCodes =
    R"({"code":"visit","display":"Visit","concept":[{"code":"video","display":"Video visit"}]},{"code":"call"})";

TEST_F(TerminologyOperationTest, Expand_ByUrl_GivesCodesAndMoment) {
  const auto response = Get("/fhir/ValueSet/$expand?url=" + kGender);
  EXPECT_EQ(CodesOf(response), (std::vector<std::string>{"male", "female", "other", "unknown"}));
  EXPECT_NE(response.body.find(R"("timestamp":"2025-06-15T)"), std::string::npos);
}

TEST_F(TerminologyOperationTest, Expand_FilterCountOffset_ArePaged) {
  const auto base = "/fhir/ValueSet/$expand?url=" + kGender;
  EXPECT_EQ(CodesOf(Get(base + "&filter=ma")), (std::vector<std::string>{"male"}));
  EXPECT_EQ(CodesOf(Get(base + "&offset=1&count=2")), (std::vector<std::string>{"female", "other"}));
  EXPECT_EQ(CodesOf(Get(base + "&count=0")), std::vector<std::string>{});
  EXPECT_EQ(Get(base + "&count=-1").status, 400);
}

TEST_F(TerminologyOperationTest, Expand_UnknownValueSet_Is404) {
  const auto response = Get("/fhir/ValueSet/$expand?url=urn:test:absent");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(IssueCode(response), "not-found");
  EXPECT_EQ(Get("/fhir/ValueSet/absent/$expand").status, 404);
}

TEST_F(TerminologyOperationTest, Expand_UnknownCodeSystem_Is422) {
  const auto response = Post("/fhir/ValueSet/$expand",
                             ParametersOf({{"valueSet", R"("resource":{"resourceType":"ValueSet","status":"active",)"
                                                        R"("compose":{"include":[{"system":"urn:test:absent"}]}})"}}));
  EXPECT_EQ(response.status, 422) << response.body;
}

TEST_F(TerminologyOperationTest, Expand_Inline_NeedsNoUrl) {
  EXPECT_EQ(
      CodesOf(Post(
          "/fhir/ValueSet/$expand",
          ParametersOf({{"valueSet", R"("resource":{"resourceType":"ValueSet","status":"active","compose":{)"
                                     R"("include":[{"system":"urn:x","concept":[{"code":"a"},{"code":"b"}]}]}})"}}))),
      (std::vector<std::string>{"a", "b"}));
}

TEST_F(TerminologyOperationTest, Expand_WithoutAValueSetOrWithTwo_Is400) {
  EXPECT_EQ(Get("/fhir/ValueSet/$expand").status, 400);
  PutCare("1", kTwoCodes);
  PutCareSet();
  EXPECT_EQ(Get("/fhir/ValueSet/care-set/$expand?url=" + kGender).status, 400);
}

TEST_F(TerminologyOperationTest, Expand_StoredSets_FollowTheVersionsOfWhatTheyAreMadeOf) {
  PutCare("1", kTwoCodes);
  PutCareSet();
  for (const char* path : {"/fhir/ValueSet/$expand?url=urn:test:care-set", "/fhir/ValueSet/care-set/$expand"}) {
    EXPECT_EQ(CodesOf(Get(path)), (std::vector<std::string>{"visit", "video"})) << path;
  }
  // A write tells nobody: the next question finds the new version by itself.
  PutCare("1", kThreeCodes);
  for (const char* path : {"/fhir/ValueSet/$expand?url=urn:test:care-set", "/fhir/ValueSet/care-set/$expand"}) {
    EXPECT_EQ(CodesOf(Get(path)), (std::vector<std::string>{"visit", "video", "call"})) << path;
  }
  Delete("/fhir/CodeSystem/care");
  EXPECT_EQ(Get("/fhir/ValueSet/care-set/$expand").status, 422);
}

TEST_F(TerminologyOperationTest, StoredSets_AskedAgain_CostOneStatementAndNoBody) {
  PutCare("1", kTwoCodes);
  PutCareSet();
  const std::string question = "/fhir/ValueSet/$validate-code?url=urn:test:care-set&system=urn:test:care&code=video";
  EXPECT_EQ(Output(Get(question), "result"), "true");
  views_.statements = 0;
  views_.bodies_read = 0;
  EXPECT_EQ(Output(Get(question), "result"), "true");
  EXPECT_EQ(views_.statements, 1);
  EXPECT_EQ(views_.bodies_read, 0);
}

TEST_F(TerminologyOperationTest, GivenSet_OfManySystems_AsksForThemTogether) {
  PutCare("1", kTwoCodes);
  std::string includes = R"({"system":"urn:test:care"})";
  for (int i = 0; i < 60; ++i) {
    includes += fmt::format(R"(,{{"system":"urn:test:none-{}","concept":[{{"code":"c"}}]}})", i);
  }
  views_.statements = 0;
  const auto response = Post("/fhir/ValueSet/$expand",
                             ParametersOf({{"valueSet", R"("resource":{"resourceType":"ValueSet","status":"active",)"
                                                        R"("compose":{"include":[)" +
                                                            includes + "]}}"}}));
  EXPECT_EQ(CodesOf(response).size(), 62u);
  EXPECT_LE(views_.statements, 3);  // the systems, the body of the one that is there, and the set
}

TEST_F(TerminologyOperationTest, Expand_APage_IsNoLongerThanAWholeExpansion) {
  std::string codes;
  for (int i = 0; i <= 100'000; ++i) {
    codes += fmt::format(R"({}{{"code":"c{}"}})", i == 0 ? "" : ",", i);
  }
  PutCare("1", codes);
  PutCareSet();
  const std::string expand = "/fhir/ValueSet/care-set/$expand";
  EXPECT_EQ(IssueCode(Get(expand)), "too-costly");
  const auto page = Get(expand + "?count=2000000");
  EXPECT_EQ(CodesOf(page).size(), 100'000u);
  EXPECT_NE(page.body.find(R"("total":100001)"), std::string::npos);
  EXPECT_EQ(CodesOf(Get(expand + "?count=99999")).size(), 99'999u);
  EXPECT_EQ(CodesOf(Get(expand + "?offset=100000&count=2000000")), std::vector<std::string>{"c100000"});
}

TEST_F(TerminologyOperationTest, StoredSets_InACircle_EndWithAnAnswer) {
  for (const char* set : {"a", "b"}) {
    const auto put = Put(fmt::format("/fhir/ValueSet/{}", set),
                         fmt::format(R"({{"resourceType":"ValueSet","id":"{0}","url":"urn:test:{0}","status":"active",)"
                                     R"("compose":{{"include":[{{"valueSet":["urn:test:{1}"]}}]}}}})",
                                     set, *set == 'a' ? "b" : "a"));
    ASSERT_LT(put.status, 300);
  }
  EXPECT_EQ(Get("/fhir/ValueSet/a/$expand").status, 422);
}

TEST_F(TerminologyOperationTest, StoreAway_Is503NotNotFound) {
  PutCare("1", kTwoCodes);
  store_.failure = fhir::Error{.code = fhir::ErrorCode::kUnavailable, .public_text = {"away"}};
  EXPECT_EQ(Get("/fhir/CodeSystem/$lookup?system=urn:test:care&code=visit").status, 503);
}

TEST_F(TerminologyOperationTest, ValidateCode_InValueSet) {
  const auto base = "/fhir/ValueSet/$validate-code?url=" + kGender;
  EXPECT_EQ(Output(Get(base + "&code=male&system=" + kGenderSystem), "result"), "true");
  EXPECT_EQ(Output(Get(base + "&code=male&system=" + kGenderSystem), "display"), "Male");
  EXPECT_EQ(Output(Get(base + "&code=purple&system=" + kGenderSystem), "result"), "false");
  EXPECT_EQ(Output(Get(base + "&code=male&display=Frau&system=" + kGenderSystem), "result"), "false");
  EXPECT_EQ(Get(base + "&code=male").status, 400) << "a code needs its system";
  EXPECT_EQ(Get(base).status, 400);
  EXPECT_EQ(Get("/fhir/ValueSet/$validate-code?url=urn:test:absent&code=a&system=b").status, 404);
  EXPECT_EQ(Output(Post("/fhir/ValueSet/$validate-code",
                        ParametersOf({{"url", fmt::format(R"("valueUri":"{}")", kGender)},
                                      {"codeableConcept",
                                       fmt::format(R"("valueCodeableConcept":{{"coding":[{{"system":"x","code":"y"}},)"
                                                   R"({{"system":"{}","code":"female"}}]}})",
                                                   kGenderSystem)}})),
                   "result"),
            "true");
}

TEST_F(TerminologyOperationTest, ValidateCode_InCodeSystem) {
  const auto base = "/fhir/CodeSystem/$validate-code?url=" + kGenderSystem;
  EXPECT_EQ(Output(Get(base + "&code=male"), "result"), "true");
  EXPECT_EQ(Output(Get(base + "&code=purple"), "result"), "false");
  EXPECT_EQ(Get("/fhir/CodeSystem/$validate-code?url=urn:test:absent&code=a").status, 404);
  EXPECT_EQ(Output(Get("/fhir/CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=mg"), "result"), "true");
  PutCare("1", kTwoCodes);
  EXPECT_EQ(Output(Get("/fhir/CodeSystem/care/$validate-code?code=video"), "result"), "true");
  EXPECT_EQ(Output(Get("/fhir/CodeSystem/care/$validate-code?code=audio"), "result"), "false");
  EXPECT_EQ(
      Output(
          Post("/fhir/CodeSystem/$validate-code",
               ParametersOf({{"code", R"("valueCode":"new")"},
                             {"codeSystem", R"("resource":{"resourceType":"CodeSystem","url":"urn:test:care",)"
                                            R"("status":"draft","content":"complete","concept":[{"code":"new"}]})"}})),
          "result"),
      "true")
      << "what comes with the question counts before what is stored";
  EXPECT_EQ(Output(Get("/fhir/CodeSystem/care/$validate-code?code=new"), "result"), "false");
}

TEST_F(TerminologyOperationTest, Lookup_UnknownSystemOrCode_Is404) {
  const auto known = Get("/fhir/CodeSystem/$lookup?system=" + kGenderSystem + "&code=male");
  EXPECT_EQ(Output(known, "display"), "Male");
  for (const std::string& query :
       {std::string("system=urn:test:absent&code=male"), "system=" + kGenderSystem + "&code=purple"}) {
    const auto unknown = Get("/fhir/CodeSystem/$lookup?" + query);
    EXPECT_EQ(unknown.status, 404) << query;
    EXPECT_EQ(IssueCode(unknown), "not-found");
    EXPECT_EQ(unknown.body.find("purple"), std::string::npos) << "a code may be a patient's";
  }
  EXPECT_EQ(Get("/fhir/CodeSystem/$lookup?code=male").status, 400);
}

TEST_F(TerminologyOperationTest, Subsumes_OnTypeAndInstance) {
  PutCare("1", kThreeCodes);
  const auto outcome = [&](std::string_view a, std::string_view b) {
    return Output(Get(fmt::format("/fhir/CodeSystem/care/$subsumes?codeA={}&codeB={}", a, b)), "outcome");
  };
  EXPECT_EQ(outcome("visit", "video"), "subsumes");
  EXPECT_EQ(outcome("video", "visit"), "subsumed-by");
  EXPECT_EQ(outcome("call", "visit"), "not-subsumed");
  EXPECT_EQ(outcome("call", "call"), "equivalent");
  EXPECT_EQ(Output(Get("/fhir/CodeSystem/$subsumes?system=urn:test:care&codeA=visit&codeB=video"), "outcome"),
            "subsumes");
  EXPECT_EQ(Get("/fhir/CodeSystem/$subsumes?codeA=visit&codeB=video").status, 400);
  EXPECT_EQ(Get("/fhir/CodeSystem/$subsumes?system=urn:test:absent&codeA=visit&codeB=video").status, 404);
}

TEST_F(TerminologyOperationTest, Translate_StoredAndInlineMaps) {
  const std::string map =
      R"({"resourceType":"ConceptMap","id":"m","url":"urn:test:map","status":"active","group":[{"source":"urn:a",)"
      R"("target":"urn:b","element":[{"code":"1","target":[{"code":"one","equivalence":"equal"}]}]}]})";
  ASSERT_LT(Put("/fhir/ConceptMap/m", map).status, 300);
  for (const char* path : {"/fhir/ConceptMap/$translate?url=urn:test:map&", "/fhir/ConceptMap/m/$translate?",
                           "/fhir/ConceptMap/$translate?"}) {
    const auto found = Get(path + std::string("system=urn:a&code=1"));
    EXPECT_EQ(Output(found, "result"), "true") << path;
    EXPECT_NE(found.body.find(R"("code":"one")"), std::string::npos);
    EXPECT_EQ(Output(Get(path + std::string("system=urn:a&code=2")), "result"), "false") << path;
  }
  EXPECT_EQ(Get("/fhir/ConceptMap/$translate?url=urn:test:absent&system=urn:a&code=1").status, 404);
  EXPECT_EQ(Output(Get("/fhir/ConceptMap/m/$translate?system=urn:b&code=one&reverse=true"), "result"), "true");
}

TEST_F(TerminologyOperationTest, Parameters_WrongOnes_AreNamedWithTheirPlace) {
  const auto refused = Post("/fhir/CodeSystem/$lookup",
                            ParametersOf({{"code", R"("valueCode":"male")"}, {"colour", R"("valueString":"red")"}}));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(IssueMember(refused, "expression"), "Parameters.parameter[1]");
  EXPECT_NE(IssueMember(refused, "diagnostics").find("\"colour\""), std::string::npos);
  EXPECT_EQ(refused.body.find("red"), std::string::npos);

  const auto other_type = Post("/fhir/ValueSet/$expand", ParametersOf({{"url", R"("valueBoolean":true)"}}));
  EXPECT_EQ(other_type.status, 400);
  EXPECT_EQ(IssueMember(other_type, "expression"), "Parameters.parameter[0]");

  EXPECT_EQ(Get("/fhir/ValueSet/$expand?url=" + kGender + "&activeOnly=maybe").status, 400);
  EXPECT_EQ(Get("/fhir/ValueSet/$expand?url=" + kGender + "&url=" + kGender).status, 400);
  EXPECT_EQ(Get("/fhir/ValueSet/$expand?url=" + kGender + "&date=2025-01-01").status, 400);
  EXPECT_EQ(Get("/fhir/ValueSet/$expand?valueSet=x").status, 400);
  EXPECT_EQ(Post("/fhir/ValueSet/$expand", kPatient).status, 400);
  EXPECT_EQ(CodesOf(Get("/fhir/ValueSet/$expand?colour=red&url=" + kGender, {{"Prefer", "handling=lenient"}})).size(),
            4u);
}

TEST_F(TerminologyOperationTest, Batch_TakesOperations) {
  const auto response = Post(
      "/fhir", R"({"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":)"
               R"("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male"}},)"
               R"({"request":{"method":"POST","url":"CodeSystem/$lookup"},"resource":)" +
                   ParametersOf({{"code", R"("valueCode":"x")"}, {"system", R"("valueUri":"urn:absent")"}}) + "}]}");
  ASSERT_EQ(response.status, 200);
  const auto value = Json(response);
  const auto& entries = value.Find("entry")->items();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].Find("resource")->FindText("resourceType"), "Parameters");
  EXPECT_EQ(entries[1].Find("response")->FindText("status"), "404 Not Found");
}

TEST_F(TerminologyOperationTest, Capabilities_ListEachOperationWithItsDefinition) {
  const auto value = Json(Get("/fhir/metadata"));
  const auto& rest = value.Find("rest")->items()[0];
  std::map<std::string, std::vector<std::string>> definitions;
  for (const auto& resource : rest.Find("resource")->items()) {
    if (const auto* operations = resource.Find("operation")) {
      for (const auto& operation : operations->items()) {
        definitions[std::string(resource.FindText("type"))].emplace_back(operation.FindText("definition"));
      }
    }
  }
  const auto lists = [&](const std::string& type, const std::string& name) {
    const auto& all = definitions[type];
    return std::count(all.begin(), all.end(), "http://hl7.org/fhir/OperationDefinition/" + name);
  };
  EXPECT_EQ(lists("ValueSet", "ValueSet-expand"), 1);
  EXPECT_EQ(lists("CodeSystem", "CodeSystem-lookup"), 1);
  EXPECT_EQ(lists("ValueSet", "Resource-validate"), 1);
  EXPECT_EQ(lists("Patient", "ValueSet-expand"), 0);
}

}  // namespace
}  // namespace tests::rest
