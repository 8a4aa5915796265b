// _contained and _containedType: what stands inside other resources is found when it is asked for, and at no other
// time.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <random>

#include "fhir/search/contained.hpp"
#include "fhir/search/extractor.hpp"
#include "fhir/search/match.hpp"
#include "gateway/store/paging/closed_rows.hpp"
#include "gateway/store/search_sql/bind.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "gateway/store/transaction/reindex.hpp"
#include "gateway/store/type_codes.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using Parameters = std::vector<fhir::search::NameValue>;

std::string MedicationJson(std::string_view id, std::string_view code, std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"Medication","id":"{}","code":{{"coding":[{{"system":"urn:c","code":"{}"}}]}}{}}})", id, code,
      more);
}

std::string RequestJson(std::string_view contained, std::string_view medication = "#m1",
                        std::string_view status = "active") {
  return fmt::format(R"({{"resourceType":"MedicationRequest","status":"{}","intent":"order","contained":[{}],
    "subject":{{"reference":"Patient/p1"}},"medicationReference":{{"reference":"{}"}}}})",
                     status, contained, medication);
}

class ContainedStore : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Fill();
  }
  void Fill() {
    Apply(
        Put(Verb::kUpdate, "med", MedicationJson("med", "abc", R"(,"manufacturer":{"reference":"Organization/out"})")),
        Put(Verb::kUpdate, "out", R"({"resourceType":"Organization","name":"Outside"})"),
        Put(Verb::kUpdate, "r1",
            RequestJson(MedicationJson("m1", "abc", R"(,"status":"active","manufacturer":{"reference":"#o1"})") +
                        R"(,{"resourceType":"Organization","id":"o1","name":"Inside"})")),
        Put(Verb::kUpdate, "r2", RequestJson(MedicationJson("m1", "def") + "," + MedicationJson("m2", "abc"))),
        Put(Verb::kUpdate, "r3",
            RequestJson(MedicationJson("m1", "abc", R"(,"manufacturer":{"reference":"Organization/out"})") + "," +
                        MedicationJson("m2", "abc", R"(,"status":"active")"))),
        Put(Verb::kUpdate, "r4", R"({"resourceType":"MedicationRequest","status":"active","intent":"order",
            "subject":{"reference":"Patient/p1"},"medicationReference":{"reference":"Medication/med"}})"));
  }

  /// Matches as "Type/id", contained ones as "Type/id#id"; those included with a '+' before them.
  std::vector<std::string> Shown(const port::SearchPage& page) {
    std::vector<std::string> shown;
    for (const auto& hit : page.hits) {
      const auto type = fhir::metadata::Definitions::R4().TypeName(hit.resource.type);
      shown.push_back((hit.included ? "+" : "") + (hit.container.empty()
                                                       ? fmt::format("{}/{}", type, hit.resource.id)
                                                       : fmt::format("{}#{}", hit.container, hit.resource.id)));
    }
    return shown;
  }
  std::vector<std::string> Search(std::string_view type, const Parameters& parameters,
                                  const port::Actor& actor = System()) {
    const auto page = store_->Search(actor, Ask(type, parameters));
    if (!page) {
      ADD_FAILURE() << page.error().public_text.text << " / " << page.error().internal_text.text;
      return {};
    }
    return Shown(*page);
  }
  /// Contained resources, each by its name.
  std::vector<std::string> Inside(std::string_view type, Parameters parameters, const port::Actor& actor = System()) {
    parameters.emplace_back("_contained", "true");
    parameters.emplace_back("_containedType", "contained");
    return Search(type, parameters, actor);
  }
  std::vector<std::string> Walk(
      std::string_view type, Parameters parameters, const std::function<void()>& between = [] {}) {
    auto query = Ask(type, std::move(parameters));
    std::vector<std::string> walked;
    for (int pages = 0; pages < 100; ++pages) {
      const auto page = store_->Search(System(), query);
      if (!page) {
        ADD_FAILURE() << page.error().public_text.text << " / " << page.error().internal_text.text;
        break;
      }
      const auto shown = Shown(*page);
      walked.insert(walked.end(), shown.begin(), shown.end());
      if (page->next_cursor.empty()) {
        break;
      }
      query.cursor = page->next_cursor;
      between();
    }
    return walked;
  }

  static std::string Sql(const std::string& text) {
    const auto rows = SharedDb().Connect()->ExecuteAdHoc("ask", text, {});
    EXPECT_TRUE(rows) << rows.error().internal_text.text;
    return rows && !rows->empty() && !(*rows)[0].IsNull(0) ? (*rows)[0].String(0) : std::string();
  }
  static void Script(const char* text) {
    const auto done = SharedDb().Connect()->ExecuteScript("damage", text);
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }
  /// Rows of contained resources in all tables, as text; open ones or all.
  static std::string Rows(bool all = false) {
    std::string text;
    for (const char* table : {"contained_resource", "idx_string", "idx_token", "idx_reference", "idx_date",
                              "idx_number", "idx_quantity", "idx_uri", "idx_composite", "idx_text", "idx_position"}) {
      text +=
          Sql(fmt::format("SELECT string_agg(x, E'\\n' ORDER BY x) FROM (SELECT (to_jsonb(t) - 'made_tx')::text AS x "
                          "FROM {} t WHERE type < 0{}) rows",
                          table, all ? "" : " AND closed_tx IS NULL"));
    }
    return text;
  }
};

