#include <gtest/gtest.h>

#include <string>

#include "fhir/base/base64.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/validation/structure.hpp"
#include "gateway/audit/audit_trail.hpp"
#include "gateway/audit/provenance.hpp"
#include "tests/gateway/rest/memory_store.hpp"

namespace gateway::audit {
namespace {

namespace port = adapters::port;
using fhir::metadata::Definitions;

class FixedAuditClock final : public port::Clock {
 public:
  std::int64_t NowUs() const override { return 1'700'000'000'000'000; }
};

port::Actor Insurer() {
  return {.kind = port::PartyKind::kInsurer,
          .party = "amc-1",
          .agent_reference = "Organization/7",
          .grants = {},
          .request_id = "r"};
}

port::AuditRecord SearchRecord() {
  port::AuditRecord record;
  record.interaction = "search-type";
  record.action = 'E';
  record.searched_type = "ExplanationOfBenefit";
  record.parameters = {"patient.identifier", "created"};
  record.entities = {{Definitions::R4().FindType("ExplanationOfBenefit"), "e1", 2}};
  return record;
}

TEST(MakeAuditEvent, Search_IsAValidResourceWithNamesOnly) {
  const auto event =
      MakeAuditEvent(Definitions::R4(), {.site = "node-1"}, Insurer(), SearchRecord(), 1'700'000'000'000'000);
  fhir::IssueList issues;
  fhir::validation::ValidateStructure(event.root(), {}, issues);
  EXPECT_FALSE(issues.HasErrors()) << fhir::json::WriteJson(event.root());
  EXPECT_EQ(event.root().FindValue("subtype.code"), "search-type");
  EXPECT_EQ(event.root().FindValue("action"), "E");
  EXPECT_EQ(event.root().FindValue("outcome"), "0");
  EXPECT_EQ(event.root().FindValue("agent.altId"), "amc-1");
  EXPECT_EQ(event.root().FindValue("agent.who.reference"), "Organization/7");
  EXPECT_EQ(fhir::DecodeBase64(event.root().FindValue("entity.query")).value(),
            "ExplanationOfBenefit?patient.identifier&created");
  EXPECT_NE(fhir::json::WriteJson(event.root()).find("ExplanationOfBenefit/e1/_history/2"), std::string::npos);
}

TEST(MakeAuditEvent, ManyEntities_AreCutAndCounted) {
  port::AuditRecord record = SearchRecord();
  record.entities.assign(kAuditEntitiesMax + 1, record.entities[0]);
  const auto event = MakeAuditEvent(Definitions::R4(), {}, Insurer(), record, 0);
  std::size_t entities = 0;
  for (const auto& child : event.root().children()) {
    entities += child.name == "entity" ? 1 : 0;
  }
  EXPECT_EQ(entities, kAuditEntitiesMax + 1);  // the query is one
  EXPECT_EQ(event.root().ChildValue("outcomeDesc"), "1 more entities");
}

TEST(MakeAuditEvent, MessageOfTheJournal_IsTheLastEntity_OfWhatItAskedFor) {
  port::Actor actor = Insurer();
  actor.request_id = "message/4711";
  const auto event = MakeAuditEvent(Definitions::R4(), {}, actor, SearchRecord(), 0);
  fhir::IssueList issues;
  fhir::validation::ValidateStructure(event.root(), {}, issues);
  EXPECT_FALSE(issues.HasErrors()) << fhir::json::WriteJson(event.root());
  const auto* last = event.root().Child("entity");
  for (const auto& child : event.root().children()) {
    last = child.name == "entity" ? &child : last;
  }
  EXPECT_EQ(last->FindValue("what.identifier.system"), "https://passerelle.example/fhir/identifier/message");
  EXPECT_EQ(last->FindValue("what.identifier.value"), "4711");
  const auto other = MakeAuditEvent(Definitions::R4(), {}, Insurer(), SearchRecord(), 0);
  EXPECT_EQ(fhir::json::WriteJson(other.root()).find("identifier/message"), std::string::npos);
}

TEST(MakeProvenance, Versions_AreTiedToTheirMessage) {
  port::Actor actor = Insurer();
  EXPECT_FALSE(IsOfMessage(actor));
  actor.request_id = "message/4711";
  ASSERT_TRUE(IsOfMessage(actor));
  const port::AuditEntity versions[] = {{Definitions::R4().FindType("Patient"), "p1", 3},
                                        {Definitions::R4().FindType("Encounter"), "e1", 1}};
  const auto provenance = MakeProvenance(Definitions::R4(), actor, versions, 1'700'000'000'000'000);
  fhir::IssueList issues;
  fhir::validation::ValidateStructure(provenance.root(), {}, issues);
  EXPECT_FALSE(issues.HasErrors()) << fhir::json::WriteJson(provenance.root());
  const std::string json = fhir::json::WriteJson(provenance.root());
  EXPECT_NE(json.find("Patient/p1/_history/3"), std::string::npos);
  EXPECT_NE(json.find("Encounter/e1/_history/1"), std::string::npos);
  EXPECT_EQ(provenance.root().FindValue("entity.what.identifier.value"), "4711");
  EXPECT_EQ(provenance.root().FindValue("agent.who.display"), "amc-1");
}

/// Types written by the hook for a transaction of this request.
std::string TypesWritten(AuditOptions options, std::string request_id) {
  tests::rest::MemoryStore store;
  port::Actor actor = Insurer();
  actor.request_id = std::move(request_id);
  auto work = store.Begin(actor);
  TransactionAudit hook(Definitions::R4(), std::move(options));
  const port::AppliedSummary applied[] = {
      {port::Effect::kCreated, Definitions::R4().FindType("Patient"), "p1", 1, false}};
  EXPECT_TRUE(hook.BeforeCommit(applied, **work));
  EXPECT_TRUE((*work)->Commit());
  std::string types;
  for (const auto& [key, versions] : store.state.versions) {
    types += std::string(Definitions::R4().TypeName(key.first)) + " ";
  }
  return types;
}

TEST(TransactionAudit, AMessagesTransaction_HasItsProvenance_OthersHaveNone) {
  EXPECT_EQ(TypesWritten({}, "message/1"), "AuditEvent Provenance ");
  EXPECT_EQ(TypesWritten({}, "r"), "AuditEvent ");
  EXPECT_EQ(TypesWritten({.provenance = false}, "message/1"), "AuditEvent ");
  EXPECT_EQ(TypesWritten({.writes = false}, "message/1"), "Provenance ");
  EXPECT_EQ(TypesWritten({.writes = false}, "r"), "");
}

TEST(MakeAuditEvent, Failure_TellsTheCode) {
  port::AuditRecord record;
  record.interaction = "read";
  record.outcome = port::AuditOutcome::kMinorFailure;
  record.error_code = fhir::Name(fhir::ErrorCode::kForbidden);
  const auto event = MakeAuditEvent(Definitions::R4(), {}, Insurer(), record, 0);
  EXPECT_EQ(event.root().ChildValue("outcome"), "4");
  EXPECT_EQ(event.root().ChildValue("outcomeDesc"), "forbidden");
}

TEST(ReadAudit, Record_CommitsOneEvent) {
  tests::rest::MemoryStore store;
  const FixedAuditClock clock;
  ReadAudit audit(Definitions::R4(), store, clock, {});
  ASSERT_TRUE(audit.Record(Insurer(), SearchRecord()));
  ASSERT_EQ(store.state.versions.size(), 1u);
  EXPECT_EQ(store.state.versions.begin()->first.first, Definitions::R4().FindType("AuditEvent"));
  ReadAudit off(Definitions::R4(), store, clock, {.reads = false});
  ASSERT_TRUE(off.Record(Insurer(), SearchRecord()));
  EXPECT_EQ(store.state.versions.size(), 1u);
}

TEST(ReadAudit, StoreAway_IsAnError) {
  tests::rest::MemoryStore store;
  store.failure = fhir::Error{.code = fhir::ErrorCode::kUnavailable};
  const FixedAuditClock clock;
  ReadAudit audit(Definitions::R4(), store, clock, {});
  EXPECT_FALSE(audit.Record(Insurer(), SearchRecord()));
}

std::string SubtypeAfter(std::vector<port::AppliedSummary> applied, port::PartyKind kind = port::PartyKind::kHospital) {
  tests::rest::MemoryStore store;
  port::Actor actor = Insurer();
  actor.kind = kind;
  auto work = store.Begin(actor);
  TransactionAudit hook(Definitions::R4(), {});
  EXPECT_TRUE(hook.BeforeCommit(applied, **work));
  EXPECT_TRUE((*work)->Commit());
  if (store.state.versions.empty()) {
    return "";
  }
  fhir::IssueList issues;
  const auto event = fhir::json::ReadJson(store.state.versions.begin()->second[0].body, {}, issues);
  return std::string(event->root().FindValue("subtype.code"));
}

TEST(TransactionAudit, BeforeCommit_NamesTheInteraction) {
  const auto patient = Definitions::R4().FindType("Patient");
  const auto task = Definitions::R4().FindType("Task");
  EXPECT_EQ(SubtypeAfter({{port::Effect::kCreated, patient, "1", 1, false}}), "create");
  EXPECT_EQ(
      SubtypeAfter({{port::Effect::kUpdated, patient, "1", 2, false}, {port::Effect::kCreated, task, "2", 1, true}}),
      "update");
  EXPECT_EQ(SubtypeAfter({{port::Effect::kDeleted, patient, "1", 3, false}}), "delete");
  EXPECT_EQ(
      SubtypeAfter({{port::Effect::kCreated, patient, "1", 1, false}, {port::Effect::kCreated, task, "2", 1, false}}),
      "transaction");
}

TEST(TransactionAudit, OwnEvents_AreNotRecordedAgain) {
  const auto event = Definitions::R4().FindType("AuditEvent");
  EXPECT_EQ(SubtypeAfter({{port::Effect::kCreated, event, "1", 1, false}}, port::PartyKind::kSystem), "");
  EXPECT_EQ(SubtypeAfter({{port::Effect::kCreated, event, "1", 1, false}}), "create");
  EXPECT_EQ(SubtypeAfter({}), "");
}

}  // namespace
}  // namespace gateway::audit
