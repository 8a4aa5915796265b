// Walks through pages while resources are written, replaced and deleted: what a walk shows is what the first page's
// moment held, whatever way the query goes to it.
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <thread>

#include "gateway/store/paging/closed_rows.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kPatients = 40;
constexpr int kObservations = 90;
constexpr int kPage = 3;

using Parameters = std::vector<fhir::search::NameValue>;

std::string PatientJson(std::mt19937& random) {
  const char* families[] = {"Arnaud", "Béranger", "Costa", "Dupré"};
  std::string json = R"({"resourceType":"Patient","managingOrganization":{"reference":"Organization/o)" +
                     std::to_string(random() % 3) + R"("},"name":[{"family":")" + families[random() % 4] + "\"}]";
  if (random() % 4 != 0) {
    json += fmt::format(R"(,"birthDate":"19{}-0{}-01")", 50 + random() % 9, 1 + random() % 9);
  }
  return json + (random() % 2 != 0 ? R"(,"gender":"male"})" : R"(,"gender":"female"})");
}

std::string ObservationJson(std::mt19937& random) {
  const char* states[] = {"final", "amended", "preliminary"};
  std::string json =
      fmt::format(R"({{"resourceType":"Observation","status":"{}","code":{{"coding":[{{"code":"{}"}}]}})",
                  states[random() % 3], random() % 3);
  json += fmt::format(R"(,"subject":{{"reference":"Patient/p{:02}"}})", random() % kPatients);
  if (random() % 3 != 0) {
    json += fmt::format(R"(,"effectiveDateTime":"2024-0{}-15")", 1 + random() % 9);
  }
  return json + fmt::format(R"(,"valueQuantity":{{"value":{}}}}})", random() % 50);
}

// Queries that reach rows in every way there is: by id, by each kind of index, sorted, chained, backwards, negated.
const std::pair<const char*, Parameters> kQueries[] = {
    {"Patient", {}},
    {"Patient", {{"_sort", "birthdate"}}},
    {"Patient", {{"_sort", "-birthdate"}}},
    {"Patient", {{"_sort", "family,-birthdate"}}},
    {"Patient", {{"_sort", "-family"}, {"gender", "male"}}},
    {"Patient", {{"_sort", "-_lastUpdated"}}},
    {"Patient", {{"_sort", "_lastUpdated"}, {"gender", "female"}}},
    {"Patient", {{"gender:not", "male"}}},
    {"Patient", {{"birthdate:missing", "true"}}},
    {"Patient", {{"birthdate", "ge1953"}, {"birthdate", "lt1958"}}},
    {"Patient", {{"_lastUpdated", "gt2020"}, {"family", "d"}}},
    {"Patient", {{"organization.name", "first"}}},
    {"Patient", {{"_has:Observation:patient:status", "final"}}},
    {"Patient", {{"_include", "Patient:organization"}, {"_revinclude", "Observation:patient"}}},
    {"Observation", {{"_sort", "-date"}, {"status", "final,amended"}}},
    {"Observation", {{"_sort", "value-quantity"}, {"code", "1"}}},
    {"Observation", {{"_sort", "-date"}}},
    {"Observation", {{"_sort", "date"}, {"code", "2"}}},
    {"Observation", {{"_sort", "status"}, {"status:not", "final"}}},
    {"Patient", {{"_sort", "-family"}}},
    {"Observation", {{"code", "1"}}},
    {"Observation", {{"code", "0,2"}}},
    {"Observation", {{"code", "0,2"}, {"status", "final"}}},
    {"Observation", {{"patient.family", "costa"}, {"_include", "Observation:patient"}}},
    {"Observation",
     {{"patient.organization.name", "second"},
      {"_include:iterate", "Patient:organization"},
      {"_include", "Observation:patient"}}},
    {"Observation", {{"patient._lastUpdated", "gt2020"}, {"status:not", "final"}}},
};

std::string Show(const port::SearchHit& hit) {
  return fmt::format("{}{}/{}", hit.included ? "+" : "", hit.resource.id, hit.resource.version);
}

class Walk : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Fill();
  }

  void Fill() {
    std::vector<port::Change> changes;
    for (const char* name : {"First", "Second", "Third"}) {
      changes.push_back(Put(Verb::kUpdate, fmt::format("o{}", changes.size()),
                            fmt::format(R"({{"resourceType":"Organization","name":"{}"}})", name)));
    }
    for (int i = 0; i < kPatients; ++i) {
      changes.push_back(Put(Verb::kUpdate, fmt::format("p{:02}", i), PatientJson(random_)));
    }
    for (int i = 0; i < kObservations; ++i) {
      changes.push_back(Put(Verb::kUpdate, fmt::format("b{:02}", i), ObservationJson(random_)));
    }
    ASSERT_TRUE(TryApply(std::move(changes)));
    for (int i = 0; i < 60; ++i) {
      WriteSomething(random_);  // a history before the walk, deleted ones included
    }
  }

  // One change of any kind.
  void WriteSomething(std::mt19937& random) {
    std::vector<port::Change> changes;
    switch (random() % 8) {
      case 0:
        changes.push_back(Create(PatientJson(random)));
        break;
      case 1:
        changes.push_back(Create(ObservationJson(random)));
        break;
      case 2:
        changes.push_back(Delete("Observation", fmt::format("b{:02}", random() % kObservations)));
        break;
      case 3:
        changes.push_back(Delete("Patient", fmt::format("p{:02}", random() % kPatients)));
        break;
      case 4:
        changes.push_back(Put(
            Verb::kUpdate, "o2",
            fmt::format(R"({{"resourceType":"Organization","name":"{}"}})", random() % 2 != 0 ? "First" : "Second")));
        break;
      case 5:
      case 6:
        changes.push_back(Put(Verb::kUpdate, fmt::format("b{:02}", random() % kObservations), ObservationJson(random)));
        break;
      default:
        changes.push_back(Put(Verb::kUpdate, fmt::format("p{:02}", random() % kPatients), PatientJson(random)));
        break;
    }
    const auto applied = TryApply(std::move(changes));
    // A resource that was deleted before, or is being changed by another, is none of this test's business.
    ASSERT_TRUE(applied || applied.error().code == fhir::ErrorCode::kNotFound ||
                applied.error().code == fhir::ErrorCode::kGone || applied.error().code == fhir::ErrorCode::kConflict)
        << applied.error().internal_text.text;
  }

  struct Walked {
    std::vector<std::vector<std::string>> pages;  // of matches
    std::set<std::string> included;
    std::string first;
    std::vector<std::string> Matches() const {
      std::vector<std::string> all;
      for (const auto& page : pages) {
        all.insert(all.end(), page.begin(), page.end());
      }
      return all;
    }
  };

  // The pages from the query's cursor on, or those before it.
  Walked Follow(fhir::search::Query query, const std::function<void()>& between, bool back = false) {
    Walked walked;
    for (int number = 0; number < 2000; ++number) {
      const auto page = store_->Search(System(), query);
      if (!page) {
        ADD_FAILURE() << page.error().public_text.text << " / " << page.error().internal_text.text;
        return walked;
      }
      std::vector<std::string> matches;
      for (const auto& hit : page->hits) {
        if (hit.included) {
          walked.included.insert(Show(hit));
        } else {
          matches.push_back(Show(hit));
        }
      }
      walked.pages.push_back(std::move(matches));
      walked.first = page->first_cursor;
      const std::string& link = back ? page->previous_cursor : page->next_cursor;
      last_ = page->previous_cursor;
      if (link.empty()) {
        break;
      }
      query.cursor = link;
      between();
    }
    return walked;
  }

  static fhir::search::Query Paged(const char* type, Parameters parameters, int count) {
    parameters.emplace_back("_count", std::to_string(count));
    return Ask(type, std::move(parameters));
  }

  std::mt19937 random_{20240515};
  std::string last_;  // the previous link of the page seen last
};

