// The life of a search parameter: stored, being indexed, usable on every node, changed, gone.
#include <gmock/gmock.h>

#include <functional>
#include <thread>

#include "gateway/store/search_parameters/start.hpp"
#include "tests/gateway/store/search_parameters/parameter_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using ParameterLife = ParameterTest;

TEST_F(ParameterLife, Stored_IsRefusedWithItsProgress_UntilAllResourcesAreVisited) {
  for (int i = 0; i < 10; ++i) {
    Store(*one_, fmt::format("p{}", i), Colour(fmt::format("p{}", i), i < 3 ? "red" : "blue"));
  }
  EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre(HasSubstr("no search parameter 'colour'")));
  Store(*one_, "sp", Parameter("colour"));
  EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre(HasSubstr("'colour' is being indexed, 0 %")));
  auto indexer = MakeIndexer(*one_, 4);
  ASSERT_TRUE(indexer.Step());
  EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre(HasSubstr("'colour' is being indexed, 40 %")));
  EXPECT_THAT(Found(*two_, {{"_sort", "colour"}}), ElementsAre(HasSubstr("being indexed")));
  EXPECT_THAT(Found(*two_, {{"subject.colour", "red"}}, "Observation"), ElementsAre(HasSubstr("being indexed")));
  IndexAll(indexer);
  for (Node* node : {one_.get(), two_.get()}) {
    EXPECT_THAT(Found(*node, {{"colour", "red"}}), ElementsAre("p0", "p1", "p2"));
    EXPECT_THAT(Found(*node, {{"colour:exact", "blue"}, {"_sort", "-_id"}, {"_id", "p9"}}), ElementsAre("p9"));
    EXPECT_EQ(Found(*node, {{"colour:missing", "false"}}).size(), 10u);
  }
}

TEST_F(ParameterLife, EveryType_IsIndexedAndSearched) {
  Store(*one_, "o1", R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"extension":[
    {"url":"http://x.org/s","valueString":"Été"},{"url":"http://x.org/t","valueCode":"T1"},
    {"url":"http://x.org/r","valueReference":{"reference":"Patient/p1"}},{"url":"http://x.org/d","valueDate":"2025-03-04"},
    {"url":"http://x.org/n","valueInteger":7},{"url":"http://x.org/u","valueUri":"urn:x:1"},
    {"url":"http://x.org/q","valueQuantity":{"value":2,"unit":"g","system":"http://unitsofmeasure.org","code":"g"}}]})");
  Store(*one_, "o2", R"({"resourceType":"Observation","status":"final","code":{"text":"c"}})");
  Store(*one_, "p1", R"({"resourceType":"Patient","birthDate":"1970-01-01"})");
  const std::pair<const char*, const char*> rows[] = {{"s", "string"},  {"t", "token"},  {"r", "reference"},
                                                      {"d", "date"},    {"n", "number"}, {"u", "uri"},
                                                      {"q", "quantity"}};
  for (const auto& [letter, type] : rows) {
    const std::string json = fmt::format(
        R"({{"resourceType":"SearchParameter","url":"http://x.org/SearchParameter/{0}","name":"n","status":"active",)"
        R"("description":"d","code":"x-{0}","base":["Observation"],"type":"{1}",)"
        R"("expression":"Observation.extension.where(url='http://x.org/{0}').value"}})",
        letter, type);
    Store(*one_, fmt::format("sp-{}", letter), json);
  }
  auto indexer = MakeIndexer(*two_);
  IndexAll(indexer);
  const auto found = [&](std::string_view name, std::string_view value) {
    return Found(*one_, {{std::string(name), std::string(value)}}, "Observation");
  };
  EXPECT_THAT(found("x-s", "ete"), ElementsAre("o1"));
  EXPECT_THAT(found("x-t", "T1"), ElementsAre("o1"));
  EXPECT_THAT(found("x-t:not", "T1"), ElementsAre("o2"));
  EXPECT_THAT(found("x-r", "Patient/p1"), ElementsAre("o1"));
  EXPECT_THAT(found("x-r:Patient.birthdate", "1970-01-01"), ElementsAre("o1"));
  EXPECT_THAT(found("x-d", "ge2025-03"), ElementsAre("o1"));
  EXPECT_THAT(found("x-n", "gt6"), ElementsAre("o1"));
  EXPECT_THAT(found("x-u", "urn:x:1"), ElementsAre("o1"));
  EXPECT_THAT(found("x-q", "2000|http://unitsofmeasure.org|mg"), ElementsAre("o1"));
  EXPECT_THAT(Found(*one_, {{"_has:Observation:x-r:x-n", "7"}}), ElementsAre("p1"));
  EXPECT_THAT(Found(*one_, {{"_revinclude", "Observation:x-r"}}), ElementsAre("p1", "o1"));
}