port::Actor PartyThatSees(std::string_view type, std::string_view where) {
  auto grants = std::make_shared<port::Grants>();
  constexpr std::uint16_t kSees = port::kRead | port::kSearch | port::kChain;
  grants->by_type[Type(type)] = {
      .grants = {{kSees, where.empty() ? std::vector<fhir::search::Criterion>() : Conditional(type, where).criteria}},
      .identifier_types_hidden = {}};
  port::Actor actor;
  actor.kind = port::PartyKind::kHospital;
  actor.party = "own";
  actor.grants = std::move(grants);
  return actor;
}

TEST_F(ContainedStore, ByDefault_NothingContainedIsFound) {
  for (const Parameters& besides :
       {Parameters{}, Parameters{{"_contained", "false"}}, Parameters{{"_containedType", "contained"}}}) {
    Parameters parameters{{"code", "abc"}};
    parameters.insert(parameters.end(), besides.begin(), besides.end());
    EXPECT_THAT(Search("Medication", parameters), ElementsAre("Medication/med"));
  }
  EXPECT_THAT(Search("Medication", {{"code:not", "nothing"}}), ElementsAre("Medication/med"));
  EXPECT_THAT(Search("Medication", {{"code:missing", "false"}}), ElementsAre("Medication/med"));
  EXPECT_THAT(Search("Medication", {{"_sort", "code"}}), ElementsAre("Medication/med"));
  EXPECT_THAT(Search("Organization", {{"name", "inside"}}), IsEmpty());
  EXPECT_THAT(Search("Organization", {{"_has:Medication:manufacturer:code", "abc"}}), ElementsAre("Organization/out"));
  EXPECT_THAT(Search("Medication", {{"_total", "accurate"}, {"_revinclude", "*"}}),
              ElementsAre("Medication/med", "+MedicationRequest/r4"));
}

TEST_F(ContainedStore, Containers_ComeOnceEach) {
  EXPECT_THAT(Search("Medication", {{"code", "abc"}, {"_contained", "true"}}),
              ElementsAre("MedicationRequest/r1", "MedicationRequest/r2", "MedicationRequest/r3"));
  EXPECT_THAT(
      Search("Medication", {{"code", "abc"}, {"_contained", "both"}, {"_containedType", "container"}}),
      UnorderedElementsAre("Medication/med", "MedicationRequest/r1", "MedicationRequest/r2", "MedicationRequest/r3"));
  EXPECT_THAT(Search("Medication", {{"code", "none"}, {"_contained", "both"}}), IsEmpty());
}

TEST_F(ContainedStore, Contained_AreShownThemselves) {
  const auto page = store_->Search(
      System(), Ask("Medication", {{"code", "abc"}, {"_contained", "true"}, {"_containedType", "contained"}}));
  ASSERT_TRUE(page) << page.error().internal_text.text;
  EXPECT_THAT(Shown(*page), ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r2#m2", "MedicationRequest/r3#m1",
                                        "MedicationRequest/r3#m2"));
  EXPECT_EQ(page->total, 4);
  const auto& hit = page->hits.front();
  EXPECT_EQ(hit.resource.body,
            R"({"resourceType":"Medication","id":"m1","code":{"coding":[{"system":"urn:c","code":"abc"}]},)"
            R"("status":"active","manufacturer":{"reference":"#o1"}})");
  EXPECT_EQ(hit.resource.type, Type("Medication"));
  EXPECT_EQ(hit.resource.version, 1);
  EXPECT_THAT(Search("Medication", {{"code", "abc"}, {"_contained", "both"}, {"_containedType", "contained"}}),
              UnorderedElementsAre("Medication/med", "MedicationRequest/r1#m1", "MedicationRequest/r2#m2",
                                   "MedicationRequest/r3#m1", "MedicationRequest/r3#m2"));
}

