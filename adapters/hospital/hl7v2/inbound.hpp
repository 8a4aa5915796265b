// The whole way of one inbound message: durable, understood, committed with its effects, answered.
// Original acknowledgement mode: AA is given only after the commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "adapters/hospital/hl7v2/partner.hpp"
#include "adapters/port/journal.hpp"
#include "adapters/port/ports.hpp"

namespace adapters::hospital::hl7v2 {

/// What became of one received message, for the log: positions and codes, never a value.
struct InboundReport {
  std::int64_t message = 0;                                  ///< id in the journal; 0: it could not be made durable
  port::MessageState state = port::MessageState::kReceived;  ///< kReceived: no answer was given
  bool repeated = false;                                     ///< it was answered as the first time
  std::string condition, place;                              ///< of a refusal, or of what no rule took
  std::optional<fhir::Error> error;                          ///< why there was no answer
};

struct InboundOptions {
  Partner partner;
  port::Actor actor;  ///< the hospital, on whose behalf resources are written
  er7::ParseLimits limits;
  int attempts_max = 5;  ///< of the transaction, when it loses a race
  /// Called at the end of every Receive. Must be thread-safe and must not throw. May be empty.
  std::function<void(const InboundReport&)> report;
};

/// Takes the rules that are valid at the moment; called once per message, so that a reload takes effect at once.
using CurrentMaps = std::function<std::shared_ptr<const messages::MapSet>()>;

/// thread-safe as far as its ports are.
class InboundProcessor {
 public:
  InboundProcessor(InboundOptions options, CurrentMaps maps, port::Journal& journal, port::UnitOfWorkFactory& factory,
                   const port::Clock& clock);

  /// One frame's content → the acknowledgement, without frame bytes. nullopt: nothing may be answered (the database is
  /// away, or the fate of the message is unknown): close the connection, the sender keeps the message.
  /// `too_large`: `raw` is the beginning alone; the message is journalled without its body and rejected.
  std::optional<std::string> Receive(std::string_view raw, bool too_large = false);

  /// Works on a journalled message again: recovery after a crash, and replay. Returns the acknowledgement stored.
  /// Errors: those of the store; the entry then stays as it was.
  fhir::Result<std::string> Process(const port::JournalEntry& entry);

 private:
  /// `refusal`: the acknowledgement that this very message was refused with before, "" when it was not.
  fhir::Result<std::string> Work(std::int64_t entry_id, std::string_view raw, bool too_large, std::string_view refusal,
                                 InboundReport& report);
  std::optional<std::string> ReceiveReported(std::string_view raw, bool too_large, InboundReport& report);
  fhir::Result<std::string> Refuse(std::int64_t entry_id, const er7::Header& header, std::vector<er7::Fault> faults,
                                   std::string_view patient_key, std::string_view refusal, InboundReport& report);
  fhir::Result<std::string> Finish(std::int64_t entry_id, port::MessageState state, const std::string& answer,
                                   InboundReport& report);
  std::string Answer(const er7::Header& header, ack::Code code, std::vector<er7::Fault> faults) const;

  const InboundOptions options_;
  const CurrentMaps maps_;
  port::Journal& journal_;  // borrowed: outlives this
  port::UnitOfWorkFactory& factory_;
  const port::Clock& clock_;
};

}  // namespace adapters::hospital::hl7v2
