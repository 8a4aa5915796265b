// A patient that replaces others stands for them in what is searched by it.
#include <gmock/gmock.h>

#include "gateway/store/resource_views.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string Linked(std::string_view family, std::string_view links) {
  return fmt::format(R"({{"resourceType":"Patient","name":[{{"family":"{}"}}],"link":[{}]}})", family, links);
}

std::string Link(std::string_view other, std::string_view type) {
  return fmt::format(R"({{"other":{{"reference":"Patient/{}"}},"type":"{}"}})", other, type);
}

port::Change Seen(std::string_view id, std::string_view patient) {
  return Put(Verb::kUpdate, id,
             fmt::format(R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},
      "subject":{{"reference":"Patient/{}"}},"encounter":{{"reference":"Encounter/e-{}"}}}})",
                         patient, patient));
}

port::Change Stay(std::string_view patient) {
  return Put(Verb::kUpdate, fmt::format("e-{}", patient),
             fmt::format(R"({{"resourceType":"Encounter","status":"finished","class":{{"code":"IMP"}},
      "subject":{{"reference":"Patient/{}"}}}})",
                         patient));
}

/// a replaces b, which replaced c; d says itself that a replaces it; e is only like a; f is nobody of these.
class PatientLinks : public StoreTest {
 protected:
  void SetUp() override {
    gateway::store::StoreOptions options;
    options.patient_links_followed = true;
    options.page_size_max = 50;
    Reopen(options);
    views_options_ = options;
    Apply(Put(Verb::kUpdate, "a", Linked("Alpha", Link("b", "replaces") + "," + Link("e", "seealso"))),
          Put(Verb::kUpdate, "b", Linked("Beta", Link("a", "replaced-by") + "," + Link("c", "replaces"))),
          Put(Verb::kUpdate, "c", R"({"resourceType":"Patient","name":[{"family":"Gamma"}]})"),
          Put(Verb::kUpdate, "d", Linked("Delta", Link("a", "replaced-by"))),
          Put(Verb::kUpdate, "e", R"({"resourceType":"Patient","name":[{"family":"Eta"}]})"),
          Put(Verb::kUpdate, "f", R"({"resourceType":"Patient","name":[{"family":"Phi"}]})"));
    for (const char* patient : {"a", "b", "c", "d", "e", "f"}) {
      Apply(Stay(patient), Seen(fmt::format("o-{}", patient), patient));
    }
  }

  std::vector<std::string> Compartment(std::string_view id) {
    auto options = views_options_;
    options.clock = &clock_;
    options.cursor_keys = &keys_;
    gateway::store::StoreResourceViews views(*pool_, options);
    port::CompartmentQuery query;
    query.compartment = Type("Patient");
    query.id = std::string(id);
    query.count = 3;
    std::vector<std::string> ids;
    do {
      const auto page = views.Compartment(System(), query);
      if (!page) {
        ADD_FAILURE() << page.error().public_text.text << page.error().internal_text.text;
        return ids;
      }
      for (const auto& hit : page->hits) ids.push_back(hit.resource.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return ids;
  }

  gateway::store::StoreOptions views_options_;
};

TEST_F(PatientLinks, Reference_FindsWhatRefersToThoseReplaced) {
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "Patient/a"}})), ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Find(Ask("Observation", {{"subject", "Patient/a"}})), ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Find(Ask("Observation", {{"subject", "a"}})), ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Find(Ask("Observation", {{"subject:Patient", "b"}})), ElementsAre("o-b", "o-c"));
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "d"}})), ElementsAre("o-d")) << "links lead one way";
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "f,b"}})), ElementsAre("o-b", "o-c", "o-f"));
  EXPECT_THAT(Find(Ask("Observation", {{"patient:not", "a"}})), ElementsAre("o-e", "o-f"));
  EXPECT_THAT(Find(Ask("Observation", {{"encounter.patient", "a"}})), ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Find(Ask("Encounter", {{"_has:Observation:encounter:patient", "b"}})), ElementsAre("e-b", "e-c"));
}

TEST_F(PatientLinks, ChainThroughPatients_FindsThemToo) {
  EXPECT_THAT(Find(Ask("Observation", {{"patient.family", "alpha"}})), ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Find(Ask("Observation", {{"subject:Patient.name", "beta"}})), ElementsAre("o-b", "o-c"));
  EXPECT_THAT(Find(Ask("Observation", {{"patient.family", "phi"}})), ElementsAre("o-f"));
  EXPECT_THAT(Find(Ask("Observation", {{"encounter.patient.family", "alpha"}})),
              ElementsAre("o-a", "o-b", "o-c", "o-d"));
}

