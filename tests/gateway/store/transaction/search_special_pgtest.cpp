// What the evaluator in memory does not answer: full text, lists, compartments, several types, includes of all kinds;
// and that what an update takes away is found no more.
#include <gmock/gmock.h>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class SpecialSearch : public StoreTest {
 protected:
  static fhir::search::Query AskAll(std::vector<fhir::search::NameValue> parameters) {
    fhir::IssueList warnings;
    auto query =
        fhir::search::ParseSystemQuery(fhir::metadata::Definitions::R4().ResourceTypes(), parameters, {}, warnings);
    if (!query) {
      ADD_FAILURE() << query.error().public_text.text;
      return {};
    }
    return *std::move(query);
  }

  static fhir::search::Criterion Inside(std::string_view type, std::string_view id) {
    fhir::search::Criterion criterion;
    criterion.kind = fhir::search::CriterionKind::kCompartment;
    criterion.compartment = fhir::search::Compartment{Type(type), std::string(id)};
    return criterion;
  }

  static std::string Narrative(std::string_view text) {
    return fmt::format(
        R"("text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{}</p></div>"}})", text);
  }

  static port::Actor Granted(std::initializer_list<std::string_view> types, bool hidden_identifiers = false) {
    auto grants = std::make_shared<port::Grants>();
    for (const std::string_view type : types) {
      grants->by_type[Type(type)] = {.grants = {{port::kRead | port::kSearch | port::kChain, {}}},
                                     .identifier_types_hidden = {}};
      if (hidden_identifiers) grants->by_type[Type(type)].identifier_types_hidden = {"INS-NIR"};
    }
    port::Actor actor;
    actor.kind = port::PartyKind::kHospital;
    actor.grants = std::move(grants);
    return actor;
  }
};

TEST_F(SpecialSearch, Text_FindsStemsOfBothLanguages_WithoutAccents) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient",)" + Narrative("Les fractures opérées du fémur") + "}"),
        Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient",)" + Narrative("Broken bones were operated") + "}"),
        Put(Verb::kUpdate, "p3", R"({"resourceType":"Patient"})"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "fracture"}})), ElementsAre("p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "FEMURS opérée"}})), ElementsAre("p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "bone operating"}})), ElementsAre("p2"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "bone or femur"}})), UnorderedElementsAre("p1", "p2"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "\"broken bones\""}})), ElementsAre("p2"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "\"bones broken\""}})), IsEmpty());
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "operated -bones"}})), IsEmpty());
  EXPECT_THAT(Find(Ask("Patient", {{"_text:missing", "true"}})), ElementsAre("p3"));
  EXPECT_THAT(Find(Ask("Patient", {{"_filter", "_text co femur or _text co bone"}})), UnorderedElementsAre("p1", "p2"));
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient",)" + Narrative("Une entorse") + "}"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "fracture"}})), IsEmpty());
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "entorse"}})), ElementsAre("p1"));
  Apply(Delete("Patient", "p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "entorse"}})), IsEmpty());
}

TEST_F(SpecialSearch, Content_IsIndexedForTheTypesOfTheSetting) {
  gateway::store::StoreOptions options;
  options.content_types = {"Patient"};
  Reopen(options);
  Apply(Put(Verb::kUpdate, "p1",
            R"({"resourceType":"Patient","name":[{"family":"Lefèvre"}],"identifier":[{"value":"ZZ99"}]})"),
        Put(Verb::kUpdate, "o1", R"({"resourceType":"Organization","name":"Lefèvre"})"));
  fhir::search::ParseOptions parse;
  parse.content_types = {"Patient"};
  const auto ask = [&](std::string_view type, std::string_view words) {
    fhir::IssueList warnings;
    return fhir::search::ParseQuery(Type(type), {{{"_content", std::string(words)}}}, parse, warnings);
  };
  EXPECT_THAT(Find(*ask("Patient", "lefevre")), ElementsAre("p1"));
  EXPECT_THAT(Find(*ask("Patient", "zz99")), IsEmpty()) << "identifiers are no content";
  EXPECT_EQ(ask("Organization", "lefevre").error().code, fhir::ErrorCode::kUnsupported);
}

TEST_F(SpecialSearch, Text_OfWhoMayNotSearchAllIdentifiers_FindsNothing) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient",)" + Narrative("INS 299zz fracture") + "}"),
        Put(Verb::kUpdate, "o1", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
                                    "subject":{"reference":"Patient/p1"}})"));
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "299zz"}}), Granted({"Patient"})), ElementsAre("p1"));
  const auto hidden = Granted({"Patient", "Observation"}, true);
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "299zz"}}), hidden), IsEmpty());
  EXPECT_THAT(Find(Ask("Patient", {{"_text", "fracture"}}), hidden), IsEmpty());
  EXPECT_THAT(Find(Ask("Patient", {{"_text:missing", "false"}}), hidden), IsEmpty());
  EXPECT_THAT(Find(Ask("Patient", {{"_filter", "_text co 299zz"}}), hidden), IsEmpty());
  EXPECT_THAT(Find(Ask("Observation", {{"subject:Patient._text", "299zz"}}), hidden), IsEmpty());
  EXPECT_THAT(Find(AskAll({{"_type", "Patient"}, {"_text", "299zz"}}), hidden), IsEmpty());
  EXPECT_THAT(Find(Ask("Observation", {{"subject:Patient._text", "299zz"}})), ElementsAre("o1"));
}