TEST_F(Walk, WhileOthersWrite_ShowsTheMomentOfItsFirstPage) {
  int changed = 0;
  for (const auto& [type, parameters] : kQueries) {
    const auto whole = Follow(Paged(type, parameters, 1000), [] {});
    ASSERT_EQ(whole.pages.size(), 1u);
    ASSERT_GT(whole.pages[0].size(), 3u) << type << " " << parameters.size();
    const auto walked = Follow(Paged(type, parameters, kPage), [&] {
      for (int i = 0; i < 4; ++i) {
        WriteSomething(random_);
      }
    });
    const std::string name = std::string(type) + "?" + Ask(type, parameters).self;
    EXPECT_THAT(walked.Matches(), ElementsAreArray(whole.pages[0])) << name;
    EXPECT_EQ(walked.included, whole.included) << name;
    const auto now = Follow(Paged(type, parameters, 1000), [] {});
    changed += now.pages[0] != whole.pages[0] ? 1 : 0;
  }
  EXPECT_GE(changed, 15) << "the writes must change what is found, or the walks show nothing";
}

TEST_F(Walk, WithWritersBesideIt_IsWhatOneStatementSeesOfThatMoment) {
  std::atomic<int> writes = 0;
  std::vector<std::jthread> writers;  // a walk that fails must not leave them behind
  for (unsigned seed = 1; seed <= 3; ++seed) {
    writers.emplace_back([&, seed](const std::stop_token& stop) {
      std::mt19937 random(seed);
      while (!stop.stop_requested() && writes < 600) {
        WriteSomething(random);
        ++writes;
      }
    });
  }
  std::size_t walks = 0;
  for (const auto& [type, parameters] : kQueries) {
    const auto walked = Follow(Paged(type, parameters, kPage), [] {});
    if (walked.pages.size() == 1) {
      continue;  // the writers had left a handful of matches at that moment
    }
    ++walks;
    auto again = Paged(type, parameters, 1000);
    again.cursor = walked.first;  // the same moment, in one page
    const auto whole = Follow(again, [] {});
    EXPECT_THAT(walked.Matches(), ElementsAreArray(whole.Matches())) << type << "?" << again.self;
    EXPECT_EQ(walked.included, whole.included) << type << "?" << again.self;
  }
  writers.clear();
  EXPECT_GT(writes, 50);
  EXPECT_GE(walks, std::size(kQueries) - 3) << "one page shows nothing";
}

