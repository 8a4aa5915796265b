// The whole way of one inbound message: durable, understood, committed with its effects, answered.
// Original acknowledgement mode: AA is given only after the commit. Enhanced mode: CA once the message is durable; a
// worker commits it later, and what became of it goes out through the outbox.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/ack/ack_mode.hpp"
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
  bool accepted = false;                                     ///< durable, and left to a worker
  bool reused_id = false;                                    ///< an earlier message had its control id and other bytes
  bool holds = false;                                        ///< refused: what comes later for its patients is parked
  bool released = false;                                     ///< it held later messages, and does not any more
  std::string condition, place;                              ///< of a refusal, or of what no rule took
  std::optional<fhir::Error> error;                          ///< why there was no answer
};

struct InboundOptions {
  Partner partner;
  port::Actor actor;  ///< the hospital, on whose behalf resources are written
  er7::ParseLimits limits;
  messages::CodeCheck knows_code;  ///< what the check of writes knows of code systems; may be empty
  int attempts_max = 5;            ///< of the transaction, when it loses a race
  bool enhanced = true;            ///< MSH-15 and MSH-16 are obeyed; false: original mode, whatever they say
  /// Destination of kind mllp for acknowledgements that come later. Empty: a message that asks for one by MSH-16 is
  /// answered in original mode.
  std::string acknowledgements_to;
  /// Called when a message waits for a worker. Must be thread-safe and must not throw. May be empty.
  std::function<void()> queued;
  /// How long a message waits, on the connection that brought it, for an earlier one of its patient that another worker
  /// has in hand; then it is left in the journal without an answer.
  int earlier_wait_ms = 5'000;
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
  /// Refuses a journalled message that failed for the moment too often: the failure is taken for one that lasts.
  fhir::Result<std::string> GiveUp(const port::JournalEntry& entry);

 private:
  struct Task;  // one message under way
  std::optional<std::string> ReceiveReported(std::string_view raw, bool too_large, InboundReport& report);
  /// Attempts until the message has ended, in its turn.
  fhir::Result<std::string> Work(const Task& task, InboundReport& report);
  fhir::Result<std::string> Attempt(const Task& task, InboundReport& report);
  fhir::Result<std::string> ProcessReported(const port::JournalEntry& entry, bool give_up);
  fhir::Result<std::string> Refuse(const Task& task, std::vector<er7::Fault> faults, std::string_view patient_key,
                                   InboundReport& report);
  /// A new message whose patient was held a moment ago.
  fhir::Result<std::string> ParkBehind(const Task& task, InboundReport& report);
  /// Leaves the message in the journal until the one that holds it is applied or discarded.
  fhir::Result<std::string> Park(const Task& task, const port::OpenMessage& holder, InboundReport& report);
  /// `task`: of a message whose acknowledgement goes out, if it asks for one.
  fhir::Result<void> Finish(const port::MessageEnd& end, const Task* task, InboundReport& report);
  ack::AckMode ModeOf(const er7::Header& header) const;
  /// The application acknowledgement of a message in enhanced mode goes out with the commit of its end.
  fhir::Result<void> SendLater(port::UnitOfWork& work, const Task& task, const port::MessageEnd& end) const;
  /// Whether a message in enhanced mode is refused before it is accepted: its size or its header says so.
  bool IsUnaccepted(const Task& task) const;
  /// An answer, unless MSH-15 asks for none of its kind.
  static std::string Said(const Task& task, std::string answer);
  std::optional<std::string> Accept(const Task& task, const port::ReceiveResult& received, InboundReport& report);
  /// What a message that has ended, or is parked, is answered.
  fhir::Result<std::string> PresentAnswer(const er7::Header& header, const port::JournalEntry& entry);
  std::string Answer(const er7::Header& header, ack::Code code, std::vector<er7::Fault> faults) const;

  const InboundOptions options_;
  const CurrentMaps maps_;
  port::Journal& journal_;  // borrowed: outlives this
  port::UnitOfWorkFactory& factory_;
  const port::Clock& clock_;
};

}  // namespace adapters::hospital::hl7v2
