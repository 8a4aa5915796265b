// A ResourceStore and UnitOfWorkFactory in memory: the contract of adapters/port without a database, for tests of what
// stands on top of it. Conditions and searches are answered from index values; grants are not looked at.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/audit.hpp"
#include "adapters/port/resource_store.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/match.hpp"

namespace tests::rest {

namespace port = adapters::port;

struct MemoryState {
  using Key = std::pair<fhir::metadata::TypeId, std::string>;
  std::map<Key, std::vector<port::StoredResource>> versions;  // oldest first
  std::int64_t now_us = 1'700'000'000'000'000;
  int ids = 0;

  std::vector<const port::StoredResource*> Matching(const fhir::search::Query& query) const {
    std::vector<const port::StoredResource*> found;
    for (const auto& [key, list] : versions) {
      if (key.first != query.type || list.back().deleted) {
        continue;
      }
      fhir::IssueList issues;
      const auto document = fhir::json::ReadJson(list.back().body, fhir::Limits(), issues);
      const auto values = fhir::search::ExtractIndexValues(document->root(), {}, issues);
      if (fhir::search::Matches(query.criteria, values, {key.second, list.back().last_updated_us})) {
        found.push_back(&list.back());
      }
    }
    return found;
  }
};

class MemoryUnitOfWork final : public port::UnitOfWork {
 public:
  MemoryUnitOfWork(MemoryState& state, const port::Actor& actor) : committed_(state), state_(state), actor_(actor) {}

  fhir::Result<std::vector<port::Outcome>> Apply(std::vector<port::Change> changes, fhir::IssueList&) override {
    std::vector<port::Outcome> outcomes;
    for (port::Change& change : changes) {
      auto outcome = ApplyOne(change);
      if (!outcome) {
        outcome.error().expression = change.place;
        return std::unexpected(outcome.error());
      }
      outcomes.push_back(*std::move(outcome));
    }
    return outcomes;
  }
  fhir::Result<std::optional<port::StoredResource>> Read(fhir::metadata::TypeId type, std::string_view id) override {
    const auto found = state_.versions.find({type, std::string(id)});
    return found == state_.versions.end() ? std::optional<port::StoredResource>() : found->second.back();
  }
  fhir::Result<std::vector<port::StoredResource>> Search(const fhir::search::Query& query, std::size_t) override {
    std::vector<port::StoredResource> found;
    for (const auto* resource : state_.Matching(query)) {
      found.push_back(*resource);
    }
    return found;
  }
  fhir::Result<void> Claim(const port::TimeClaim&) override { return {}; }
  fhir::Result<void> ReleaseClaims(std::string_view) override { return {}; }
  fhir::Result<void> Enqueue(port::OutboxMessage) override { return {}; }
  fhir::Result<void> Lock(std::string_view) override { return {}; }
  fhir::Result<void> FinishMessage(const port::MessageEnd&) override { return {}; }
  const port::Actor& actor() const override { return actor_; }
  std::int64_t now_us() const override { return state_.now_us; }
  std::string NewUuid() override { return "new-" + std::to_string(++state_.ids); }
  fhir::Result<void> Commit() override {
    state_.now_us += 1'000'000;
    committed_ = state_;
    return {};
  }

 private:
  fhir::Result<port::Outcome> ApplyOne(port::Change& change) {
    std::string id = change.id;
    if (change.condition) {
      const auto matching = state_.Matching(*change.condition);
      if (matching.size() > 1 && change.matches_max >= matching.size()) {
        return DeleteAll(change, matching);
      }
      if (matching.size() > 1) {
        return fhir::Fail(fhir::ErrorCode::kMultipleMatches, "more than one match");
      }
      if (matching.size() == 1 && change.verb == port::Verb::kCreate) {
        return port::Outcome{port::Effect::kUnchanged, *matching[0]};
      }
      id = matching.empty() ? (change.resource ? std::string(change.resource->id()) : "") : matching[0]->id;
      if (matching.empty() && (change.verb == port::Verb::kDelete || change.verb == port::Verb::kPatch)) {
        return fhir::Fail(fhir::ErrorCode::kNotFound, "no match");
      }
    }
    if (id.empty()) {
      id = NewUuid();
    }
    auto& versions = state_.versions[{change.type, id}];
    const std::int64_t current = versions.empty() ? 0 : versions.back().version;
    const bool existed = !versions.empty() && !versions.back().deleted;
    if ((change.if_match && !(existed && change.if_match->Name(current))) ||
        (change.if_none_match && existed && change.if_none_match->Name(current))) {
      return fhir::Fail(fhir::ErrorCode::kVersionConflict, "another version is current");
    }
    if (change.verb == port::Verb::kDelete && (versions.empty() || versions.back().deleted)) {
      return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such resource");
    }
    if (change.existing_only && versions.empty() && !change.id.empty()) {
      return fhir::Fail(fhir::ErrorCode::kNotFound, "no such resource");
    }
    if (change.verb == port::Verb::kPatch) {
      if (!existed) {
        return fhir::Fail(versions.empty() ? fhir::ErrorCode::kNotFound : fhir::ErrorCode::kGone, "nothing there");
      }
      fhir::IssueList ignored;
      const auto before = fhir::json::ReadJson(versions.back().body, fhir::Limits(), ignored);
      GW_ASSIGN(fhir::model::Document patched, change.patch(before->root(), fhir::FormatInstant(state_.now_us)));
      change.resource.emplace(std::move(patched));
    }
    port::StoredResource stored{change.type, id, current + 1, state_.now_us, change.verb == port::Verb::kDelete, ""};
    if (change.resource) {
      stored.body = fhir::json::WriteStored(change.resource->root(),
                                            {id, stored.version, fhir::FormatInstant(stored.last_updated_us)});
    }
    versions.push_back(stored);
    const auto effect =
        stored.deleted ? port::Effect::kDeleted : (existed ? port::Effect::kUpdated : port::Effect::kCreated);
    return port::Outcome{effect, stored, stored.deleted ? 1u : 0u};
  }

