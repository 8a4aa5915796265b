// A store on the program's own database, with a counting clock and ids, and short ways to say what a test wants.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/json/reader.hpp"
#include "fhir/search/query_parser.hpp"
#include "gateway/store/resource_store.hpp"
#include "gateway/store/unit_of_work.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace tests::store {

namespace port = adapters::port;
using fhir::metadata::TypeId;

inline constexpr std::int64_t kStartUs = 1'750'000'000'000'000;  // 2025-06-15T15:06:40Z

class TickingClock final : public port::Clock {
 public:
  std::int64_t NowUs() const override { return kStartUs + 1000 * ++ticks_; }

 private:
  mutable std::atomic<std::int64_t> ticks_{0};
};

class CountingIds final : public port::IdSource {
 public:
  std::string NewId() override { return fmt::format("id-{:08}", ++last_); }
  std::string NewUuid() override { return NewId(); }

 private:
  std::atomic<int> last_{0};
};

inline TypeId Type(std::string_view name) {
  return fhir::metadata::Definitions::R4().FindType(name);
}

inline fhir::model::Document Parse(std::string_view json) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(json, {}, issues);
  if (!document || issues.HasErrors()) {
    ADD_FAILURE() << "the test's own resource is not readable";
    return fhir::model::Document(Type("Basic"));
  }
  return *std::move(document);
}

inline port::Change Create(std::string_view json) {
  port::Change change;
  change.verb = port::Verb::kCreate;
  change.resource = Parse(json);
  change.type = change.resource->root().type;
  return change;
}

inline port::Change Put(port::Verb verb, std::string_view id, std::string_view json) {
  port::Change change = Create(json);
  change.verb = verb;
  change.id = std::string(id);
  return change;
}

inline port::Change Delete(std::string_view type, std::string_view id) {
  port::Change change;
  change.verb = port::Verb::kDelete;
  change.type = Type(type);
  change.id = std::string(id);
  return change;
}

inline fhir::search::Query Conditional(std::string_view type, std::string_view text) {
  auto query = fhir::search::ParseConditional(Type(type), text, {});
  if (!query) {
    ADD_FAILURE() << query.error().public_text.text;
    return {};
  }
  return *std::move(query);
}

inline fhir::search::Query Ask(std::string_view type, std::vector<fhir::search::NameValue> parameters) {
  fhir::IssueList warnings;
  auto query = fhir::search::ParseQuery(Type(type), parameters, {}, warnings);
  if (!query) {
    ADD_FAILURE() << query.error().public_text.text;
    return {};
  }
  return *std::move(query);
}

/// Every test has a database state of its own: the tables are emptied before it.
class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  /// A store with further options: reactions, hooks, page sizes.
  void Reopen(gateway::store::StoreOptions options = {}) {
    auto connection = SharedDb().Connect();
    const auto emptied = connection->ExecuteScript(
        "empty",
        "TRUNCATE resource_version, idx_string, idx_token, idx_reference, idx_date, idx_number, idx_quantity,"
        " idx_uri, idx_composite, idx_text, idx_position, contained_resource, time_claim, outbox, repeat_key");
    ASSERT_TRUE(emptied) << emptied.error().internal_text.text;
    options.clock = &clock_;
    options.ids = &ids_;
    options.base_url = "http://localhost:8080/fhir";
    options.cursor_keys = &keys_;
    factory_.reset();
    store_.reset();
    pool_ = SharedDb().MakePool(20);
    factory_ = std::make_unique<gateway::store::StoreUnitOfWorkFactory>(*pool_, options);
    store_ = std::make_unique<gateway::store::StoreResourceStore>(*pool_, options);
  }

  static support::TestDatabase& SharedDb() { return support::SharedDatabase(); }

  static port::Actor System() {
    port::Actor actor;
    auto grants = std::make_shared<port::Grants>();
    grants->unrestricted = true;
    actor.grants = std::move(grants);
    actor.party = "system";
    return actor;
  }

  fhir::Result<std::vector<port::Outcome>> TryApply(std::vector<port::Change> changes,
                                                    const port::Actor& actor = System()) {
    GW_ASSIGN(const auto work, factory_->Begin(actor));
    fhir::IssueList issues;
    GW_ASSIGN(auto outcomes, work->Apply(std::move(changes), issues));
    GW_TRY(work->Commit());
    return outcomes;
  }

  template <typename... Changes>
  std::vector<port::Outcome> Apply(Changes... changes) {
    std::vector<port::Change> list;
    (list.push_back(std::move(changes)), ...);
    auto outcomes = TryApply(std::move(list));
    if (!outcomes) {
      ADD_FAILURE() << outcomes.error().public_text.text << " / " << outcomes.error().internal_text.text;
      return std::vector<port::Outcome>(sizeof...(changes));
    }
    return *std::move(outcomes);
  }

  fhir::ErrorCode FailureOf(port::Change change, const port::Actor& actor = System()) {
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    const auto outcomes = TryApply(std::move(changes), actor);
    if (outcomes) {
      ADD_FAILURE() << "the change was expected to fail";
      return fhir::ErrorCode::kInternal;
    }
    return outcomes.error().code;
  }

  /// Ids of the matches, in order; those included with a '+' before them.
  std::vector<std::string> Find(const fhir::search::Query& query, const port::Actor& actor = System()) {
    const auto page = store_->Search(actor, query);
    std::vector<std::string> ids;
    if (!page) {
      ADD_FAILURE() << page.error().public_text.text << " / " << page.error().internal_text.text;
      return ids;
    }
    for (const auto& hit : page->hits) {
      ids.push_back((hit.included ? "+" : "") + hit.resource.id);
    }
    return ids;
  }

  TickingClock clock_;
  CountingIds ids_;
  gateway::store::paging::KeyRing keys_{{gateway::store::paging::CipherKey{1, 2, 3}}};
  std::unique_ptr<gateway::store::pg::Pool> pool_;
  std::unique_ptr<gateway::store::StoreUnitOfWorkFactory> factory_;
  std::unique_ptr<gateway::store::StoreResourceStore> store_;
};

}  // namespace tests::store