TEST_F(SpecialSearch, List_FindsWhatItsEntriesReferTo_WhenTheListIsGranted) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "p2", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "o1", R"({"resourceType":"Organization","name":"x"})"),
        Put(Verb::kUpdate, "l1", R"({"resourceType":"List","status":"current","mode":"working","entry":[
             {"item":{"reference":"Patient/p2"}},{"item":{"reference":"Organization/o1"}}]})"));
  EXPECT_THAT(Find(Ask("Patient", {{"_list", "l1"}})), ElementsAre("p2"));
  EXPECT_THAT(Find(Ask("Patient", {{"_list", "List/l1"}})), ElementsAre("p2"));
  EXPECT_THAT(Find(Ask("Patient", {{"_list", "l2"}})), IsEmpty());
  EXPECT_THAT(Find(AskAll({{"_list", "l1"}})), UnorderedElementsAre("p2", "o1"));
  EXPECT_THAT(Find(Ask("Patient", {{"_list", "l1"}}), Granted({"Patient", "List"})), ElementsAre("p2"));
  EXPECT_THAT(Find(Ask("Patient", {{"_list", "l1"}}), Granted({"Patient"})), IsEmpty());
}

TEST_F(SpecialSearch, SeveralTypes_PagesAndGrantsHold) {
  for (int i = 0; i < 7; ++i) {
    // One id for two types: the pages must tell them apart.
    const std::string meta = R"("meta":{"tag":[{"code":"t"}]})";
    Apply(Put(Verb::kUpdate, fmt::format("x{}", i), R"({"resourceType":"Patient",)" + meta + "}"),
          Put(Verb::kUpdate, fmt::format("x{}", i), R"({"resourceType":"Organization","name":"x",)" + meta + "}"),
          Put(Verb::kUpdate, fmt::format("x{}", i), R"({"resourceType":"Basic","code":{"text":"x"},)" + meta + "}"));
  }
  const auto walk = [&](fhir::search::Query query, const port::Actor& actor) {
    std::vector<std::string> seen;
    for (int pages = 0; pages < 30; ++pages) {
      const auto page = store_->Search(actor, query);
      if (!page) {
        ADD_FAILURE() << page.error().public_text.text << page.error().internal_text.text;
        break;
      }
      for (const auto& hit : page->hits) {
        seen.push_back(
            fmt::format("{}/{}", fhir::metadata::Definitions::R4().TypeName(hit.resource.type), hit.resource.id));
      }
      if (page->next_cursor.empty()) break;
      query.cursor = page->next_cursor;
    }
    return seen;
  };
  for (const auto& parameters :
       std::vector<std::vector<fhir::search::NameValue>>{{{"_tag", "t"}, {"_count", "4"}},
                                                         {{"_type", "Patient,Organization,Basic"}, {"_count", "3"}},
                                                         {{"_tag", "t"}, {"_sort", "-_lastUpdated"}, {"_count", "4"}},
                                                         {{"_tag", "t"}, {"_sort", "-_id"}, {"_count", "4"}}}) {
    auto seen = walk(AskAll(parameters), System());
    EXPECT_EQ(seen.size(), 21u) << parameters.front().second;
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 21u);
    seen = walk(AskAll(parameters), Granted({"Patient", "Basic"}));
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 14u);
  }
  EXPECT_EQ(walk(AskAll({{"_type", "Patient"}, {"_tag", "t"}}), System()).size(), 7u);
  EXPECT_EQ(walk(AskAll({{"_tag:not", "t"}, {"_type", "Patient"}}), System()).size(), 0u);
  EXPECT_EQ(walk(AskAll({{"_id", "x1,x2"}}), System()).size(), 6u);
  EXPECT_EQ(walk(AskAll({{"_id", "x1"}}), port::Actor{}).size(), 0u);
}

TEST_F(SpecialSearch, Compartment_OfOneType_AndOfAll) {
  Apply(Put(Verb::kUpdate, "1", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "2", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "o1", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
             "subject":{"reference":"Patient/1"}})"),
        Put(Verb::kUpdate, "o2", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
             "subject":{"reference":"Patient/2"},"performer":[{"reference":"Patient/1"}]})"),
        Put(Verb::kUpdate, "o3", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
             "subject":{"reference":"Patient/2"}})"),
        Put(Verb::kUpdate, "e1", R"({"resourceType":"Encounter","status":"finished","class":{"code":"VR"},
             "subject":{"reference":"Patient/1"}})"));
  auto typed = Ask("Observation", {});
  typed.criteria.push_back(Inside("Patient", "1"));
  EXPECT_THAT(Find(typed), UnorderedElementsAre("o1", "o2"));
  auto all = AskAll({});
  all.criteria.push_back(Inside("Patient", "1"));
  EXPECT_THAT(Find(all), UnorderedElementsAre("1", "o1", "o2", "e1"));
  EXPECT_THAT(Find(all, Granted({"Encounter"})), ElementsAre("e1"));
  auto some = AskAll({{"_type", "Encounter,Patient"}});
  some.criteria.push_back(Inside("Patient", "1"));
  EXPECT_THAT(Find(some), UnorderedElementsAre("1", "e1"));
}

