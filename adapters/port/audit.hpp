// What the audit trail is told about an interaction that changed nothing: reads, searches and refusals. Changes need no
// word: the trail sees every transaction before it commits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/metadata/definitions.hpp"

namespace adapters::port {

/// AuditEvent.outcome (https://hl7.org/fhir/R4/valueset-audit-event-outcome.html).
enum class AuditOutcome : std::uint8_t { kSuccess = 0, kMinorFailure = 4, kSeriousFailure = 8, kMajorFailure = 12 };

struct AuditEntity {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string id;
  std::int64_t version = 0;  ///< 0: not said
};

/// One interaction. Holds names and ids, never the value of a search parameter.
struct AuditRecord {
  std::string_view interaction;  ///< code of http://hl7.org/fhir/restful-interaction: "read", "search-type"
  char action = 'R';             ///< C, R, U, D or E (https://hl7.org/fhir/R4/valueset-audit-event-action.html)
  AuditOutcome outcome = AuditOutcome::kSuccess;
  std::string_view error_code;          ///< name of the error when it failed
  std::vector<AuditEntity> entities;    ///< what was disclosed or aimed at; the trail keeps the first 100
  std::vector<std::string> parameters;  ///< names of the search parameters used, modifiers included
  std::string_view searched_type;       ///< type searched, "" when not a search
};

/// thread-safe.
class AuditTrail {
 public:
  virtual ~AuditTrail() = default;
  /// Records an interaction after the fact, in a transaction of its own.
  /// Errors: those of the store; the caller refuses the answer when the trail cannot be kept.
  virtual fhir::Result<void> Record(const Actor& actor, const AuditRecord& record) = 0;
};

}  // namespace adapters::port