TEST_F(Walk, Previous_GoesBackPageByPage) {
  for (const auto& [type, parameters] : kQueries) {
    auto query = Paged(type, parameters, kPage);
    const auto write = [&] { WriteSomething(random_); };
    const auto there = Follow(query, write);
    ASSERT_GT(there.pages.size(), 1u);
    query.cursor = last_;
    auto back = Follow(query, write, true);
    std::reverse(back.pages.begin(), back.pages.end());
    auto expected = there.pages;
    expected.pop_back();  // where the way back began
    EXPECT_EQ(back.pages, expected) << type << "?" << query.self;
    query.cursor = back.first;
    EXPECT_EQ(Follow(query, write).pages, there.pages) << "forward again from the first page";
  }
}

TEST_F(Walk, DeletedAndCreatedSince_AsTheyWere) {
  auto query = Paged("Organization", {{"_sort", "name"}}, 1);
  const auto first = store_->Search(System(), query);
  ASSERT_TRUE(first);
  Apply(Delete("Organization", "o0"), Delete("Organization", "o1"), Delete("Organization", "o2"),
        Put(Verb::kUpdate, "o9", R"({"resourceType":"Organization","name":"Zeroth"})"));
  std::vector<std::string> seen = {first->hits[0].resource.id};
  query.cursor = first->next_cursor;
  while (!query.cursor->empty()) {
    const auto page = store_->Search(System(), query);
    ASSERT_TRUE(page);
    for (const auto& hit : page->hits) {
      seen.push_back(hit.resource.id);
      EXPECT_NE(hit.resource.body.find("\"name\""), std::string::npos) << "the body of that time";
    }
    query.cursor = page->next_cursor;
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_THAT(seen, ElementsAreArray({"o0", "o1", "o2"}));
  EXPECT_THAT(Find(Ask("Organization", {})), ElementsAreArray({"o9"}));
}

TEST_F(Walk, Histories_ShowTheMomentOfTheirFirstPage) {
  for (const char* type : {"", "Patient"}) {
    port::HistoryQuery query{.type = *type == 0 ? fhir::metadata::kNoType : Type(type),
                             .id = {},
                             .since_us = {},
                             .count = 1000,
                             .cursor = {}};
    const auto show = [](const port::HistoryPage& page) {
      std::vector<std::string> shown;
      for (const auto& version : page.versions) {
        shown.push_back(fmt::format("{}/{}", version.id, version.version));
      }
      return shown;
    };
    const auto whole = store_->History(System(), query);
    ASSERT_TRUE(whole);
    query.count = 9;
    std::vector<std::vector<std::string>> pages;
    std::vector<std::string> all;
    std::string back;
    for (int i = 0; i < 100; ++i) {
      const auto page = store_->History(System(), query);
      ASSERT_TRUE(page) << page.error().internal_text.text;
      EXPECT_EQ(page->total, whole->total);
      pages.push_back(show(*page));
      all.insert(all.end(), pages.back().begin(), pages.back().end());
      back = page->previous_cursor;
      if (page->next_cursor.empty()) {
        break;
      }
      query.cursor = page->next_cursor;
      WriteSomething(random_);
    }
    EXPECT_THAT(all, ElementsAreArray(show(*whole)));
    for (std::size_t i = pages.size() - 1; i-- > 0;) {
      ASSERT_FALSE(back.empty());
      query.cursor = back;
      const auto page = store_->History(System(), query);
      ASSERT_TRUE(page);
      EXPECT_EQ(show(*page), pages[i]);
      back = page->previous_cursor;
    }
    EXPECT_TRUE(back.empty());
  }
}

TEST_F(Walk, Policies_AreThoseOfThatMomentToo) {
  auto grants = std::make_shared<port::Grants>();
  const auto male = Ask("Patient", {{"gender", "male"}});
  grants->by_type[Type("Patient")] = {.grants = {{port::kRead | port::kSearch, male.criteria}},
                                      .identifier_types_hidden = {}};
  port::Actor party{.kind = port::PartyKind::kHospital, .party = "h", .agent_reference = {}, .grants = grants};
  auto query = Paged("Patient", {}, 1000);
  const auto whole = Find(query, party);
  query = Paged("Patient", {}, 3);
  std::vector<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto page = store_->Search(party, query);
    ASSERT_TRUE(page);
    for (const auto& hit : page->hits) {
      seen.push_back(hit.resource.id);
    }
    if (page->next_cursor.empty()) {
      break;
    }
    for (int n = 0; n < 5; ++n) {
      WriteSomething(random_);
    }
    query.cursor = page->next_cursor;
  }
  EXPECT_THAT(seen, ElementsAreArray(whole));
  EXPECT_THAT(Find(Paged("Patient", {}, 1000), party), Not(ElementsAreArray(whole)));
}

