#include <gmock/gmock.h>

#include <random>
#include <set>

#include "fhir/search/extractor.hpp"
#include "fhir/search/match.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;

using Parameters = std::vector<fhir::search::NameValue>;

class SearchStore : public StoreTest {};

TEST_F(SearchStore, Paging_WithTiesAndMissing_NeitherRepeatsNorSkips) {
  for (int i = 0; i < 25; ++i) {
    const std::string birth = i % 5 == 0 ? "" : fmt::format(R"(,"birthDate":"19{}0-01-01")", 5 + i % 3);
    Apply(Put(Verb::kUpdate, fmt::format("p{:02}", i), fmt::format(R"({{"resourceType":"Patient"{}}})", birth)));
  }
  for (const char* sort : {"birthdate", "-birthdate", "-_lastUpdated", "_id", "birthdate,-_lastUpdated"}) {
    auto query = std::string_view(sort) == "_id" ? Ask("Patient", {{"_count", "4"}})
                                                 : Ask("Patient", {{"_count", "4"}, {"_sort", sort}});
    std::vector<std::string> walked;
    for (int pages = 0; pages < 20; ++pages) {
      const auto page = store_->Search(System(), query);
      ASSERT_TRUE(page) << sort << page.error().internal_text.text;
      for (const auto& hit : page->hits) {
        walked.push_back(hit.resource.id);
      }
      if (page->next_cursor.empty()) {
        break;
      }
      query.cursor = page->next_cursor;
    }
    EXPECT_EQ(walked.size(), 25u) << sort;
    EXPECT_EQ(std::set<std::string>(walked.begin(), walked.end()).size(), 25u) << sort;
    if (std::string_view(sort).ends_with("birthdate")) {
      EXPECT_EQ(std::set<std::string>(walked.end() - 5, walked.end()),
                (std::set<std::string>{"p00", "p05", "p10", "p15", "p20"}))
          << "without a value comes last: " << sort;
    }
  }
}

// There and back, along the values themselves: every third has none, the others one to three, of which some are equal.
TEST_F(SearchStore, Sort_BySeveralValues_TakesTheLeastOrTheGreatest) {
  const std::vector<std::string> names = {"Ba", "Bo", "Bu", "Da", "Do"};
  std::vector<std::pair<std::string, std::set<std::string>>> patients;
  for (unsigned i = 0; i < 30; ++i) {
    std::set<std::string> own;
    std::string all;
    for (unsigned k = 0; k < i % 3 + (i % 4 == 0 ? 1 : 0); ++k) {
      own.insert(names[(i * 7 + k * 3) % names.size()]);
      all += fmt::format(R"({}{{"family":"{}"}})", k == 0 ? "" : ",", names[(i * 7 + k * 3) % names.size()]);
    }
    patients.emplace_back(fmt::format("p{:02}", i), own);
    Apply(Put(Verb::kUpdate, patients.back().first,
              fmt::format(R"({{"resourceType":"Patient","gender":"{}"{}}})", i % 2 == 0 ? "male" : "female",
                          all.empty() ? "" : ",\"name\":[" + all + "]")));
  }
  for (const bool descending : {false, true}) {
    for (const Parameters& criteria : {Parameters{}, Parameters{{"gender", "male"}}, Parameters{{"family", "b"}}}) {
      std::vector<std::pair<std::string, std::string>> expected;  // rank and id
      for (unsigned i = 0; i < patients.size(); ++i) {
        const auto& [id, own] = patients[i];
        const bool by_family = !criteria.empty() && criteria[0].first == "family";
        const bool wanted = by_family ? std::any_of(own.begin(), own.end(), [](const auto& n) { return n[0] == 'B'; })
                                      : criteria.empty() || i % 2 == 0;
        if (!wanted) continue;
        std::string rank = own.empty() ? "" : descending ? *own.rbegin() : *own.begin();
        if (descending && !own.empty()) {
          for (char& c : rank) c = static_cast<char>(0x7e - c);
        }
        expected.emplace_back(own.empty() ? "\x7f" : rank, id);  // after all others
      }
      std::sort(expected.begin(), expected.end());
      std::vector<std::string> ids;
      for (const auto& [rank, id] : expected) ids.push_back(id);
      Parameters parameters = criteria;
      parameters.emplace_back("_sort", descending ? "-family" : "family");
      parameters.emplace_back("_count", "4");
      auto query = Ask("Patient", parameters);
      std::vector<std::string> walked;
      std::vector<std::vector<std::string>> pages;
      std::string previous;
      for (int at = 0; at < 20; ++at) {
        const auto page = store_->Search(System(), query);
        ASSERT_TRUE(page) << page.error().internal_text.text;
        pages.emplace_back();
        for (const auto& hit : page->hits) pages.back().push_back(hit.resource.id);
        walked.insert(walked.end(), pages.back().begin(), pages.back().end());
        previous = page->previous_cursor;
        if (page->next_cursor.empty()) break;
        query.cursor = page->next_cursor;
      }
      EXPECT_EQ(walked, ids) << descending << criteria.size();
      ASSERT_GT(pages.size(), 2u);
      for (std::size_t at = pages.size() - 1; at-- > 0;) {
        ASSERT_FALSE(previous.empty());
        query.cursor = previous;
        const auto page = store_->Search(System(), query);
        ASSERT_TRUE(page) << page.error().internal_text.text;
        std::vector<std::string> back;
        for (const auto& hit : page->hits) back.push_back(hit.resource.id);
        EXPECT_EQ(back, pages[at]) << "page " << at;
        previous = page->previous_cursor;
      }
    }
  }
}

