// The journal of inbound messages and the outbox, as adapters see them. Raw bytes are durable before anything else
// happens; every message ends in exactly one state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"

namespace adapters::port {

struct InboundMessage {
  std::string partner;     ///< name in the configuration
  std::string channel;     ///< "mllp", "rest-hook", "file"
  std::string control_id;  ///< MSH-10, or ""
  std::string type;        ///< "ADT^A03", or "" when it could not be read
  std::string raw;         ///< the bytes as received
  /// "system|value" of the patients that it names, at most two: messages of one partner and patient keep their order.
  std::vector<std::string> patients;
  int lease_ms = 0;  ///< the caller works on it itself: nobody else claims it for so long. 0: it may be claimed at once
};

struct JournalEntry {
  std::int64_t id = 0;
  std::string partner;
  std::string channel;
  std::string control_id;
  std::string type;
  MessageState state = MessageState::kReceived;
  std::int64_t received_us = 0;
  std::int64_t finished_us = 0;  ///< 0 while waiting
  std::string ack;               ///< acknowledgement as sent, "" while waiting
  std::string error_code;
  std::string error_place;   ///< e.g. "PID-7"
  int attempts = 0;          ///< that failed for the moment
  bool holds = false;        ///< later messages of its patients wait for it
  std::int64_t held_by = 0;  ///< parked: the message that holds it
  bool reused_id = false;    ///< an earlier message of the partner had the same control id and other bytes
  std::string raw;           ///< filled by Get and Claim, not by List
};

/// A message that later ones of the same patient may not overtake.
struct OpenMessage {
  std::int64_t id = 0;
  std::string control_id;
  bool holds = false;  ///< it failed for good and waits for a person; else it is waiting to be worked on
};

struct ReceiveResult {
  JournalEntry entry;
  bool repeated = false;  ///< same partner, control id and bytes as an entry that had been received before
  std::string refusal;    ///< of a refused message that its repeat takes up again: the acknowledgement it got, else ""
  bool held = false;      ///< new, and an earlier message of one of its patients holds what comes later
};

struct JournalFilter {
  std::optional<MessageState> state;
  std::string partner;
  std::string type;
  std::string control_id;
  std::string patient = {};  ///< "system|value": messages that name this patient
  std::string error_code = {};
  std::string error_place = {};
  std::optional<std::int64_t> received_from_us = std::nullopt;
  std::optional<std::int64_t> received_to_us = std::nullopt;  ///< before
  std::optional<std::int64_t> before_id = std::nullopt;       ///< keyset: entries with a smaller id
  int count = 50;
};

/// What a search in the bytes of messages came to.
struct FoundText {
  std::vector<JournalEntry> entries;
  std::int64_t looked_at = 0;
  /// It ended with its time or its count: asked again with this before_id it goes on. nullopt: everything was looked
  /// at.
  std::optional<std::int64_t> go_on_before;
};

/// Whether anything was lost or doubled.
struct JournalCheck {
  std::int64_t received = 0;  ///< distinct messages that were made durable
  std::int64_t waiting = 0, committed = 0, ignored = 0, refused = 0, parked = 0, discarded = 0;
  std::int64_t lost = 0;        ///< were received and are not there
  std::int64_t unknown = 0;     ///< of the last day, and nothing says that they were received
  std::int64_t unanswered = 0;  ///< ended without an acknowledgement
  std::int64_t incomplete = 0;  ///< a part of their bytes is missing