TEST_F(Walk, CursorOfAnotherParty_IsRefused) {
  auto query = Paged("Patient", {}, 2);
  const auto page = store_->Search(System(), query);
  ASSERT_TRUE(page);
  query.cursor = page->next_cursor;
  auto other = System();
  other.party = "another";
  const auto refused = store_->Search(other, query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kMalformed);
  EXPECT_TRUE(store_->Search(System(), query));
}

TEST_F(Walk, TooOld_IsGone) {
  gateway::store::StoreOptions options;
  options.cursor_lifetime_ms = 100;  // the clock goes on by one at every look
  Reopen(options);
  Fill();
  auto query = Paged("Patient", {}, 2);
  const auto page = store_->Search(System(), query);
  ASSERT_TRUE(page);
  query.cursor = page->next_cursor;
  ASSERT_TRUE(store_->Search(System(), query));
  for (int i = 0; i < 100; ++i) {
    (void)clock_.NowUs();
  }
  const auto late = store_->Search(System(), query);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, fhir::ErrorCode::kGone);
}

TEST_F(Walk, SweptMeanwhile_IsGoneRatherThanWrong) {
  auto query = Paged("Patient", {{"_sort", "family"}}, 2);
  const auto page = store_->Search(System(), query);
  ASSERT_TRUE(page);
  query.cursor = page->next_cursor;
  for (int i = 0; i < 20; ++i) {
    WriteSomething(random_);
  }
  ASSERT_TRUE(store_->Search(System(), query));
  // As a node does whose setting allows walks no time at all.
  const gateway::store::paging::SweepOptions at_once{.lifetime_ms = 0, .margin_ms = 0, .mark_every_ms = 0};
  ASSERT_TRUE(gateway::store::paging::SweepClosedRows(*pool_, at_once));
  const auto late = store_->Search(System(), query);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, fhir::ErrorCode::kGone);
  EXPECT_TRUE(store_->Search(System(), Paged("Patient", {{"_sort", "family"}}, 2))) << "a walk begun afterwards";
}