TEST_F(SearchStore, Cursor_ForgedOrOfAnotherQuery_IsRefused) {
  for (int i = 0; i < 3; ++i) {
    Apply(Create(R"({"resourceType":"Patient","gender":"male"})"));
  }
  auto query = Ask("Patient", {{"_count", "1"}});
  const auto page = store_->Search(System(), query);
  ASSERT_TRUE(page);
  auto other = Ask("Patient", {{"_count", "1"}, {"gender", "male"}});
  other.cursor = page->next_cursor;
  EXPECT_EQ(store_->Search(System(), other).error().code, fhir::ErrorCode::kMalformed);
  query.cursor = page->next_cursor;
  query.cursor->back() = query.cursor->back() == 'A' ? 'B' : 'A';
  query.cursor->front() = query.cursor->front() == 'A' ? 'B' : 'A';
  EXPECT_EQ(store_->Search(System(), query).error().code, fhir::ErrorCode::kMalformed);
}

TEST_F(SearchStore, Includes_IterateThroughCycles_AndStopAtTheLimit) {
  gateway::store::StoreOptions options;
  options.includes_max = 3;
  Reopen(options);
  for (int i = 0; i < 6; ++i) {
    Apply(
        Put(Verb::kUpdate, fmt::format("o{}", i),
            fmt::format(R"({{"resourceType":"Organization","name":"n{}","partOf":{{"reference":"Organization/o{}"}}}})",
                        i, (i + 1) % 3 + (i < 3 ? 0 : 3))));
  }
  EXPECT_THAT(Find(Ask("Organization", {{"_id", "o0"}, {"_include", "Organization:partof"}})),
              ElementsAre("o0", "+o1"));
  EXPECT_THAT(Find(Ask("Organization", {{"_id", "o0"}, {"_include:iterate", "Organization:partof"}})),
              ElementsAre("o0", "+o1", "+o2"));
  for (int i = 0; i < 5; ++i) {
    Apply(Create(fmt::format(
        R"({{"resourceType":"Patient","name":[{{"family":"f{}"}}],"managingOrganization":{{"reference":"Organization/o0"}}}})",
        i)));
  }
  const auto page =
      store_->Search(System(), Ask("Organization", {{"_id", "o0"}, {"_revinclude", "Patient:organization"}}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->hits.size(), 4u);
  EXPECT_TRUE(page->includes_truncated);
}

TEST_F(SearchStore, Chain_TwoLevels_AndHasInsideChain) {
  Apply(
      Put(Verb::kUpdate, "org", R"({"resourceType":"Organization","name":"Nantes"})"),
      Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","managingOrganization":{"reference":"Organization/org"}})"),
      Put(Verb::kUpdate, "e1", R"({"resourceType":"Encounter","status":"finished","class":{"code":"VR"},
             "subject":{"reference":"Patient/p1"}})"));
  EXPECT_THAT(Find(Ask("Encounter", {{"subject:Patient.organization.name", "nan"}})), ElementsAre("e1"));
  EXPECT_THAT(Find(Ask("Encounter", {{"subject:Patient.organization.name", "par"}})), ElementsAre());
  EXPECT_THAT(Find(Ask("Organization", {{"_has:Patient:organization:_has:Encounter:patient:status", "finished"}})),
              ElementsAre("org"));
}