TEST_F(ParameterLife, AnotherExpression_IsIndexedAnew_AndItsOldRowsGo) {
  Store(*one_, "p1", R"({"resourceType":"Patient","gender":"male","birthDate":"1970-01-01"})");
  Store(*one_, "sp", Parameter("twice", "token", "Patient.gender"));
  auto indexer = MakeIndexer(*two_);
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"twice", "male"}}), ElementsAre("p1"));
  Store(*one_, "sp", Parameter("twice", "token", "Patient.gender", R"(,"purpose":"words alone")"));
  EXPECT_THAT(Found(*two_, {{"twice", "male"}}), ElementsAre("p1")) << "what does not touch the index changes nothing";
  Store(*one_, "sp", Parameter("twice", "date", "Patient.birthDate"));
  EXPECT_THAT(Found(*two_, {{"twice", "1970"}}), ElementsAre(HasSubstr("being indexed")));
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"twice", "1970"}}), ElementsAre("p1"));
  EXPECT_EQ(Ask("SELECT count(*)::text FROM idx_token WHERE parameter >= 16384"), "0");
  EXPECT_EQ(Ask("SELECT count(*)::text FROM search_parameter"), "1");
}

TEST_F(ParameterLife, RetiredOrDeletedOrErased_IsUnknownAtOnce_AndItsRowsGo) {
  for (int i = 0; i < 20; ++i) {
    Store(*one_, fmt::format("p{:02}", i), Colour(fmt::format("p{:02}", i), "red"));
  }
  auto indexer = MakeIndexer(*two_);
  const std::function<void()> ways[] = {
      [&] {
        std::string retired = Parameter("colour");
        retired.replace(retired.find("active"), 6, "retired");
        Store(*one_, "sp", retired);
      },
      [&] {
        std::vector<port::Change> changes;
        changes.push_back(Delete("SearchParameter", "sp"));
        EXPECT_TRUE(port::InTransaction(*one_->units, System(), 5, [&](port::UnitOfWork& work) {
          fhir::IssueList issues;
          return work.Apply(std::exchange(changes, {}), issues);
        }));
      },
      [&] {
        EXPECT_TRUE(one_->units->Erase(System(),
                                       {.what = port::Erased::kResources, .keys = {{Type("SearchParameter"), "sp"}}}));
      }};
  for (std::size_t way = 0; way < std::size(ways); ++way) {
    Store(*one_, "sp", Parameter("colour"));
    IndexAll(indexer);
    ASSERT_EQ(Found(*two_, {{"colour", "red"}}).size(), 20u) << way;
    ways[way]();
    EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre(HasSubstr("no search parameter 'colour'"))) << way;
    EXPECT_THAT(Found(*one_, {{"colour", "red"}}), ElementsAre(HasSubstr("no search parameter 'colour'"))) << way;
    IndexAll(indexer);
    EXPECT_EQ(Ask("SELECT count(*)::text FROM idx_string WHERE parameter >= 16384"), "0") << way;
    EXPECT_EQ(Ask("SELECT count(*)::text FROM search_parameter"), "0") << way;
  }
}

TEST_F(ParameterLife, OnAllTypes_IsSearchedOverSeveral) {
  Store(*one_, "p1", R"({"resourceType":"Patient","language":"fr"})");
  Store(*one_, "o1", R"({"resourceType":"Organization","name":"x","language":"fr"})");
  std::string json = Parameter("tongue", "token", "Resource.language");
  json.replace(json.find("\"Patient\""), 9, "\"Resource\"");
  Store(*one_, "sp", json);
  auto indexer = MakeIndexer(*one_);
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"tongue", "fr"}}), ElementsAre("p1"));
  EXPECT_THAT(Found(*two_, {{"tongue", "fr"}}, "Organization"), ElementsAre("o1"));
  fhir::search::ParseOptions options;
  options.custom = *two_->registry.Current();
  fhir::IssueList warnings;
  const std::vector<fhir::search::NameValue> asked = {{"tongue", "fr"}};
  const auto query =
      fhir::search::ParseSystemQuery(fhir::metadata::Definitions::R4().ResourceTypes(), asked, options, warnings);
  ASSERT_TRUE(query) << query.error().public_text.text;
  EXPECT_EQ(two_->resources->Search(System(), *query)->hits.size(), 2u);
}