TEST_F(PatientLinks, PatientsThemselves_AreWhatTheirOwnRecordsSay) {
  EXPECT_THAT(Find(Ask("Patient", {{"family", "alpha"}})), ElementsAre("a"));
  EXPECT_THAT(Find(Ask("Patient", {{"link", "Patient/a"}})), ElementsAre("b", "d"));
  EXPECT_THAT(Find(Ask("Patient", {{"_has:Observation:patient:_id", "o-b"}})), ElementsAre("b"));
}

TEST_F(PatientLinks, CompartmentAndEverything_AreThoseOfAll) {
  fhir::search::Query query = Ask("Observation", {});
  fhir::search::Criterion inside;
  inside.kind = fhir::search::CriterionKind::kCompartment;
  inside.compartment = fhir::search::Compartment{Type("Patient"), "a"};
  query.criteria.push_back(inside);
  EXPECT_THAT(Find(query), ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Compartment("a"),
              UnorderedElementsAre("a", "b", "c", "d", "e-a", "e-b", "e-c", "e-d", "o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Compartment("f"), UnorderedElementsAre("f", "e-f", "o-f"));
}

TEST_F(PatientLinks, RingOfLinks_Ends) {
  Apply(Put(Verb::kUpdate, "c", Linked("Gamma", Link("a", "replaces"))));
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "c"}})), ElementsAre("o-a", "o-b", "o-c", "o-d"));
}

TEST_F(PatientLinks, UndoneOrDeletedLinks_AreNotFollowed) {
  Apply(Put(Verb::kUpdate, "a", R"({"resourceType":"Patient"})"), Delete("Patient", "d"));
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "a"}})), ElementsAre("o-a", "o-b", "o-c"))
      << "b still says that a replaces it";
  Apply(Put(Verb::kUpdate, "b", R"({"resourceType":"Patient"})"));
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "a"}})), ElementsAre("o-a"));
}

TEST_F(PatientLinks, PagesOfAWalk_FollowTheLinksOfTheirFirst) {
  auto query = Ask("Observation", {{"patient", "a"}, {"_count", "1"}});
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    const auto page = store_->Search(System(), query);
    ASSERT_TRUE(page) << page.error().public_text.text;
    for (const auto& hit : page->hits) ids.push_back(hit.resource.id);
    if (i == 0) {
      Apply(Put(Verb::kUpdate, "a", R"({"resourceType":"Patient"})"),
            Put(Verb::kUpdate, "b", R"({"resourceType":"Patient"})"),
            Put(Verb::kUpdate, "f", Linked("Phi", Link("a", "replaced-by"))));
    }
    if (page->next_cursor.empty()) break;
    query.cursor = page->next_cursor;
  }
  EXPECT_THAT(ids, ElementsAre("o-a", "o-b", "o-c", "o-d"));
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "a"}})), ElementsAre("o-a", "o-d", "o-f"));
}

TEST_F(PatientLinks, Grants_DecideWhatIsSeenAndWhichLinksAreKnown) {
  auto grants = std::make_shared<port::Grants>();
  fhir::search::Criterion of_a_or_b = Ask("Observation", {{"patient", "a,b"}}).criteria.front();
  grants->by_type[Type("Observation")] = {.grants = {{port::kRead | port::kSearch, {of_a_or_b}}},
                                          .identifier_types_hidden = {}};
  grants->by_type[Type("Patient")] = {.grants = {{port::kRead | port::kSearch | port::kChain, {}}},
                                      .identifier_types_hidden = {}};
  port::Actor actor;
  actor.party = "some";
  actor.grants = grants;
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "a"}}), actor), ElementsAre("o-a", "o-b"))
      << "a grant is not extended by links";
  auto blind = std::make_shared<port::Grants>(*grants);
  blind->by_type.erase(Type("Patient"));
  actor.grants = blind;
  EXPECT_THAT(Find(Ask("Observation", {{"patient", "a"}}), actor), ElementsAre("o-a"))
      << "links of patients that it may not read are not known to it";
}

TEST_F(PatientLinks, SwitchedOff_NothingIsFollowed) {
  gateway::store::StoreOptions options;
  options.clock = &clock_;
  options.ids = &ids_;
  gateway::store::StoreResourceStore plain(*pool_, options);
  const auto page = plain.Search(System(), Ask("Observation", {{"patient", "a"}}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->hits.size(), 1u);
}

TEST_F(PatientLinks, Totals_CountThem) {
  EXPECT_EQ(store_->Search(System(), Ask("Observation", {{"patient", "a"}, {"_summary", "count"}}))->total, 4);
  EXPECT_EQ(
      store_->Search(System(), Ask("Observation", {{"patient", "a"}, {"_count", "1"}, {"_total", "accurate"}}))->total,
      4);
}

}  // namespace
}  // namespace tests::store
