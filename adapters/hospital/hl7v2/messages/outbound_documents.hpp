// Sends the documents of others to the hospital whose patient they are about: a report written on a platform goes back
// as MDM^T02 in the same transaction's outbox.
#pragma once

#include <string>
#include <vector>

#include "adapters/hospital/hl7v2/messages/mdm_out.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::hl7v2::messages {

/// One hospital that gets documents.
struct DocumentRoute {
  std::string destination;         ///< of the outbox
  std::string partner;             ///< the hospital; what it wrote itself never goes back to it
  std::vector<std::string> loinc;  ///< codes of DocumentReference.type; empty: every type
  port::PartyKind from_kind = port::PartyKind::kPlatform;
  bool from_any_kind = false;
  MdmOptions message;  ///< control_id and now_us are set per message
};

/// thread-safe.
class OutboundDocuments final : public port::Reaction {
 public:
  explicit OutboundDocuments(std::vector<DocumentRoute> routes) : routes_(std::move(routes)) {}

  std::string_view name() const override { return "outbound-documents"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "DocumentReference"; }
  /// Enqueues one OutboxMessage of kind "mllp" per route for a current document. The control id (MSH-10) is derived
  /// from the document's id and version, so that every attempt and every replay carries the same. A document whose
  /// patient the hospital does not know, or without content of ours, is not sent.
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  std::vector<DocumentRoute> routes_;
};

}  // namespace adapters::hospital::hl7v2::messages