TEST_F(ParameterLife, WhatCannotBeIndexed_IsRefusedWithItsPlace) {
  Store(*one_, "taken", Parameter("taken"));
  const auto with = [](std::string json, std::string_view from, std::string_view to) {
    json.replace(json.find(from), from.size(), to);
    return json;
  };
  const std::pair<std::string, const char*> wrong[] = {
      {Parameter("name"), "SearchParameter.code"},
      {Parameter("_mine"), "SearchParameter.code"},
      {Parameter("a.b"), "SearchParameter.code"},
      {Parameter("x", "string", "Patient.name.where("), "SearchParameter.expression"},
      {Parameter("x", "string", "Patient.name.frobnicate()"), "SearchParameter.expression"},
      {Parameter("x", "composite"), "SearchParameter.component"},
      {Parameter("x", "composite", "Patient.communication", Components({{"Patient-language", "language"}})),
       "SearchParameter.component"},
      {Parameter("x", "composite", "Patient.communication",
                 Components({{"Patient-language", "language"}, {"Patient-none", "preferred"}})),
       "SearchParameter.component[1].definition"},
      {Parameter("x", "composite", "Patient.communication",
                 Components({{"Patient-language", "language"}, {"Patient-active", "preferred.where("}})),
       "SearchParameter.component[1].expression"},
      {Parameter("x", "composite", "Patient.communication",
                 Components({{"Patient-language", "language"},
                             {"Patient-active", "preferred"},
                             {"individual-gender", "preferred"}})),
       "SearchParameter.component[2].definition"},
      {Parameter("x", "composite", "Observation.component",
                 Components({{"Observation-value-quantity", "value"}, {"Observation-value-quantity", "value"}})),
       "SearchParameter.component[1].definition"},
      {Parameter("x", "token", "Patient.id",
                 Components({{"Patient-language", "language"}, {"Patient-active", "preferred"}})),
       "SearchParameter.component[0]"},
      {Parameter("x", "special"), "SearchParameter.type"},
      {Parameter("x", "string", "Patient.id", R"(,"modifier":["exact","above"])"), "SearchParameter.modifier[1]"},
      {Parameter("x", "string", "Patient.id", R"(,"target":["Patient"])"), "SearchParameter.target[0]"},
      {Parameter("x", "string", "Patient.id", R"(,"comparator":["gt"])"), "SearchParameter.comparator[0]"},
      {with(Parameter("x"), R"("Patient"])", R"("Patient","Unicorn"])"), "SearchParameter.base[1]"},
      {with(Parameter("taken"), "SearchParameter/taken", "SearchParameter/other"), "SearchParameter.code"},
      {with(Parameter("other"), "SearchParameter/other", "SearchParameter/taken"), "SearchParameter.url"},
  };
  for (const auto& [json, place] : wrong) {
    fhir::IssueList issues;
    const auto refused = Write(*two_, Verb::kUpdate, "new", json, &issues);
    ASSERT_FALSE(refused) << json;
    EXPECT_EQ(refused.error().code, fhir::ErrorCode::kInvalid) << json;
    const auto at = std::ranges::find(issues.issues(), fhir::Severity::kError, &fhir::Issue::severity);
    ASSERT_NE(at, issues.issues().end()) << json;
    EXPECT_THAT(at->expression, StartsWith(place)) << json;
  }
  // The same, but not active: it is a resource like any other.
  fhir::IssueList issues;
  EXPECT_TRUE(Write(*two_, Verb::kUpdate, "new", with(Parameter("name"), "active", "draft"), &issues));
  EXPECT_EQ(issues.issues().back().severity, fhir::Severity::kInformation);
  EXPECT_EQ(Ask("SELECT count(*)::text FROM search_parameter"), "1");
}

