// Tells hospitals by HL7 v2 what becomes of their patients' documents, appointments and measures elsewhere: by rules,
// and through the outbox of the transaction that changed them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/hospital/hl7v2/messages/message_writer.hpp"
#include "adapters/hospital/hl7v2/messages/outbound_maps.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::hl7v2::messages {

/// What one hospital hears of.
struct OutboundRoute {
  std::string destination;         ///< of the outbox
  std::string partner;             ///< the hospital; what it wrote itself never goes back to it
  std::string rules;               ///< name of a rule file under out/
  std::vector<std::string> codes;  ///< of the resource's type, code or category; empty: every one
  port::PartyKind from_kind = port::PartyKind::kPlatform;
  bool from_any_kind = false;
  bool pdf_in_cda = true;
  Receiver receiver;
};

/// thread-safe.
class OutboundMessages final : public port::Reaction {
 public:
  using CurrentMaps = std::function<std::shared_ptr<const OutboundMaps>()>;

  /// `maps` gives the rules that are in force; routes whose rules are gone send nothing.
  OutboundMessages(std::vector<OutboundRoute> routes, CurrentMaps maps);

  std::string_view name() const override { return "outbound-messages"; }
  bool Wants(std::string_view resource_type) const override;
  /// Enqueues one OutboxMessage of kind "mllp" per route whose rules say that the change is an event. The control id
  /// (MSH-10) is derived from the resource's version and the destination, so that every attempt and every replay
  /// carries the same. Nothing is sent of a patient whom the hospital does not know, of a document without content of
  /// ours, and of what the hospital changed itself.
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  fhir::Result<void> Send(const OutboundRoute& route, const fhir::model::Document& partner,
                          const mapping::outbound::OutboundMap& map, const port::Applied& applied,
                          port::UnitOfWork& work) const;

  std::vector<OutboundRoute> routes_;
  std::vector<fhir::model::Document> partners_;  ///< %partner of each route
  CurrentMaps maps_;
};

/// The value of a resource's identifier of a system that is not of former use; empty when there is none.
std::string_view IdentifierOf(const fhir::model::Node& resource, std::string_view system);

}  // namespace adapters::hospital::hl7v2::messages
