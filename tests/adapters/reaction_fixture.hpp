// A store with reactions registered, and what tests of reactions ask of it: states of resources, the outbox.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/store/outbox_store.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::adapters_support {

namespace port = ::adapters::port;
using store::Create;
using store::Delete;
using store::Parse;
using store::Put;
using store::Type;

class ReactionTest : public store::StoreTest {
 protected:
  void Register(std::vector<port::Reaction*> reactions) {
    gateway::store::StoreOptions options;
    options.reactions = std::move(reactions);
    Reopen(std::move(options));
    outbox_ = std::make_unique<gateway::store::OutboxStore>(*pool_);
  }

  static port::Actor Party(port::PartyKind kind, std::string name) {
    port::Actor actor = System();
    actor.kind = kind;
    actor.party = std::move(name);
    return actor;
  }

  /// Creates or replaces a resource under an id of the test's choice.
  void Save(std::string_view id, std::string_view json, const port::Actor& actor = System()) {
    const auto saved = TrySave(id, json, actor);
    ASSERT_TRUE(saved) << saved.error().public_text.text << " / " << saved.error().internal_text.text;
  }

  fhir::Result<void> TrySave(std::string_view id, std::string_view json, const port::Actor& actor = System()) {
    std::vector<port::Change> changes;
    changes.push_back(Put(port::Verb::kUpdate, id, json));
    GW_TRY(TryApply(std::move(changes), actor));
    return {};
  }

  fhir::Result<void> TryDelete(std::string_view type, std::string_view id, const port::Actor& actor = System()) {
    std::vector<port::Change> changes;
    changes.push_back(Delete(type, id));
    GW_TRY(TryApply(std::move(changes), actor));
    return {};
  }

  bool Exists(std::string_view type, std::string_view id) {
    const auto stored = store_->Read(System(), Type(type), id);
    return stored && !stored->deleted;
  }

  /// Value at a dotted path of a stored resource; "" when either is absent.
  std::string ValueOf(std::string_view type, std::string_view id, std::string_view path) {
    const auto stored = store_->Read(System(), Type(type), id);
    return stored ? std::string(Parse(stored->body).root().FindValue(path)) : std::string();
  }

  std::vector<fhir::model::Document> All(std::string_view type, std::vector<fhir::search::NameValue> parameters = {}) {
    const auto page = store_->Search(System(), store::Ask(type, std::move(parameters)));
    std::vector<fhir::model::Document> documents;
    if (!page) {
      ADD_FAILURE() << page.error().public_text.text << " / " << page.error().internal_text.text;
      return documents;
    }
    for (const auto& hit : page->hits) {
      documents.push_back(Parse(hit.resource.body));
    }
    return documents;
  }

  /// The outbox, oldest first, payloads included.
  std::vector<port::OutboxMessage> Outbox() {
    std::vector<port::OutboxMessage> messages;
    const auto listed = outbox_->List({});
    if (!listed) {
      ADD_FAILURE() << listed.error().internal_text.text;
      return messages;
    }
    for (auto record = listed->rbegin(); record != listed->rend(); ++record) {
      const auto whole = outbox_->Show(record->entry.id);
      EXPECT_TRUE(whole);
      messages.push_back(whole->entry.message);
    }
    return messages;
  }

  std::unique_ptr<gateway::store::OutboxStore> outbox_;
};

}  // namespace tests::adapters_support