TEST_F(ParameterLife, Special_IsRefusedWithTheReason) {
  fhir::IssueList issues;
  ASSERT_FALSE(Write(*one_, Verb::kUpdate, "new", Parameter("x", "special"), &issues));
  const auto at = std::ranges::find(issues.issues(), fhir::Severity::kError, &fhir::Issue::severity);
  ASSERT_NE(at, issues.issues().end());
  EXPECT_EQ(at->type, fhir::IssueType::kNotSupported);
  EXPECT_THAT(at->text, HasSubstr("is not said by its expression but built into a server"));
}

TEST_F(ParameterLife, AComposite_MeetsItsComponentsInOnePart) {
  const auto speaker = [](std::string_view id, std::string_view preferred, std::string_view other) {
    return fmt::format(
        R"({{"resourceType":"Patient","id":"{}","communication":[)"
        R"({{"language":{{"coding":[{{"system":"urn:ietf:bcp:47","code":"{}"}}]}},"preferred":true}},)"
        R"({{"language":{{"coding":[{{"system":"urn:ietf:bcp:47","code":"{}"}}]}},"preferred":false}}]}})",
        id, preferred, other);
  };
  Store(*one_, "p1", speaker("p1", "fr", "en"));
  Store(*one_, "p0", R"({"resourceType":"Patient"})");
  Store(*one_, "sp",
        Parameter("tongue", "composite", "Patient.communication",
                  Components({{"Patient-language", "language"}, {"Patient-active", "preferred"}})));
  Store(*two_, "p2", speaker("p2", "en", "fr"));  // while it is being indexed, by the other node
  auto indexer = MakeIndexer(*one_);
  IndexAll(indexer);
  for (Node* node : {one_.get(), two_.get()}) {
    EXPECT_THAT(Found(*node, {{"tongue", "fr$true"}}), ElementsAre("p1"));
    EXPECT_THAT(Found(*node, {{"tongue", "fr$false"}}), ElementsAre("p2"));
    EXPECT_THAT(Found(*node, {{"tongue", "urn:ietf:bcp:47|en$true,fr$true"}}), ElementsAre("p1", "p2"));
    EXPECT_THAT(Found(*node, {{"tongue", "de$true"}}), ElementsAre());
    EXPECT_THAT(Found(*node, {{"tongue:missing", "true"}}), ElementsAre("p0"));
  }
  EXPECT_THAT(Found(*one_, {{"tongue", "fr"}}), ElementsAre(HasSubstr("2 values between $ are expected")));
  Store(*one_, "p1", speaker("p1", "de", "fr"));
  EXPECT_THAT(Found(*two_, {{"tongue", "fr$true"}}), ElementsAre());
  EXPECT_THAT(Found(*two_, {{"tongue", "de$true"}}), ElementsAre("p1"));
  // Another component is another definition: its rows are made anew.
  Store(*one_, "sp",
        Parameter("tongue", "composite", "Patient.communication",
                  Components({{"Patient-active", "preferred"}, {"Patient-language", "language"}})));
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"tongue", "true$de"}}), ElementsAre("p1"));
  // Of a string and a date.
  Store(*one_, "p3",
        R"({"resourceType":"Patient","name":[{"family":"Dupont","period":{"start":"2010-01-01","end":"2015-01-01"}},)"
        R"({"family":"Martin","period":{"start":"2015-01-01","end":"2020-01-01"}}]})");
  Store(*one_, "named",
        Parameter("named", "composite", "Patient.name",
                  Components({{"individual-family", "family"}, {"individual-birthdate", "period"}})));
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"named", "dupont$lt2014"}}), ElementsAre("p3"));
  EXPECT_THAT(Found(*two_, {{"named", "martin$lt2014"}}), ElementsAre());
}