  fhir::Result<port::Outcome> DeleteAll(const port::Change& change,
                                        const std::vector<const port::StoredResource*>& matching) {
    std::vector<std::string> ids;
    for (const auto* match : matching) {
      ids.push_back(match->id);
    }
    port::Outcome all;
    for (const std::string& id : ids) {
      port::Change one;
      one.verb = port::Verb::kDelete;
      one.type = change.type;
      one.id = id;
      GW_ASSIGN(port::Outcome outcome, ApplyOne(one));
      all.deleted += outcome.deleted;
      all.effect = outcome.effect;
      all.resource = std::move(outcome.resource);
    }
    return all;
  }

  MemoryState& committed_;
  MemoryState state_;
  port::Actor actor_;
};

class MemoryStore final : public port::ResourceStore, public port::UnitOfWorkFactory {
 public:
  fhir::Result<port::StoredResource> Read(const port::Actor&, fhir::metadata::TypeId type, std::string_view id,
                                          std::optional<std::int64_t> version) override {
    const auto found = state.versions.find({type, std::string(id)});
    if (failure) {
      return std::unexpected(*failure);
    }
    if (found == state.versions.end()) {
      return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such resource");
    }
    for (const port::StoredResource& stored : found->second) {
      if (stored.version == version.value_or(found->second.back().version)) {
        return stored.deleted ? fhir::Result<port::StoredResource>(fhir::Fail(fhir::ErrorCode::kGone, "deleted"))
                              : stored;
      }
    }
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such version");
  }
  fhir::Result<port::SearchPage> Search(const port::Actor&, const fhir::search::Query& query) override {
    port::SearchPage page;
    for (const auto* resource : state.Matching(query)) {
      page.hits.push_back({*resource, false});
    }
    if (query.total != fhir::search::Total::kNone || query.summary == fhir::search::Summary::kCount) {
      page.total = static_cast<std::int64_t>(page.hits.size());
    }
    page.next_cursor = next_cursor;
    page.includes_truncated = includes_truncated;
    return page;
  }
  fhir::Result<port::HistoryPage> History(const port::Actor&, const port::HistoryQuery& query) override {
    port::HistoryPage page;
    last_history = query;
    for (const auto& [key, versions] : state.versions) {
      if ((query.type == fhir::metadata::kNoType || key.first == query.type) &&
          (query.id.empty() || key.second == query.id)) {
        page.versions.insert(page.versions.end(), versions.rbegin(), versions.rend());
      }
    }
    page.total = static_cast<std::int64_t>(page.versions.size());
    return page;
  }
  fhir::Result<std::unique_ptr<port::UnitOfWork>> Begin(const port::Actor& actor) override {
    if (failure) {
      return std::unexpected(*failure);
    }
    return std::make_unique<MemoryUnitOfWork>(state, actor);
  }

  MemoryState state;
  std::optional<fhir::Error> failure;  ///< given to reads and writes when set
  port::HistoryQuery last_history;     ///< as asked for
  std::string next_cursor;
  bool includes_truncated = false;
};

class MemoryAudit final : public port::AuditTrail {
 public:
  fhir::Result<void> Record(const port::Actor& actor, const port::AuditRecord& record) override {
    parties.push_back(actor.party);
    records.push_back(record);
    return fails ? fhir::Result<void>(fhir::Fail(fhir::ErrorCode::kUnavailable, "away")) : fhir::Result<void>();
  }
  std::vector<std::string> parties;
  std::vector<port::AuditRecord> records;
  bool fails = false;
};

}  // namespace tests::rest
