#include "gateway/audit/audit_trail.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/audit/provenance.hpp"

namespace gateway::audit {
namespace {

namespace port = adapters::port;

struct InteractionName {
  std::string_view interaction;
  char action;
};

/// One change asked for is named after itself, whatever followed from it; several are a transaction.
InteractionName NameOf(std::span<const port::AppliedSummary> applied) {
  const auto by_request = [](const port::AppliedSummary& change) { return !change.by_reaction; };
  const auto first = std::find_if(applied.begin(), applied.end(), by_request);
  if (std::count_if(applied.begin(), applied.end(), by_request) != 1) {
    return {"transaction", 'E'};
  }
  switch (first->effect) {
    case port::Effect::kCreated:
      return {"create", 'C'};
    case port::Effect::kDeleted:
      return {"delete", 'D'};
    case port::Effect::kUpdated:
    case port::Effect::kUnchanged:
      return {"update", 'U'};
  }
  return {"transaction", 'E'};
}

port::Change CreateChange(fhir::metadata::TypeId type, fhir::model::Document event) {
  port::Change change;
  change.verb = port::Verb::kCreate;
  change.type = type;
  change.resource.emplace(std::move(event));
  return change;
}

/// The trail's own writes: by the system, and never recorded themselves.
port::Actor TrailActor(const port::Actor& for_whom) {
  auto grants = std::make_shared<port::Grants>();
  grants->unrestricted = true;
  return {.kind = port::PartyKind::kSystem,
          .party = "audit",
          .agent_reference = {},
          .grants = std::move(grants),
          .request_id = for_whom.request_id};
}

fhir::Result<void> Write(port::UnitOfWork& work, fhir::metadata::TypeId type, fhir::model::Document event) {
  std::vector<port::Change> changes;
  changes.push_back(CreateChange(type, std::move(event)));
  fhir::IssueList issues;
  GW_TRY(work.Apply(std::move(changes), issues));
  return {};
}

bool IsTrailOnly(std::span<const port::AppliedSummary> applied, fhir::metadata::TypeId audit_event) {
  return std::all_of(applied.begin(), applied.end(),
                     [&](const port::AppliedSummary& change) { return change.type == audit_event; });
}

}  // namespace

TransactionAudit::TransactionAudit(const fhir::metadata::Definitions& definitions, AuditOptions options)
    : definitions_(definitions), options_(std::move(options)) {}

fhir::Result<void> TransactionAudit::BeforeCommit(std::span<const port::AppliedSummary> applied,
                                                  port::UnitOfWork& work) {
  const fhir::metadata::TypeId audit_event = definitions_.FindType("AuditEvent");
  // A record of a read would otherwise ask for a record of itself.
  const bool own = work.actor().kind == port::PartyKind::kSystem && IsTrailOnly(applied, audit_event);
  const bool tells_source = options_.provenance && IsOfMessage(work.actor());
  if ((!options_.writes && !tells_source) || applied.empty() || own) {
    return {};
  }
  const InteractionName name = NameOf(applied);
  port::AuditRecord record;
  record.interaction = name.interaction;
  record.action = name.action;
  for (const port::AppliedSummary& change : applied) {
    record.entities.push_back({change.type, change.id, change.version});
  }
  // Both in the same statements.
  std::vector<port::Change> changes;
  if (options_.writes) {
    changes.push_back(
        CreateChange(audit_event, MakeAuditEvent(definitions_, options_.source, work.actor(), record, work.now_us())));
  }
  if (tells_source) {
    changes.push_back(CreateChange(definitions_.FindType("Provenance"),
                                   MakeProvenance(definitions_, work.actor(), record.entities, work.now_us())));
  }
  fhir::IssueList issues;
  GW_TRY(work.Apply(std::move(changes), issues));
  return {};
}

ReadAudit::ReadAudit(const fhir::metadata::Definitions& definitions, port::UnitOfWorkFactory& units,
                     const port::Clock& clock, AuditOptions options)
    : definitions_(definitions), units_(units), clock_(clock), options_(std::move(options)) {}

fhir::Result<void> ReadAudit::Record(const port::Actor& actor, const port::AuditRecord& record) {
  if (!options_.reads) {
    return {};
  }
  const fhir::metadata::TypeId audit_event = definitions_.FindType("AuditEvent");
  // Nothing collides with a new AuditEvent but a change of what indexes hold, which the next attempt knows.
  constexpr int kAttemptsMax = 5;
  return port::InTransaction(units_, TrailActor(actor), kAttemptsMax, [&](port::UnitOfWork& work) {
    return Write(work, audit_event, MakeAuditEvent(definitions_, options_.source, actor, record, clock_.NowUs()));
  });
}

}  // namespace gateway::audit