TEST_F(ParameterLife, ARestatementOfTheStandard_IsStored_AndTheStandardAnswers) {
  Store(*one_, "p1", R"({"resourceType":"Patient","name":[{"family":"Rossi"}]})");
  Store(*one_, "sp",
        Parameter("family", "string", "Patient.name.family",
                  R"(,"derivedFrom":"http://hl7.org/fhir/SearchParameter/individual-family")"));
  EXPECT_EQ(Ask("SELECT count(*)::text FROM search_parameter"), "0");
  EXPECT_THAT(Found(*one_, {{"family", "rossi"}}), ElementsAre("p1"));
}

TEST_F(ParameterLife, ManyAtOnce_GoTogether_AndThoseBehindCatchUp) {
  for (int i = 0; i < 9; ++i) {
    Store(*one_, fmt::format("p{}", i), Colour(fmt::format("p{}", i), "red"));
  }
  Store(*one_, "a", Parameter("first"));
  auto indexer = MakeIndexer(*one_, 4);
  ASSERT_TRUE(indexer.Step());
  Store(*one_, "b", Parameter("second"));
  Store(*one_, "c", Parameter("third"));
  std::int64_t visited = 4;
  while (true) {
    const auto step = indexer.Step();
    ASSERT_TRUE(step);
    visited += step->resources;
    if (!step->more) {
      break;
    }
  }
  EXPECT_EQ(visited, 13) << "four again for those that came later, then five for all";
  for (const char* code : {"first", "second", "third"}) {
    EXPECT_EQ(Found(*two_, {{code, "red"}}).size(), 9u) << code;
  }
}

TEST_F(ParameterLife, OfPackages_ComesIntoForceAtStart_AndAResourceOfItsUrlStandsBeforeIt) {
  using gateway::store::search_parameters::TakeParameters;
  Store(*one_, "p1", Colour("p1", "red"));
  const fhir::search::ParameterDefinition colour{.url = "http://x.org/SearchParameter/colour",
                                                 .code = "colour",
                                                 .name = "n",
                                                 .type = fhir::metadata::SearchType::kString,
                                                 .expression = "Patient.extension('http://x.org/colour').value",
                                                 .bases = {Type("Patient")},
                                                 .targets = {}};
  fhir::search::ParameterDefinition rival = colour;
  rival.url = "http://x.org/SearchParameter/rival";
  const std::vector<fhir::search::ParameterDefinition> both = {colour, rival};
  // Nodes that start together.
  std::thread other([&] { EXPECT_TRUE(TakeParameters(*two_->pool, two_->registry, both)); });
  const auto taken = TakeParameters(*one_->pool, one_->registry, both);
  other.join();
  ASSERT_TRUE(taken) << taken.error().internal_text.text;
  EXPECT_THAT(taken->passed_over, ElementsAre(HasSubstr("SearchParameter/rival")));
  EXPECT_EQ(TakeParameters(*one_->pool, one_->registry, both)->taken, 0);
  auto indexer = MakeIndexer(*one_);
  IndexAll(indexer);
  EXPECT_THAT(Found(*two_, {{"colour", "red"}}), ElementsAre("p1"));
  EXPECT_EQ(Ask("SELECT count(*)::text FROM search_parameter"), "1");
  // The resource's own expression holds from now on, also when the node starts again.
  Store(*two_, "sp", Parameter("colour", "string", "Patient.id"));
  EXPECT_EQ(TakeParameters(*one_->pool, one_->registry, both)->taken, 0);
  IndexAll(indexer);
  EXPECT_THAT(Found(*one_, {{"colour", "p1"}}), ElementsAre("p1"));
  EXPECT_EQ(Ask("SELECT origin FROM search_parameter"), "sp");
}

TEST_F(ParameterLife, StoredBeforeThereWasAnIndex_ComesIntoForceAtStart) {
  Store(*one_, "p1", Colour("p1", "red"));
  Store(*one_, "sp", Parameter("colour"));
  // As a version without it left the database.
  Script("DELETE FROM search_parameter; UPDATE search_registry SET version = version + 1");
  EXPECT_EQ(gateway::store::search_parameters::TakeParameters(*two_->pool, two_->registry, {})->taken, 1);
  auto indexer = MakeIndexer(*one_);
  IndexAll(indexer);
  EXPECT_THAT(Found(*one_, {{"colour", "red"}}), ElementsAre("p1"));
  EXPECT_EQ(Ask("SELECT origin FROM search_parameter"), "sp");
  EXPECT_EQ(gateway::store::search_parameters::TakeParameters(*one_->pool, one_->registry, {})->taken, 0);
}

}  // namespace
}  // namespace tests::store