  bool conserved() const {
    return received == waiting + committed + ignored + refused + parked + discarded && lost == 0 && unknown == 0 &&
           unanswered == 0 && incomplete == 0;
  }
};

/// thread-safe. Every call is its own short transaction.
class Journal {
 public:
  virtual ~Journal() = default;
  /// Makes the message durable and returns its entry; for a repeat, the entry of the first with its acknowledgement.
  virtual fhir::Result<ReceiveResult> Receive(const InboundMessage& message) = 0;
  virtual fhir::Result<JournalEntry> Get(std::int64_t id) = 0;
  virtual fhir::Result<std::vector<JournalEntry>> List(const JournalFilter& filter) = 0;
  /// Of the messages that the filter lets through those whose bytes contain one of the texts, newest first, whatever
  /// the case of ASCII letters. Ends after `time_ms_max`, or when filter.count are found.
  virtual fhir::Result<FoundText> FindText(const JournalFilter& filter, std::span<const std::string> texts,
                                           int time_ms_max) = 0;
  /// Cost: reads every message; for people.
  virtual fhir::Result<JournalCheck> Check() = 0;
  /// Entries in kReceived that nobody has in hand and that are the first open ones of their patients, oldest first, at
  /// most `entries_max`, leased to this caller for `lease_ms`.
  virtual fhir::Result<std::vector<JournalEntry>> ClaimUnfinished(int lease_ms, int entries_max) = 0;
  /// Ends a claim without a result: the entry may be claimed again after `delay_ms`, and counts one attempt more.
  virtual fhir::Result<void> Postpone(std::int64_t id, int delay_ms) = 0;
  /// What stands before the entry: the earliest open message of its patients that holds others, else the earliest open
  /// one; nullopt when it is its turn.
  virtual fhir::Result<std::optional<OpenMessage>> Before(std::int64_t id) = 0;
  /// Parks what waits behind an entry that holds its patients and that nobody has in hand; returns how many.
  virtual fhir::Result<std::int64_t> ParkBehind(std::int64_t holder) = 0;
  /// Puts parked entries that nothing holds any more back to kReceived, at most `entries_max`; returns how many.
  virtual fhir::Result<std::int64_t> Release(int entries_max) = 0;
  /// Puts an ended entry back to kReceived so that it is worked on again. kConflict when it was committed or discarded.
  virtual fhir::Result<void> Replay(std::int64_t id) = 0;
  /// Says that a refused, parked or waiting entry will never be applied: it holds nothing any more. kConflict when it
  /// was committed or ignored, or somebody has it in hand.
  virtual fhir::Result<void> Discard(std::int64_t id) = 0;
};

struct OutboxEntry {
  std::int64_t id = 0;
  OutboxMessage message;
  int attempts = 0;
};

enum class OutboxState : std::uint8_t { kWaiting, kDelivered, kDead };

/// thread-safe.
class Outbox {
 public:
  virtual ~Outbox() = default;
  /// Leases deliverable entries: due, first of their (destination, order_key), not leased. At most `entries_max`.
  virtual fhir::Result<std::vector<OutboxEntry>> Claim(int lease_ms, int entries_max) = 0;
  /// As Claim, without entries for the destinations named: a dispatcher leaves those out that do not answer.
  /// An implementation that cannot choose ignores the list.
  virtual fhir::Result<std::vector<OutboxEntry>> ClaimExcept(int lease_ms, int entries_max,
                                                             std::span<const std::string> /*destinations_left_out*/) {
    return Claim(lease_ms, entries_max);
  }
  virtual fhir::Result<void> Delivered(std::int64_t id, std::string_view answer) = 0;
  /// Waiting again, due after `delay_ms`.
  virtual fhir::Result<void> Retry(std::int64_t id, int delay_ms, std::string_view reason) = 0;
  virtual fhir::Result<void> Dead(std::int64_t id, std::string_view reason) = 0;
  /// A dead entry becomes due again.
  virtual fhir::Result<void> Replay(std::int64_t id) = 0;
};

/// Delivers one outbox entry. One per OutboxMessage::kind, registered in composition_root. thread-safe.
/// Errors: retry == kLater is tried again with growing pauses; kNever goes to the dead letters.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual std::string_view kind() const = 0;
  /// Returns what the other side answered, for the journal (an ACK, a status line).
  virtual fhir::Result<std::string> Send(const OutboxEntry& entry) = 0;
};

}  // namespace adapters::port