TEST_F(SpecialSearch, Composite_OfAnUpdate_IsFoundByTheNewValueAlone) {
  const auto body = [](std::string_view value) {
    return fmt::format(
        R"({{"resourceType":"Observation","status":"final","code":{{"coding":[{{"code":"a","display":"d"}}]}},
            "valueQuantity":{{"value":{},"unit":"shown","system":"http://unitsofmeasure.org","code":"mg"}}}})",
        value);
  };
  Apply(Put(Verb::kUpdate, "o1", body("5")));
  Apply(Put(Verb::kUpdate, "o1", body("7")));
  EXPECT_THAT(Find(Ask("Observation", {{"code-value-quantity", "a$5"}})), IsEmpty());
  EXPECT_THAT(Find(Ask("Observation", {{"code-value-quantity", "a$7"}})), ElementsAre("o1"));
  EXPECT_THAT(Find(Ask("Observation", {{"value-quantity", "5"}})), IsEmpty());
  EXPECT_THAT(Find(Ask("Observation", {{"value-quantity", "0.007|http://unitsofmeasure.org|g"}})), ElementsAre("o1"));
  Apply(Delete("Observation", "o1"));
  auto connection = SharedDb().Connect();
  const auto rows = connection->ExecuteAdHoc(
      "left",
      "SELECT (SELECT count(*) FROM idx_composite WHERE closed_tx IS NULL) + (SELECT count(*) FROM idx_token WHERE "
      "closed_tx IS NULL) + (SELECT count(*) FROM idx_quantity WHERE closed_tx IS NULL)",
      {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].Int(0), 0);
}

TEST_F(SpecialSearch, Sort_ByToken_PassesOverTextsWithoutCode) {
  Apply(Put(Verb::kUpdate, "o1", R"({"resourceType":"Observation","status":"final","code":{"text":"only text"}})"),
        Put(Verb::kUpdate, "o2", R"({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"b"}]}})"),
        Put(Verb::kUpdate, "o3",
            R"({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}],"text":"other"}})"));
  EXPECT_THAT(Find(Ask("Observation", {{"_sort", "code"}})), ElementsAre("o3", "o2", "o1"));
  EXPECT_THAT(Find(Ask("Observation", {{"_sort", "-code"}})), ElementsAre("o2", "o3", "o1"));
  EXPECT_THAT(Find(Ask("Observation", {{"_sort", "-_id"}})), ElementsAre("o3", "o2", "o1"));
}

TEST_F(SpecialSearch, Includes_WildcardsTargetTypesAndGrants) {
  Apply(Put(Verb::kUpdate, "org", R"({"resourceType":"Organization","name":"x"})"),
        Put(Verb::kUpdate, "doc", R"({"resourceType":"Practitioner"})"),
        Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","managingOrganization":{"reference":"Organization/org"},
             "generalPractitioner":[{"reference":"Practitioner/doc"}]})"),
        Put(Verb::kUpdate, "o1", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
             "subject":{"reference":"Patient/p1"}})"),
        Put(Verb::kUpdate, "e1", R"({"resourceType":"Encounter","status":"finished","class":{"code":"VR"},
             "subject":{"reference":"Patient/p1"}})"));
  EXPECT_THAT(Find(Ask("Patient", {{"_include", "*"}})), UnorderedElementsAre("p1", "+org", "+doc"));
  EXPECT_THAT(Find(Ask("Patient", {{"_include", "Patient:*"}})), UnorderedElementsAre("p1", "+org", "+doc"));
  EXPECT_THAT(Find(Ask("Patient", {{"_include", "Patient:general-practitioner:Practitioner"}})),
              UnorderedElementsAre("p1", "+doc"));
  EXPECT_THAT(Find(Ask("Patient", {{"_include", "Patient:general-practitioner:Organization"}})), ElementsAre("p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"_revinclude", "*"}})), UnorderedElementsAre("p1", "+o1", "+e1"));
  EXPECT_THAT(Find(Ask("Observation", {{"_include:iterate", "*"}})), UnorderedElementsAre("o1", "+p1", "+org", "+doc"));
  EXPECT_THAT(Find(Ask("Patient", {{"_revinclude", "*"}}), Granted({"Patient", "Encounter"})),
              UnorderedElementsAre("p1", "+e1"));
  EXPECT_THAT(Find(Ask("Observation", {{"_include:iterate", "*"}}), Granted({"Observation", "Patient"})),
              UnorderedElementsAre("o1", "+p1"));
}

}  // namespace
}  // namespace tests::store
