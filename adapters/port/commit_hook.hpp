// A last word inside a transaction that changed something: the audit trail writes its AuditEvent here, so that a change
// and its record commit together or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"

namespace adapters::port {

/// One change of a transaction, without its content.
struct AppliedSummary {
  Effect effect = Effect::kUnchanged;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string id;
  std::int64_t version = 0;
  bool by_reaction = false;
};

/// Called once per transaction that wrote a resource, as the first step of Commit. thread-safe.
class CommitHook {
 public:
  virtual ~CommitHook() = default;
  /// Everything written so far, in order. Changes that the hook applies itself are made with the system's rights and
  /// are not shown to any hook. An error fails the transaction.
  virtual fhir::Result<void> BeforeCommit(std::span<const AppliedSummary> applied, UnitOfWork& work) = 0;
};

}  // namespace adapters::port