// The SQL against the evaluator in memory, over generated resources and queries of every search type.
TEST_F(SearchStore, EveryType_AgreesWithTheEvaluator) {
  std::mt19937 random(20240515);
  const auto pick = [&](std::initializer_list<std::string_view> choices) {
    return std::string(choices.begin()[random() % choices.size()]);
  };
  std::vector<port::Change> changes;
  for (int i = 0; i < 150; ++i) {
    std::string json = R"({"resourceType":"Observation","status":")" + pick({"final", "amended", "preliminary"}) +
                       R"(","code":{"coding":[{"system":")" + pick({"urn:a", "urn:b"}) + R"(","code":")" +
                       pick({"x", "y", "z"}) + R"("}]})";
    if (random() % 4 != 0) {
      json += R"(,"effectiveDateTime":")" +
              pick({"2024", "2024-05", "2024-05-15", "2024-05-15T10:00:00+02:00", "2023-12-31T23:30:00Z"}) + "\"";
    }
    if (random() % 3 != 0) {
      json += R"(,"subject":{"reference":")" +
              pick({"Patient/1", "Patient/2", "Group/1", "http://elsewhere/Patient/1"}) + "\"}";
    }
    if (random() % 2 != 0) {
      json += R"(,"valueQuantity":{"value":)" + pick({"5.4", "5.40", "5.44", "6", "-2", "1e1"}) +
              R"(,"system":"http://unitsofmeasure.org","code":")" + pick({"mg", "g"}) + "\"}";
    } else {
      json += R"(,"valueString":")" + pick({"Été", "ete", "Étendue", "autre", "l'été"}) + "\"";
    }
    json += "}";
    changes.push_back(Put(Verb::kUpdate, fmt::format("o{:03}", i), json));
  }
  fhir::search::Extractor extractor;
  std::vector<std::pair<std::string, fhir::search::IndexValues>> oracle;
  for (const auto& change : changes) {
    fhir::IssueList issues;
    oracle.emplace_back(change.id, extractor.Extract(change.resource->root(), {.base_url = ""}, issues));
  }
  ASSERT_TRUE(TryApply(std::move(changes)));
  const std::vector<fhir::search::NameValue> questions = {{"status", "final"},
                                                          {"status:not", "final"},
                                                          {"code", "urn:a|x"},
                                                          {"code", "x,y"},
                                                          {"code", "urn:a|"},
                                                          {"code", "|x"},
                                                          {"code:not", "urn:b|y"},
                                                          {"date", "2024"},
                                                          {"date", "2024-05"},
                                                          {"date", "ne2024-05-15"},
                                                          {"date", "gt2024-05-15"},
                                                          {"date", "lt2024-05-15"},
                                                          {"date", "ge2024-05"},
                                                          {"date", "le2024-05-15"},
                                                          {"date", "sa2024-05-15"},
                                                          {"date", "eb2024-06"},
                                                          {"date:missing", "true"},
                                                          {"date:missing", "false"},
                                                          {"subject", "Patient/1"},
                                                          {"subject", "1"},
                                                          {"subject", "http://elsewhere/Patient/1"},
                                                          {"patient", "2,1"},
                                                          {"value-quantity", "5.4"},
                                                          {"value-quantity", "5.4|http://unitsofmeasure.org|mg"},
                                                          {"value-quantity", "gt5.4"},
                                                          {"value-quantity", "ge5.4"},
                                                          {"value-quantity", "lt5.4||g"},
                                                          {"value-quantity", "ne5.4"},
                                                          {"value-quantity", "sa5"},
                                                          {"value-quantity", "eb0"},
                                                          {"value-quantity", "le6"},
                                                          {"value-quantity", "10"},
                                                          {"value-string", "ete"},
                                                          {"value-string", "ÉT"},
                                                          {"value-string:exact", "Été"},
                                                          {"value-string:contains", "ete"},
                                                          {"_id", "o001,o002"}};
  int matched = 0;
  for (const auto& first : questions) {
    for (const auto& second : {fhir::search::NameValue{"status", "final,amended"}, first}) {
      auto query = Ask("Observation", {first, second, {"_count", "1000"}});
      std::set<std::string> expected;
      for (const auto& [id, values] : oracle) {
        if (fhir::search::Matches(query.criteria, values, {.id = id, .last_updated_us = 0})) {
          expected.insert(id);
        }
      }
      const auto found = Find(query);
      EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected) << first.first << "=" << first.second;
      matched += expected.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(matched, 60) << "the questions must find something, or they show nothing";
}

TEST_F(SearchStore, LongTexts_AreStoredAndFound) {
  const std::string value(5000, 'v');
  Apply(Put(Verb::kUpdate, "p1",
            fmt::format(R"({{"resourceType":"Patient","identifier":[{{"system":"urn:x","value":"{}"}}],)"
                        R"("name":[{{"family":"{}"}}]}})",
                        value, value)));
  EXPECT_THAT(Find(Ask("Patient", {{"identifier", "urn:x|" + value}})), ElementsAre("p1"));
  EXPECT_THAT(Find(Ask("Patient", {{"identifier", "urn:x|" + value + "v"}})), ElementsAre());
  EXPECT_THAT(Find(Ask("Patient", {{"family", std::string(20, 'V')}})), ElementsAre("p1"));
}

}  // namespace
}  // namespace tests::store