TEST_F(Walk, TotalOfTheFirstPage_IsThatOfAll) {
  auto query = Paged("Patient", {{"_total", "accurate"}, {"gender", "male"}}, 3);
  const auto first = store_->Search(System(), query);
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->total);
  Apply(Create(R"({"resourceType":"Patient","gender":"male"})"));
  query.cursor = first->next_cursor;
  const auto second = store_->Search(System(), query);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->total, first->total);
}

TEST_F(Walk, EstimatedTotal_IsCountedUpToABound_AndExpectedPastIt) {
  gateway::store::StoreOptions options;
  options.estimates_counted_max = 20;
  Reopen(options);
  std::vector<port::Change> changes;
  for (int i = 0; i < 400; ++i) {
    const bool few = i < 20 || i >= 380;
    changes.push_back(Create(fmt::format(R"({{"resourceType":"Patient","gender":"{}"}})", !few     ? "unknown"
                                                                                          : i < 20 ? "male"
                                                                                                   : "female")));
  }
  changes.push_back(Create(R"({"resourceType":"Patient","gender":"female"})"));
  ASSERT_TRUE(TryApply(std::move(changes)));
  ASSERT_TRUE(SharedDb().Connect()->ExecuteScript("analyze", "ANALYZE"));
  const auto total = [&](std::string_view gender, std::string_view mode, int count) {
    auto page = store_->Search(
        System(), Paged("Patient", {{"gender", std::string(gender)}, {"_total", std::string(mode)}}, count));
    EXPECT_TRUE(page) << page.error().internal_text.text;
    return page ? *std::move(page) : port::SearchPage();
  };
  const auto at_bound = total("male", "estimate", 5);
  EXPECT_EQ(at_bound.total, 20);
  EXPECT_FALSE(at_bound.total_estimated);
  const auto past_it = total("female", "estimate", 5);
  EXPECT_GE(past_it.total, 21) << "never less than what was counted";
  EXPECT_TRUE(past_it.total_estimated);
  for (const int count : {5, 0}) {
    const auto many = total("unknown", "estimate", count);
    EXPECT_TRUE(many.total_estimated);
    EXPECT_GE(many.total, 180) << "near 360";
    EXPECT_LE(many.total, 720);
    const auto exact = total("unknown", "accurate", count);
    EXPECT_EQ(exact.total, 360);
    EXPECT_FALSE(exact.total_estimated);
  }
  EXPECT_EQ(total("unknown", "none", 5).total, std::nullopt);
  const auto free = total("female", "estimate", 30);
  EXPECT_EQ(free.total, 21);
  EXPECT_FALSE(free.total_estimated) << "all matches are on the page";
  auto counted = Paged("Patient", {{"gender", "unknown"}, {"_summary", "count"}, {"_total", "estimate"}}, 5);
  EXPECT_EQ(store_->Search(System(), counted)->total, 360) << "_summary=count always counts";
}

