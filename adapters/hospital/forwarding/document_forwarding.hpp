// Documents that a hospital asks to forward: to the patient's DMP, to professionals or to the patient by MSSanté.
// Source: CI-SIS, transmission of a CDA document in HL7 v2: DESTDMP, DESTMSSANTEPS, DESTMSSANTEPAT.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/port/journal.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::forwarding {

/// Of DocumentReference: a CodeableConcept whose codings are the channels asked for.
inline constexpr std::string_view kForwardingExtension =
    "https://passerelle.example/fhir/StructureDefinition/forwarding";
/// Kind of its outbox entries, whose destination is the channel.
inline constexpr std::string_view kForwarding = "forwarding";

/// Channel ("DMP", "MSSANTE-PS", "MSSANTE-PAT") → name of the rest-hook destination that serves it.
using Channels = std::map<std::string, std::string, std::less<>>;

/// Puts the document into the outbox of each channel that it names, at each version while it is current, and once more
/// when it is withdrawn, deleted or forwarded there no more. Payload: as the rest-hook sender wants it. thread-safe.
class DocumentForwarding final : public port::Reaction {
 public:
  std::string_view name() const override { return "document-forwarding"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "DocumentReference"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;
};

/// Gives each entry to the rest-hook that serves its channel. Without one it is refused for good: it stands among the
/// dead letters with that reason, and a replay delivers it once the channel is configured. thread-safe.
class ForwardingSender final : public port::Sender {
 public:
  /// `rest_hooks` is borrowed.
  ForwardingSender(Channels channels, port::Sender& rest_hooks)
      : channels_(std::move(channels)), rest_hooks_(rest_hooks) {}
  std::string_view kind() const override { return kForwarding; }
  fhir::Result<std::string> Send(const port::OutboxEntry& entry) override;

 private:
  Channels channels_;
  port::Sender& rest_hooks_;
};

}  // namespace adapters::hospital::forwarding
