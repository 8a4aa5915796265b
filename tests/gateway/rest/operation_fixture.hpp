// A Service with the ports of operations on a memory store.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/erasure.hpp"
#include "adapters/port/ports.hpp"
#include "adapters/port/resource_views.hpp"
#include "fhir/terminology/terminology.hpp"
#include "gateway/store/terminology/stored_terminology.hpp"
#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {

/// ResourceViews over a MemoryStore. Grants are not looked at; compartments and labels are what a test puts in.
class MemoryViews final : public port::ResourceViews {
 public:
  explicit MemoryViews(MemoryStore& store) : store_(store) {}

  fhir::Result<std::vector<port::ResourceHead>> FindHeads(const port::Actor&,
                                                          std::span<const fhir::search::Query> queries,
                                                          std::size_t heads_max) override {
    ++statements;
    if (store_.failure) {
      return std::unexpected(*store_.failure);
    }
    std::vector<port::ResourceHead> heads;
    for (const auto& query : queries) {
      for (const auto* found : store_.state.Matching(query)) {
        if (heads.size() < heads_max) {
          heads.push_back({found->type, found->id, found->version, found->last_updated_us});
        }
      }
    }
    return heads;
  }
  fhir::Result<std::vector<port::StoredResource>> ReadMany(const port::Actor&,
                                                           std::span<const port::ResourceKey> keys) override {
    ++statements;
    ++bodies_read;
    std::vector<port::StoredResource> resources;
    for (const auto& key : keys) {
      const auto found = store_.state.versions.find({key.type, key.id});
      if (found != store_.state.versions.end() && !found->second.back().deleted) {
        resources.push_back(found->second.back());
      }
    }
    return resources;
  }
  fhir::Result<port::SearchPage> Compartment(const port::Actor&, const port::CompartmentQuery& query) override {
    compartments.push_back(query);
    return page;
  }
  fhir::Result<std::vector<port::ResourceKey>> FindOwnMembers(const port::Actor&, const port::CompartmentQuery& query,
                                                              std::size_t keys_max) override {
    compartments.push_back(query);
    std::vector<port::ResourceKey> keys;
    for (const auto& key : own_members) {
      if (keys.size() < keys_max && store_.state.versions.contains({key.type, key.id})) {
        keys.push_back(key);
      }
    }
    return keys;
  }
  fhir::Result<std::vector<port::StoredResource>> Latest(const port::Actor&, const port::LatestQuery& query) override {
    latest.push_back(query);
    std::vector<port::StoredResource> resources;
    for (const auto* found : store_.state.Matching(query.query)) {
      resources.push_back(*found);
    }
    return resources;
  }
  fhir::Result<port::MetaInUse> FindMetaInUse(const port::Actor&, fhir::metadata::TypeId type) override {
    meta_type = type;
    return meta;
  }

  int statements = 0;
  int bodies_read = 0;
  port::SearchPage page;
  std::vector<port::CompartmentQuery> compartments;
  std::vector<port::LatestQuery> latest;
  std::vector<port::ResourceKey> own_members;
  port::MetaInUse meta;
  fhir::metadata::TypeId meta_type = fhir::metadata::kNoType;

 private:
  MemoryStore& store_;
};

/// An Eraser over a MemoryStore.
class MemoryEraser final : public port::Eraser {
 public:
  explicit MemoryEraser(MemoryStore& store) : store_(store) {}

  /// By keys alone; what is asked for is kept for the test.
  fhir::Result<port::ErasureOutcome> Erase(const port::Actor& actor, const port::ErasureBatch& batch) override {
    parties.push_back(actor.party);
    erasures.push_back(batch);
    port::ErasureOutcome outcome;
    for (const auto& key : batch.keys) {
      const auto found = store_.state.versions.find(key);
      if (found == store_.state.versions.end()) {
        continue;
      }
      auto& versions = found->second;
      const std::size_t before = versions.size();
      if (batch.what == port::Erased::kPastVersions) {
        std::erase_if(versions, [&](const port::StoredResource& each) {
          return each.version != versions.back().version && each.version == batch.version.value_or(each.version);
        });
        outcome.versions += static_cast<std::int64_t>(before - versions.size());
      } else if (batch.what == port::Erased::kResources || versions.back().deleted) {
        outcome.versions += static_cast<std::int64_t>(before);
        ++outcome.resources;
        store_.state.versions.erase(found);
      }
    }
    return outcome;
  }

  std::vector<std::string> parties;
  std::vector<port::ErasureBatch> erasures;

 private:
  MemoryStore& store_;
};

class CountedIds final : public port::IdSource {
 public:
  std::string NewId() override { return "00000000-0000-7000-8000-00000000000" + std::to_string(++last_ % 10); }
  std::string NewUuid() override { return NewId(); }

 private:
  int last_ = 0;
};

class OperationTest : public RestTest {
 protected:
  OperationTest() { Serve(); }

  /// Again, after a change of options_.
  void Serve() {
    auto service = gateway::rest::Service::Create(
        {.definitions = fhir::metadata::Definitions::R4(),
         .store = store_,
         .units = store_,
         .audit = &audit_,
         .clock = &clock_,
         .operations = {.views = &views_, .terminology = &terminology_, .ids = &ids_, .eraser = &eraser_}},
        options_);
    EXPECT_TRUE(service);
    service_ = *std::move(service);
  }

  /// Parameters with one parameter per (name, JSON members of the rest).
  static std::string ParametersOf(const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::string text = R"({"resourceType":"Parameters","parameter":[)";
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      text += (i == 0 ? "" : ",") + (R"({"name":")" + parameters[i].first + "\"," + parameters[i].second + "}");
    }
    return text + "]}";
  }

  /// Value of an output parameter, by its name; "" when it is not there.
  static std::string Output(const gateway::http::Response& response, std::string_view name) {
    const fhir::json::Value value = Json(response);
    if (const auto* parameters = value.Find("parameter")) {
      for (const auto& parameter : parameters->items()) {
        if (parameter.FindText("name") == name) {
          for (const auto& [member, child] : parameter.members()) {
            if (member != "name" && !child.IsArray()) {
              return child.AsBoolean() ? (*child.AsBoolean() ? "true" : "false") : child.text();
            }
          }
        }
      }
    }
    return "";
  }

  MemoryViews views_{store_};
  MemoryEraser eraser_{store_};
  CountedIds ids_;
  fhir::terminology::Terminology packages_{fhir::packages::Registry::Core()};
  gateway::store::StoredTerminology terminology_{packages_, store_, views_};
};

}  // namespace tests::rest