TEST_F(Walk, EstimatedTotal_OfTheFirstPage_IsThatOfAll) {
  gateway::store::StoreOptions options;
  options.estimates_counted_max = 3;
  Reopen(options);
  Fill();
  auto query = Paged("Patient", {{"_total", "estimate"}}, 2);
  const auto first = store_->Search(System(), query);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->total_estimated);
  ASSERT_TRUE(SharedDb().Connect()->ExecuteScript("analyze", "ANALYZE"));
  query.cursor = first->next_cursor;
  const auto second = store_->Search(System(), query);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->total, first->total);
}

TEST_F(Walk, CountAboveTheMaximum_IsLowered) {
  gateway::store::StoreOptions options;
  options.page_size_max = 5;
  Reopen(options);
  Fill();
  for (const auto& [asked, given] : {std::pair{5, 5}, {6, 5}, {4, 4}}) {
    const auto page = store_->Search(System(), Paged("Patient", {}, asked));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->page_size, given);
    EXPECT_EQ(page->hits.size(), static_cast<std::size_t>(given));
  }
  const auto none = store_->Search(System(), Paged("Patient", {}, 0));
  ASSERT_TRUE(none);
  EXPECT_THAT(none->hits, IsEmpty());
  EXPECT_TRUE(none->total) << "_count=0 asks for the total";
  EXPECT_TRUE(none->next_cursor.empty());
}

// Each statement is a round trip: none may come unseen.
class CountingObserver final : public gateway::store::pg::StatementObserver {
 public:
  void OnStatement(std::string_view name, std::int64_t, bool) override { names.emplace_back(name); }
  std::vector<std::string> Take() { return std::exchange(names, {}); }
  std::vector<std::string> names;
};

TEST_F(Walk, Statements_AreAsFewAsTheyWere) {
  CountingObserver observer;
  auto connection_options = SharedDb().Options();
  connection_options.observer = &observer;
  gateway::store::pg::Pool pool({.connection = connection_options, .connections_max = 1});
  gateway::store::StoreOptions options;
  options.clock = &clock_;
  options.ids = &ids_;
  options.cursor_keys = &keys_;
  gateway::store::StoreResourceStore store(pool, options);
  auto query = Paged("Patient", {}, 5);
  auto page = store.Search(System(), query);
  ASSERT_TRUE(page);
  EXPECT_THAT(observer.Take(), ElementsAreArray({"search_page"})) << "a first page";
  query.cursor = page->next_cursor;
  ASSERT_TRUE(store.Search(System(), query));
  EXPECT_THAT(observer.Take(), ElementsAreArray({"search_page", "select_sweep_horizon", "commit"}))
      << "two round trips";
  // COMMIT is told of only where it travels with others.
  ASSERT_TRUE(store.Search(System(), Paged("Patient", {{"_include", "Patient:organization"}}, 5)));
  EXPECT_THAT(observer.Take(), ElementsAreArray({"search_page", "search_include"}));
  ASSERT_TRUE(store.Search(System(), Paged("Patient", {{"_total", "accurate"}}, 5)));
  EXPECT_THAT(observer.Take(), ElementsAreArray({"search_page", "search_count"}));
  ASSERT_TRUE(store.Search(System(), Paged("Patient", {{"_total", "estimate"}}, 5)));
  EXPECT_THAT(observer.Take(), ElementsAreArray({"search_page", "search_count"})) << "few";
  options.estimates_counted_max = 3;
  gateway::store::StoreResourceStore estimating(pool, options);
  ASSERT_TRUE(estimating.Search(System(), Paged("Patient", {{"_total", "estimate"}}, 5)));
  EXPECT_THAT(observer.Take(), ElementsAreArray({"search_page", "search_count", "search_estimate"}));
}

}  // namespace
}  // namespace tests::store