TEST_F(ContainedStore, Criteria_OfEachKind_AreAboutTheContained) {
  EXPECT_THAT(Inside("Medication", {{"_id", "m2"}}), ElementsAre("MedicationRequest/r2#m2", "MedicationRequest/r3#m2"));
  EXPECT_THAT(Inside("Medication", {{"_id", "r2"}}), IsEmpty());
  EXPECT_THAT(Inside("Medication", {{"code:not", "abc"}}), ElementsAre("MedicationRequest/r2#m1"));
  EXPECT_THAT(Inside("Medication", {{"status:missing", "false"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r3#m2"));
  EXPECT_THAT(Inside("Medication", {{"status", "active"}, {"code", "abc"}, {"_id", "m2"}}),
              ElementsAre("MedicationRequest/r3#m2"));
  EXPECT_THAT(Inside("Medication", {{"_filter", "code eq def or status eq active"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r2#m1", "MedicationRequest/r3#m2"));
  EXPECT_THAT(Inside("Medication", {{"manufacturer", "Organization/out"}}), ElementsAre("MedicationRequest/r3#m1"));
  EXPECT_THAT(Inside("Organization", {{"name", "ins"}}), ElementsAre("MedicationRequest/r1#o1"));
  EXPECT_THAT(Inside("Medication", {{"_lastUpdated", "ge2025"}, {"_id", "m2"}}),
              ElementsAre("MedicationRequest/r2#m2", "MedicationRequest/r3#m2"));
  EXPECT_THAT(Inside("Medication", {{"_lastUpdated", "lt2025"}}), IsEmpty());
  EXPECT_THAT(Inside("MedicationRequest", {}), IsEmpty());
}

TEST_F(ContainedStore, Chains_LeadInsideAndOutside) {
  EXPECT_THAT(Inside("Medication", {{"manufacturer.name", "inside"}}), ElementsAre("MedicationRequest/r1#m1"));
  EXPECT_THAT(Inside("Medication", {{"manufacturer.name", "outside"}}), ElementsAre("MedicationRequest/r3#m1"));
  EXPECT_THAT(Inside("Medication", {{"manufacturer.name:missing", "false"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r3#m1"));
  EXPECT_THAT(Inside("Medication", {{"_has:MedicationRequest:medication:status", "active"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r2#m1", "MedicationRequest/r3#m1"));
  EXPECT_THAT(Inside("Organization", {{"_has:Medication:manufacturer:code", "abc"}}),
              ElementsAre("MedicationRequest/r1#o1"));
}

TEST_F(ContainedStore, ChainsOfOtherSearches_LeadInsideToo) {
  const Parameters abc{{"medication.code", "abc"}};
  EXPECT_THAT(Search("MedicationRequest", abc),
              ElementsAre("MedicationRequest/r1", "MedicationRequest/r3", "MedicationRequest/r4"))
      << "r2 contains one, and refers to the other";
  EXPECT_THAT(Search("MedicationRequest", {{"medication:Medication.code:not", "abc"}}),
              ElementsAre("MedicationRequest/r2"));
  EXPECT_THAT(Search("MedicationRequest", {{"medication.status:missing", "true"}}),
              ElementsAre("MedicationRequest/r2", "MedicationRequest/r3", "MedicationRequest/r4"));
  EXPECT_THAT(Search("MedicationRequest", {{"medication.manufacturer.name", "inside"}}),
              ElementsAre("MedicationRequest/r1"));
  EXPECT_THAT(Search("MedicationRequest", {{"medication.manufacturer.name", "outside"}}),
              ElementsAre("MedicationRequest/r3", "MedicationRequest/r4"));
  EXPECT_THAT(Search("MedicationRequest", {{"medication.code", "abc"}, {"_sort", "-_id"}, {"_total", "accurate"}}),
              ElementsAre("MedicationRequest/r4", "MedicationRequest/r3", "MedicationRequest/r1"));
  EXPECT_THAT(Walk("MedicationRequest", {{"medication.code", "abc"}, {"_count", "1"}},
                   [&] { Apply(Put(Verb::kUpdate, "r3", RequestJson(MedicationJson("m1", "other")))); }),
              ElementsAre("MedicationRequest/r1", "MedicationRequest/r3", "MedicationRequest/r4"));
  EXPECT_THAT(Search("MedicationRequest", abc), ElementsAre("MedicationRequest/r1", "MedicationRequest/r4"));
  EXPECT_EQ(Find(Conditional("MedicationRequest", "medication.code=abc")).size(), 2u);
}

// Rows of another parameter answer this one (fhir/search/answering_rows.hpp).
TEST_F(ContainedStore, PatientInsideItsObservation_IsThePatient) {
  Apply(Put(Verb::kUpdate, "ob", R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
    "contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Insider"}]}],"subject":{"reference":"#p"}})"));
  for (const char* chain : {"patient.family", "subject:Patient.family", "subject.family"}) {
    EXPECT_THAT(Search("Observation", {{chain, "insider"}}), ElementsAre("Observation/ob")) << chain;
    EXPECT_THAT(Search("Observation", {{chain, "insider"}}, PartyThatSees("Observation", "")),
                ElementsAre("Observation/ob"))
        << chain;
  }
  EXPECT_THAT(Search("Observation", {{"patient:missing", "true"}}), IsEmpty());
  EXPECT_THAT(Inside("Patient", {{"_has:Observation:patient:status", "final"}}), ElementsAre("Observation/ob#p"));
}

TEST_F(ContainedStore, ChainsOfAParty_LeadIntoWhatItMayRead) {
  const auto party = PartyThatSees("MedicationRequest", "");
  EXPECT_THAT(Search("MedicationRequest", {{"medication.code", "abc"}}, party),
              ElementsAre("MedicationRequest/r1", "MedicationRequest/r3"))
      << "it may not name Medication/med";
  EXPECT_THAT(Search("MedicationRequest", {{"medication.manufacturer.name", "inside"}}, party),
              ElementsAre("MedicationRequest/r1"));
  // A party that may name requests in a chain, and read none of them, learns nothing of what is in them.
  Apply(Put(Verb::kUpdate, "d1", R"({"resourceType":"MedicationDispense","status":"completed",
    "medicationCodeableConcept":{"text":"x"},"authorizingPrescription":[{"reference":"MedicationRequest/r1"}]})"));
  const Parameters through{{"prescription.medication.code", "abc"}};
  EXPECT_THAT(Search("MedicationDispense", through), ElementsAre("MedicationDispense/d1"));
  auto naming = PartyThatSees("MedicationDispense", "");
  auto grants = std::make_shared<port::Grants>(*naming.grants);
  grants->by_type[Type("MedicationRequest")] = {.grants = {{port::kChain, {}}}, .identifier_types_hidden = {}};
  naming.grants = grants;
  EXPECT_THAT(Search("MedicationDispense", {{"prescription.status", "active"}}, naming),
              ElementsAre("MedicationDispense/d1"));
  EXPECT_THAT(Search("MedicationDispense", through, naming), IsEmpty());
  auto reading = std::make_shared<port::Grants>(*grants);
  reading->by_type[Type("MedicationRequest")] = {.grants = {{port::kChain | port::kRead, {}}},
                                                 .identifier_types_hidden = {}};
  naming.grants = reading;
  EXPECT_THAT(Search("MedicationDispense", through, naming), ElementsAre("MedicationDispense/d1"));
}

TEST_F(ContainedStore, ContainersOwnReference_IsNotMissing_AndNobodyOutsideCanNameIt) {
  EXPECT_THAT(Search("MedicationRequest", {{"medication:missing", "true"}}), IsEmpty());
  EXPECT_THAT(Search("MedicationRequest", {{"medication", "Medication/m1"}}), IsEmpty());
  EXPECT_THAT(Search("MedicationRequest", {{"medication", "m1"}}), IsEmpty());
  EXPECT_THAT(Search("MedicationRequest", {{"medication", "Medication/med"}}), ElementsAre("MedicationRequest/r4"));
}

TEST_F(ContainedStore, Writes_KeepTheRowsRight) {
  Apply(Put(Verb::kUpdate, "r2", RequestJson(MedicationJson("m2", "def") + "," + MedicationJson("m3", "ghi"), "#m2")));
  EXPECT_THAT(Inside("Medication", {{"code", "abc"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r3#m1", "MedicationRequest/r3#m2"));
  EXPECT_THAT(Inside("Medication", {{"code", "def,ghi"}}),
              ElementsAre("MedicationRequest/r2#m2", "MedicationRequest/r2#m3"));
  // An id that becomes one of another type.
  Apply(Put(Verb::kUpdate, "r2",
            RequestJson(R"({"resourceType":"Organization","id":"m2","name":"Other"})", "Medication/med")));
  EXPECT_THAT(Inside("Medication", {{"code", "def,ghi"}}), IsEmpty());
  EXPECT_THAT(Inside("Organization", {{"name", "other"}}), ElementsAre("MedicationRequest/r2#m2"));
  Apply(Delete("MedicationRequest", "r2"), Delete("MedicationRequest", "r3"), Delete("MedicationRequest", "r1"));
  EXPECT_EQ(Rows(), "");
  EXPECT_THAT(Inside("Medication", {}), IsEmpty());
  Apply(Put(Verb::kUpdate, "r2", RequestJson(MedicationJson("m1", "abc"))));
  EXPECT_THAT(Inside("Medication", {{"code", "abc"}}), ElementsAre("MedicationRequest/r2#m1"));
}

TEST_F(ContainedStore, Sorts_AndTotals_CountWhatIsShown) {
  for (const char* shown : {"container", "contained"}) {
    for (const char* sort :
         {"code", "-code", "status", "-status,code", "_lastUpdated", "-_lastUpdated", "_id", "-_id"}) {
      for (const char* which : {"true", "both"}) {
        const Parameters all{{"_sort", sort}, {"_contained", which}, {"_containedType", shown}, {"_count", "50"}};
        Parameters paged = all;
        paged.back().second = "1";
        const auto whole = Search("Medication", all);
        const std::size_t own = std::string_view(which) == "both" ? 1 : 0;
        EXPECT_EQ(whole.size(), own + (std::string_view(shown) == "container" ? 3 : 5)) << sort << which << shown;
        EXPECT_EQ(Walk("Medication", paged), whole) << sort << which << shown;
        const auto counted = store_->Search(
            System(), Ask("Medication", {{"_summary", "count"}, {"_contained", which}, {"_containedType", shown}}));
        ASSERT_TRUE(counted) << counted.error().internal_text.text;
        EXPECT_EQ(counted->total, static_cast<std::int64_t>(whole.size()));
      }
    }
  }
  EXPECT_THAT(Search("Medication", {{"_sort", "-code"}, {"_contained", "true"}, {"_count", "1"}}),
              ElementsAre("MedicationRequest/r2"))
      << "of a container the greatest value, when descending";
  EXPECT_THAT(Inside("Medication", {{"_sort", "-status,code"}, {"_count", "3"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r3#m2", "MedicationRequest/r2#m2"));
}

TEST_F(ContainedStore, Estimates_OfMany_AreTold) {
  gateway::store::StoreOptions options;
  options.estimates_counted_max = 1;
  Reopen(std::move(options));
  Fill();
  const auto page =
      store_->Search(System(), Ask("Medication", {{"_contained", "true"}, {"_count", "1"}, {"_total", "estimate"}}));
  ASSERT_TRUE(page) << page.error().internal_text.text;
  EXPECT_TRUE(page->total_estimated);
  EXPECT_GE(page->total, 2);
}

TEST_F(ContainedStore, Includes_GoFromWhatIsShown) {
  EXPECT_THAT(Inside("Medication", {{"_id", "m1"}, {"_include", "Medication:manufacturer"}}),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r2#m1", "MedicationRequest/r3#m1",
                          "+Organization/out"));
  Apply(Put(Verb::kUpdate, "m1", MedicationJson("m1", "own")),
        Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient"})"),
        Put(Verb::kUpdate, "r9", R"({"resourceType":"MedicationRequest","status":"active","intent":"order",
          "subject":{"reference":"Patient/p1"},"medicationReference":{"reference":"Medication/m1"}})"));
  EXPECT_THAT(Inside("Medication", {{"code", "def"}, {"_revinclude", "*"}}), ElementsAre("MedicationRequest/r2#m1"))
      << "Medication/m1 is another one";
  EXPECT_THAT(
      Search("Medication", {{"code", "def"}, {"_contained", "true"}, {"_include", "MedicationRequest:subject"}}),
      ElementsAre("MedicationRequest/r2", "+Patient/p1"));
}

TEST_F(ContainedStore, SeveralTypes_AreSearchedTogether) {
  const std::vector<TypeId> types{Type("Medication"), Type("Organization")};
  fhir::IssueList warnings;
  const auto query = fhir::search::ParseSystemQuery(
      types, Parameters{{"_id", "m2,o1"}, {"_contained", "true"}, {"_containedType", "contained"}}, {}, warnings);
  ASSERT_TRUE(query) << query.error().public_text.text;
  const auto page = store_->Search(System(), *query);
  ASSERT_TRUE(page) << page.error().internal_text.text;
  EXPECT_THAT(Shown(*page),
              UnorderedElementsAre("MedicationRequest/r1#o1", "MedicationRequest/r2#m2", "MedicationRequest/r3#m2"));
}

TEST_F(ContainedStore, Party_SeesWhatStandsInContainersItMayRead) {
  Apply(Put(Verb::kUpdate, "r3", RequestJson(MedicationJson("m1", "abc"), "#m1", "stopped")));
  const Parameters abc{{"code", "abc"}};
  EXPECT_THAT(Inside("Medication", abc, PartyThatSees("MedicationRequest", "status=stopped")),
              ElementsAre("MedicationRequest/r3#m1"));
  EXPECT_THAT(Search("Medication", {{"code", "abc"}, {"_contained", "true"}},
                     PartyThatSees("MedicationRequest", "status=active")),
              ElementsAre("MedicationRequest/r1", "MedicationRequest/r2"));
  EXPECT_THAT(Inside("Medication", abc, PartyThatSees("Medication", "")), IsEmpty());
  EXPECT_THAT(Search("Medication", {{"code", "abc"}, {"_contained", "both"}}, PartyThatSees("Medication", "")),
              ElementsAre("Medication/med"));
  EXPECT_THAT(Search("Medication", {{"code", "abc"}, {"_contained", "both"}}, PartyThatSees("MedicationRequest", "")),
              ElementsAre("MedicationRequest/r1", "MedicationRequest/r2", "MedicationRequest/r3"));
  const auto counted = store_->Search(PartyThatSees("MedicationRequest", "status=stopped"),
                                      Ask("Medication", {{"_summary", "count"}, {"_contained", "true"}}));
  ASSERT_TRUE(counted) << counted.error().internal_text.text;
  EXPECT_EQ(counted->total, 1);
  // By chains too, inside and outside.
  const auto party = PartyThatSees("MedicationRequest", "");
  EXPECT_THAT(Inside("Medication", {{"manufacturer.name", "inside"}}, party), ElementsAre("MedicationRequest/r1#m1"));
  Apply(Put(Verb::kUpdate, "r3",
            RequestJson(MedicationJson("m1", "abc", R"(,"manufacturer":{"reference":"Organization/out"})"))));
  EXPECT_THAT(Inside("Medication", {{"manufacturer.name", "outside"}}), ElementsAre("MedicationRequest/r3#m1"));
  EXPECT_THAT(Inside("Medication", {{"manufacturer.name", "outside"}}, party), IsEmpty())
      << "it may not name the organization";
  EXPECT_THAT(Inside("Medication", {{"_has:MedicationRequest:medication:status", "active"}}, party),
              ElementsAre("MedicationRequest/r1#m1", "MedicationRequest/r2#m1", "MedicationRequest/r3#m1"));
}

TEST_F(ContainedStore, HiddenIdentifiers_MatchNothingInsideEither) {
  Apply(Put(Verb::kUpdate, "r1",
            RequestJson(R"({"resourceType":"Patient","id":"x","identifier":[
    {"system":"urn:ins","value":"99","type":{"coding":[{"code":"INS-NIR"}]}},{"system":"urn:ipp","value":"7"}]})",
                        "Medication/med")));
  auto actor = PartyThatSees("MedicationRequest", "");
  auto grants = std::make_shared<port::Grants>(*actor.grants);
  grants->by_type[Type("Patient")] = {.grants = {{port::kRead, {}}}, .identifier_types_hidden = {"INS-NIR"}};
  actor.grants = grants;
  EXPECT_THAT(Inside("Patient", {{"identifier", "99"}}), ElementsAre("MedicationRequest/r1#x"));
  EXPECT_THAT(Inside("Patient", {{"identifier", "99"}}, actor), IsEmpty());
  EXPECT_THAT(Inside("Patient", {{"identifier", "7"}}, actor), ElementsAre("MedicationRequest/r1#x"));
}

TEST_F(ContainedStore, Pages_ShowTheStateOfTheFirst_WhateverIsWritten) {
  std::mt19937 random(7);
  const auto write = [&] {
    const std::string id = fmt::format("w{:02}", random() % 12);
    if (random() % 4 == 0) {
      Apply(Delete("MedicationRequest", id));
      return;
    }
    std::string inside;
    for (unsigned i = 0; i <= random() % 3; ++i) {
      inside += (i == 0 ? "" : ",") + MedicationJson(fmt::format("m{}", i + 1), random() % 2 == 0 ? "abc" : "def",
                                                     random() % 2 == 0 ? R"(,"status":"active")" : "");
    }
    Apply(Put(Verb::kUpdate, id, RequestJson(inside)));
    Apply(Put(Verb::kUpdate, fmt::format("n{}", random() % 5), MedicationJson("x", random() % 2 == 0 ? "abc" : "def")));
  };
  for (int i = 0; i < 40; ++i) {
    write();
  }
  for (const char* which : {"true", "both"}) {
    for (const char* shown : {"container", "contained"}) {
      for (const char* sort : {"", "code", "-status"}) {
        for (const char* criterion : {"code", "status:missing"}) {
          const Parameters asked{{criterion, criterion[0] == 'c' ? "abc" : "true"},
                                 {"_contained", which},
                                 {"_containedType", shown},
                                 {"_sort", sort}};
          Parameters whole = asked;
          whole.emplace_back("_count", "100");
          Parameters paged = asked;
          paged.emplace_back("_count", "2");
          const auto expected = Search("Medication", whole);
          EXPECT_GT(expected.size(), 2u);
          EXPECT_EQ(Walk("Medication", paged, write), expected) << which << shown << sort << criterion;
        }
      }
    }
  }
}

TEST_F(ContainedStore, Answers_AreThoseOfEachContainedAlone) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  fhir::search::Extractor extractor(r4);
  std::mt19937 random(11);
  std::vector<std::pair<std::string, fhir::search::IndexValues>> inside;
  for (int i = 0; i < 30; ++i) {
    std::string all;
    for (unsigned k = 0; k < random() % 3; ++k) {
      all += fmt::format(
          R"({}{{"resourceType":"Observation","id":"c{}","status":"{}","code":{{"coding":[{{"code":"{}"}}]}},
        "effectiveDateTime":"202{}-05","valueQuantity":{{"value":{},"system":"http://unitsofmeasure.org","code":"g"}}}})",
          k == 0 ? "" : ",", k, random() % 2 == 0 ? "final" : "amended", random() % 3, random() % 6, random() % 40);
    }
    auto change = Put(Verb::kUpdate, fmt::format("d{:02}", i),
                      fmt::format(R"({{"resourceType":"DiagnosticReport","status":"final","code":{{"text":"x"}}{}}})",
                                  all.empty() ? "" : fmt::format(R"(,"contained":[{}])", all)));
    fhir::IssueList issues;
    for (const auto* node : fhir::search::ContainedResources(change.resource->root())) {
      inside.emplace_back(fmt::format("DiagnosticReport/d{:02}#{}", i, node->ChildValue("id")),
                          extractor.Extract(*node, {.standard_only = true}, issues));
    }
    Apply(std::move(change));
  }
  ASSERT_GT(inside.size(), 15u);
  for (const Parameters& asked :
       {Parameters{{"status", "final"}}, Parameters{{"code", "1"}, {"status", "amended"}}, Parameters{{"code", "1,2"}},
        Parameters{{"code:not", "0"}}, Parameters{{"date", "ge2023"}}, Parameters{{"date", "2022"}, {"code", "2"}},
        Parameters{{"value-quantity", "gt20000||mg"}},
        Parameters{{"value-quantity", "lt15|http://unitsofmeasure.org|g"}},
        Parameters{{"code-value-quantity", "1$gt10"}}, Parameters{{"subject:missing", "true"}, {"status", "final"}}}) {
    const auto query = Ask("Observation", asked);
    std::vector<std::string> expected;
    for (const auto& [name, values] : inside) {
      if (fhir::search::Matches(query.criteria, values, {.id = "", .type = Type("Observation")})) {
        expected.push_back(name);
      }
    }
    Parameters wide = asked;
    wide.emplace_back("_count", "100");
    auto found = Inside("Observation", wide);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << asked.front().first;
  }
}

TEST_F(ContainedStore, Plans_GoByIndexes) {
  std::vector<port::Change> changes;
  for (int i = 0; i < 3000; ++i) {
    changes.push_back(Put(Verb::kUpdate, fmt::format("x{:04}", i),
                          RequestJson(MedicationJson("m1", fmt::format("c{}", i % 1000)) + "," +
                                      MedicationJson("m2", i % 3 == 0 ? "often" : "other"))));
  }
  for (int i = 0; i < 500; ++i) {
    changes.push_back(Put(Verb::kUpdate, fmt::format("y{:04}", i), MedicationJson("y", fmt::format("c{}", i))));
  }
  ASSERT_TRUE(TryApply(std::move(changes)));
  const auto connection = SharedDb().Connect();
  ASSERT_TRUE(connection->ExecuteScript("plain", "VACUUM ANALYZE"));
  ASSERT_TRUE(connection->ExecuteScript("plain", "SET max_parallel_workers_per_gather = 0; SET jit = off"));
  for (const Parameters& asked : {Parameters{{"code", "c7"}}, Parameters{{"code", "c7"}, {"_sort", "code"}}}) {
    for (const char* which : {"true", "both"}) {
      for (const char* shown : {"container", "contained"}) {
        Parameters parameters = asked;
        parameters.emplace_back("_contained", which);
        parameters.emplace_back("_containedType", shown);
        const auto statement =
            gateway::store::search_sql::CompilePage(Ask("Medication", parameters), *System().grants, 51);
        ASSERT_TRUE(statement);
        const auto rows = connection->ExecuteAdHoc("explain", "EXPLAIN (COSTS OFF) " + statement->text,
                                                   gateway::store::search_sql::Bound(statement->values));
        ASSERT_TRUE(rows) << rows.error().internal_text.text;
        std::string plan;
        for (int i = 0; i < rows->size(); ++i) {
          plan += (*rows)[i].String(0) + "\n";
        }
        EXPECT_THAT(plan, Not(HasSubstr("Seq Scan"))) << which << shown;
        EXPECT_THAT(plan, HasSubstr("idx_token_value")) << which << shown;
      }
    }
  }
}

TEST_F(ContainedStore, Reindex_MakesTheRowsOfBefore_AndTakesStaleOnesAway) {
  const std::string right = Rows();
  ASSERT_NE(right, "");
  const auto reindex = [&] {
    auto session = gateway::store::transaction::Session::Open(*pool_);
    ASSERT_TRUE(session);
    const gateway::store::StoreOptions options;
    fhir::search::Extractor extractor;
    const gateway::store::transaction::ReindexContext context{
        .session = **session, .options = options, .extractor = extractor, .only = std::nullopt};
    const auto done = gateway::store::transaction::ReindexNext(
        context, {.type = gateway::store::TypeCode(Type("MedicationRequest")), .after = {}, .until = {}});
    ASSERT_TRUE(done) << done.error().internal_text.text;
    ASSERT_TRUE((*session)->Commit());
  };
  const std::string last = Sql("SELECT max(made_tx)::text FROM contained_resource");
  reindex();
  EXPECT_EQ(Rows(), right);
  EXPECT_EQ(Sql("SELECT max(made_tx)::text FROM contained_resource"), last) << "what is right is not touched";
  const char* const damages[] = {
      // As a release of before left them.
      "DELETE FROM contained_resource; DELETE FROM idx_token WHERE type < 0; DELETE FROM idx_reference WHERE type < 0;"
      "DELETE FROM idx_reference WHERE target_type < 0; DELETE FROM idx_string WHERE type < 0",
      "DELETE FROM contained_resource WHERE id LIKE '%#m2'",
      "UPDATE idx_token SET code = 'x' WHERE type < 0",
      // As it leaves them when it takes a contained resource out of its container.
      "INSERT INTO contained_resource (id, type, container_type, container_id) SELECT 'MedicationRequest/r1#gone', "
      "type,"
      " container_type, container_id FROM contained_resource WHERE id = 'MedicationRequest/r1#m1' AND closed_tx IS "
      "NULL;"
      "INSERT INTO idx_token (id, type, parameter, system, code, identifier_type, text) SELECT "
      "'MedicationRequest/r1#gone', type, parameter, system, code, identifier_type, text FROM idx_token WHERE id = "
      "'MedicationRequest/r1#m1' AND closed_tx IS NULL",
  };
  for (const char* const damage : damages) {
    Script(damage);
    ASSERT_NE(Rows(), right) << damage;
    reindex();
    EXPECT_EQ(Rows(), right) << damage;
  }
  EXPECT_THAT(Search("MedicationRequest", {{"medication:missing", "true"}}), IsEmpty());
}

TEST_F(ContainedStore, RowsThatNoContainerMeets_ShowNothing) {
  Script(
      "INSERT INTO contained_resource (id, type, container_type, container_id) SELECT 'MedicationRequest/r1#gone', "
      "type,"
      " container_type, container_id FROM contained_resource WHERE id = 'MedicationRequest/r1#m1'");
  EXPECT_THAT(Inside("Medication", {{"_id", "gone"}}), IsEmpty());
}

TEST_F(ContainedStore, Erasure_TakesWhatIsContainedAlong) {
  Apply(Put(Verb::kUpdate, "r2", RequestJson(MedicationJson("m1", "new"))));
  const port::ErasureBatch batch{.what = port::Erased::kResources,
                                 .keys = {{Type("MedicationRequest"), "r1"}, {Type("MedicationRequest"), "r2"}}};
  const auto erased = factory_->Erase(System(), batch);
  ASSERT_TRUE(erased) << erased.error().internal_text.text;
  EXPECT_EQ(Rows(true).find("MedicationRequest/r1#"), std::string::npos) << Rows(true);
  EXPECT_EQ(Rows(true).find("MedicationRequest/r2#"), std::string::npos) << Rows(true);
  EXPECT_NE(Rows(true).find("MedicationRequest/r3#"), std::string::npos);
  EXPECT_THAT(Inside("Medication", {}), ElementsAre("MedicationRequest/r3#m1", "MedicationRequest/r3#m2"));
}

TEST_F(ContainedStore, Erasure_OfAContainer_TakesBytesThatItAloneNeeds) {
  Apply(Put(Verb::kUpdate, "b1", R"({"resourceType":"Binary","contentType":"text/plain","data":"aGVsbG8="})"),
        Put(Verb::kUpdate, "d1", R"({"resourceType":"List","status":"current","mode":"working","contained":[
          {"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"url":"Binary/b1"}}]}],
          "entry":[{"item":{"reference":"#d"}}]})"));
  const auto erased =
      factory_->Erase(System(), {.what = port::Erased::kResources, .keys = {{Type("List"), "d1"}}, .with_bytes = true});
  ASSERT_TRUE(erased) << erased.error().internal_text.text;
  EXPECT_EQ(erased->resources, 2);
  EXPECT_FALSE(store_->Read(System(), Type("Binary"), "b1"));
}

TEST_F(ContainedStore, Sweep_TakesClosedRows) {
  Apply(Put(Verb::kUpdate, "r1", RequestJson(MedicationJson("m9", "new"), "#m9")), Delete("MedicationRequest", "r2"));
  EXPECT_NE(Sql("SELECT count(*)::text FROM contained_resource WHERE closed_tx IS NOT NULL"), "0");
  const auto swept =
      gateway::store::paging::SweepClosedRows(*pool_, {.lifetime_ms = 0, .margin_ms = 0, .mark_every_ms = 0});
  ASSERT_TRUE(swept) << swept.error().internal_text.text;
  EXPECT_EQ(Sql("SELECT count(*)::text FROM contained_resource WHERE closed_tx IS NOT NULL"), "0");
  EXPECT_EQ(Rows(true), Rows());
}

class KeptByContained : public ContainedStore {
 protected:
  void SetUp() override {
    gateway::store::StoreOptions options;
    options.deletes_checked = true;
    Reopen(std::move(options));
    Fill();
  }
};

TEST_F(KeptByContained, WhatAContainedResourceRefersTo_IsNotDeleted) {
  Apply(Delete("MedicationRequest", "r4"), Delete("Medication", "med"));
  EXPECT_EQ(FailureOf(Delete("Organization", "out")), fhir::ErrorCode::kConflict);
  Apply(Delete("MedicationRequest", "r3"), Delete("Organization", "out"));
}

TEST_F(KeptByContained, ContainersThatTellWhatWas_KeepNothing) {
  Apply(
      Put(Verb::kUpdate, "o2", R"({"resourceType":"Organization","name":"Two"})"),
      Create(R"({"resourceType":"Provenance","target":[{"reference":"Patient/none"}],"recorded":"2025-01-01T00:00:00Z",
          "contained":[{"resourceType":"Practitioner","id":"x","qualification":[{"code":{"text":"q"}}]},
                       {"resourceType":"PractitionerRole","id":"y","organization":{"reference":"Organization/o2"}}],
          "agent":[{"who":{"reference":"#y"}}]})"));
  EXPECT_THAT(Inside("PractitionerRole", {{"organization", "Organization/o2"}}).size(), 1u);
  Apply(Delete("Organization", "o2"));
}

TEST_F(KeptByContained, ContainedReferencesToTheirContainer_KeepItNot) {
  Apply(Put(Verb::kUpdate, "r5",
            RequestJson(R"({"resourceType":"Provenance","id":"v","target":[{"reference":"#"}],
    "recorded":"2025-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]})",
                        "Medication/med")));
  EXPECT_THAT(Inside("Provenance", {{"target", "MedicationRequest/r5"}}), ElementsAre("MedicationRequest/r5#v"));
  Apply(Delete("MedicationRequest", "r5"));
}

class StatementNames final : public gateway::store::pg::StatementObserver {
 public:
  void OnStatement(std::string_view name, std::int64_t, bool) override { names.emplace_back(name); }
  std::vector<std::string> names;
};

TEST_F(ContainedStore, ResourcesThatContainNothing_CostNoStatementMore) {
  StatementNames observer;
  auto connection = SharedDb().Options();
  connection.observer = &observer;
  gateway::store::pg::Pool pool({.connection = connection, .connections_max = 1});
  gateway::store::StoreOptions options;
  options.clock = &clock_;
  options.ids = &ids_;
  gateway::store::StoreUnitOfWorkFactory factory(pool, options);
  const auto write = [&](port::Change change) {
    observer.names.clear();
    const auto work = factory.Begin(System());
    ASSERT_TRUE(work);
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    fhir::IssueList issues;
    ASSERT_TRUE((*work)->Apply(std::move(changes), issues));
    ASSERT_TRUE((*work)->Commit());
  };
  const auto mentions = [&] {
    return std::count_if(observer.names.begin(), observer.names.end(),
                         [](const std::string& name) { return name.find("contained") != std::string::npos; });
  };
  write(Put(Verb::kUpdate, "med", MedicationJson("med", "other")));
  EXPECT_EQ(mentions(), 0);
  write(Delete("Medication", "med"));
  EXPECT_EQ(mentions(), 0);
  write(Put(Verb::kUpdate, "r8", RequestJson(MedicationJson("m1", "abc"))));
  EXPECT_EQ(mentions(), 1);
  write(Put(Verb::kUpdate, "r8", RequestJson(MedicationJson("m1", "def"))));
  EXPECT_EQ(mentions(), 0) << "the same contained resources, found by other values";
}

}  // namespace
}  // namespace tests::store
