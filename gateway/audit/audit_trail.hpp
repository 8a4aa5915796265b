// The audit trail: every transaction's AuditEvent inside that transaction, reads and refusals right after.
#pragma once

#include <span>

#include "adapters/port/audit.hpp"
#include "adapters/port/commit_hook.hpp"
#include "adapters/port/ports.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/metadata/definitions.hpp"
#include "gateway/audit/audit_event.hpp"

namespace gateway::audit {

struct AuditOptions {
  bool reads = true;       ///< record reads and refusals
  bool writes = true;      ///< record transactions
  bool provenance = true;  ///< a Provenance for what a message of the journal wrote
  AuditSource source;
};

/// Registered with the store. Whatever came in by REST, HL7 v2 or a timer leaves one AuditEvent per transaction that
/// lists what it wrote, under the name of the party it was done for; and one Provenance for a message's versions, in
/// the same statements. thread-safe.
class TransactionAudit final : public adapters::port::CommitHook {
 public:
  TransactionAudit(const fhir::metadata::Definitions& definitions, AuditOptions options);
  fhir::Result<void> BeforeCommit(std::span<const adapters::port::AppliedSummary> applied,
                                  adapters::port::UnitOfWork& work) override;

 private:
  const fhir::metadata::Definitions& definitions_;
  AuditOptions options_;
};

/// Writes a record in a transaction of its own, as the system: the reader needs no right to write. thread-safe.
/// Cost: one transaction per read, unless reads are off.
class ReadAudit final : public adapters::port::AuditTrail {
 public:
  /// `units` and `clock` are borrowed and must outlive this.
  ReadAudit(const fhir::metadata::Definitions& definitions, adapters::port::UnitOfWorkFactory& units,
            const adapters::port::Clock& clock, AuditOptions options);
  fhir::Result<void> Record(const adapters::port::Actor& actor, const adapters::port::AuditRecord& record) override;

 private:
  const fhir::metadata::Definitions& definitions_;
  adapters::port::UnitOfWorkFactory& units_;
  const adapters::port::Clock& clock_;
  AuditOptions options_;
};

}  // namespace gateway::audit
