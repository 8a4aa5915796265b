#include "adapters/hospital/hl7v2/inbound.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"
#include "adapters/hospital/hl7v2/messages/patient_keys.hpp"
#include "adapters/hospital/hl7v2/messages/store_faults.hpp"
#include "adapters/mapping/digest.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::hospital::hl7v2 {
namespace {

constexpr std::size_t kDocumentsMax = 10;  // of one number; more are found ambiguous by the change itself
constexpr std::size_t kTypeBytesMax = 64;
constexpr int kLeaseMs = 10'000;  // of a message that its connection works on
constexpr int kEarlierPauseMs = 20;
constexpr std::string_view kTooLargeMark = "(body over the limit, not kept)";

/// Whether a failure will come again with this message: then it is refused, and stands in the journal for a replay. A
/// bug that it meets counts too: without an answer the sender would offer it for ever, and everything behind it would
/// wait.
bool IsFaultOfMessage(const fhir::Error& error) {
  switch (error.code) {
    case fhir::ErrorCode::kUnavailable:
    case fhir::ErrorCode::kTimeout:
      return false;
    default:
      return error.retry == fhir::Retry::kNever;
  }
}

/// A fault as the journal keeps it.
struct JournalNote {
  std::string condition;
  std::string place;
};

JournalNote NoteOf(const er7::Fault& fault) {
  return {std::to_string(static_cast<int>(fault.condition)), er7::ToPlace(fault.location)};
}

/// An acknowledgement without its MSH, which carries the time and a number of its own.
std::string_view WithoutHeader(std::string_view ack) {
  return ack.substr(std::min(ack.find('\r'), ack.size()));
}

/// A message is refused for good, and its sender told, once for all that follows: only what was looked at and found
/// wrong is missing from the patient's record. A kind of message that is not taken at all is not missed.
bool Holds(ack::Code code) {
  return code == ack::Code::kAE;
}

/// The same refusal of a message that was never accepted.
ack::Code NotAccepted(ack::Code code) {
  return code == ack::Code::kAR ? ack::Code::kCR : ack::Code::kCE;
}

er7::Fault TooLargeFault() {
  return {true, er7::Condition::kInternal, er7::ParsePlace("MSH"), "the message is larger than the limit"};
}

er7::Fault HeldFault(const port::OpenMessage& holder) {
  return {false, er7::Condition::kRecordLocked, {}, fmt::format("held behind {}", holder.control_id)};
}

er7::Fault DiscardedFault() {
  return {false, er7::Condition::kRecordLocked, {}, "the message was discarded by an operator"};
}

er7::Fault GivenUpFault() {
  return {false, er7::Condition::kInternal, {}, "the message could not be worked on"};
}

er7::Header HeaderOf(std::string_view raw) {
  auto header = er7::ReadHeader(raw);
  header.control_id = er7::PlainText(header.control_id, er7::kControlIdBytesMax);
  return header;
}

/// What messages about the same patients serialise on, in one order for all.
std::vector<std::string> LocksOf(std::string_view raw, const Partner& partner,
                                 const std::vector<std::string>& translated) {
  std::vector<std::string> locks;
  for (const std::string& key : messages::PatientKeys(raw, partner)) {
    locks.push_back(mapping::DigestUuid(key));
  }
  for (const std::string& key : translated) {
    locks.push_back(mapping::DigestUuid(key));
  }
  std::sort(locks.begin(), locks.end());
  locks.erase(std::unique(locks.begin(), locks.end()), locks.end());
  return locks;
}

/// Whether a stored document is about a patient to whom the partner gave a number.
fhir::Result<bool> IsAboutOwnPatient(const port::StoredResource& document, const Partner& partner,
                                     port::UnitOfWork& work) {
  fhir::IssueList issues;
  GW_ASSIGN(const auto read, fhir::json::ReadJson(document.body, {}, issues));
  const auto subject = port::SplitReference(read.root().FindValue("subject.reference"));
  if (subject.type != "Patient") {
    return true;
  }
  GW_ASSIGN(const auto stored, work.Read(fhir::metadata::Definitions::R4().FindType("Patient"), subject.id));
  if (!stored || stored->deleted) {
    return true;
  }
  GW_ASSIGN(const auto patient, fhir::json::ReadJson(stored->body, {}, issues));
  const auto children = patient.root().children();
  return std::any_of(children.begin(), children.end(), [&](const fhir::model::Node& child) {
    return child.name == "identifier" && IssuesSystem(partner, child.ChildValue("system"));
  });
}

/// Document numbers come under the OID of whatever application wrote the document, which nobody lists. A number of an
/// authority that is not the sender's may make a document, and change one about a patient of the sender's; never one of
/// another hospital's patient.
fhir::Result<std::vector<er7::Fault>> CheckDocuments(const std::vector<port::Change>& changes, const Partner& partner,
                                                     port::UnitOfWork& work) {
  std::vector<er7::Fault> faults;
  const auto type = fhir::metadata::Definitions::R4().FindType("DocumentReference");
  for (const auto& change : changes) {
    if (!IsBound(partner) || change.type != type || !change.condition || change.condition->criteria.empty()) {
      continue;
    }
    const auto* key = std::get_if<fhir::search::TokenValue>(&change.condition->criteria[0].values[0]);
    if (key == nullptr || IssuesSystem(partner, key->system.value_or(""))) {
      continue;
    }
    GW_ASSIGN(const auto found, work.Search(*change.condition, kDocumentsMax));
    for (const auto& document : found) {
      GW_ASSIGN(const bool own, IsAboutOwnPatient(document, partner, work));
      if (!own && faults.empty()) {
        faults.push_back({false, er7::Condition::kUnknownKey, er7::ParsePlace("TXA-12"),
                          "the number belongs to a document of another hospital"});
      }
    }
  }
  return faults;
}

}  // namespace

InboundProcessor::InboundProcessor(InboundOptions options, CurrentMaps maps, port::Journal& journal,
                                   port::UnitOfWorkFactory& factory, const port::Clock& clock)
    : options_(std::move(options)), maps_(std::move(maps)), journal_(journal), factory_(factory), clock_(clock) {}

std::string InboundProcessor::Answer(const er7::Header& header, ack::Code code, std::vector<er7::Fault> faults) const {
  return ack::Build(header, {.code = code,
                             .faults = std::move(faults),
                             .now_us = clock_.NowUs(),
                             .zone = options_.partner.zone,
                             .asks_acceptance = code < ack::Code::kCA && ModeOf(header).enhanced});
}

/// One message under way.
struct InboundProcessor::Task {
  std::int64_t entry = 0;
  std::string_view raw;
  bool too_large = false;
  std::string_view refusal;  ///< the acknowledgement that this very message was refused with before, "" when it was not
  bool held_others = false;  ///< it did so when it was taken up
  er7::Header header;
  ack::AckMode mode;
  bool unaccepted = false;  ///< in enhanced mode, and refused on its connection: CR or CE, and nothing later
};

std::optional<std::string> InboundProcessor::Receive(std::string_view raw, bool too_large) {
  InboundReport report;
  auto answer = ReceiveReported(raw, too_large, report);
  if (options_.report) {
    options_.report(report);
  }
  return answer;
}

std::optional<std::string> InboundProcessor::ReceiveReported(std::string_view raw, bool too_large,
                                                             InboundReport& report) {
  Task task{.raw = raw, .too_large = too_large, .header = HeaderOf(raw)};
  const er7::Header& header = task.header;
  task.mode = ModeOf(header);
  task.unaccepted = IsUnaccepted(task);
  const bool later = task.mode.enhanced && !task.unaccepted;
  port::InboundMessage message;
  message.partner = options_.partner.name;
  message.channel = "mllp";
  message.control_id = header.control_id;
  message.type = er7::PlainText(
      header.trigger.empty() ? header.code : fmt::format("{}^{}", header.code, header.trigger), kTypeBytesMax);
  message.raw = too_large ? std::string(raw.substr(0, raw.find_first_of("\r\n"))) + '\r' + std::string(kTooLargeMark)
                          : std::string(raw);
  message.patients = messages::PatientKeys(message.raw, options_.partner);
  message.lease_ms = later ? 0 : kLeaseMs;
  auto received = journal_.Receive(message);
  if (!received) {
    report.error = std::move(received).error();
    return std::nullopt;  // not durable: no answer
  }
  const port::JournalEntry& entry = received->entry;
  report.message = entry.id;
  report.reused_id = entry.reused_id && !received->repeated;
  task.entry = entry.id;
  task.refusal = received->refusal;
  task.held_others = entry.holds;
  if (later) {
    return Accept(task, *received, report);
  }
  if (received->repeated && (!entry.ack.empty() || entry.state != port::MessageState::kReceived)) {
    report.repeated = true;
    report.state = entry.state;
    report.condition = entry.error_code;
    report.place = entry.error_place;
    auto present = PresentAnswer(header, entry);
    return present ? std::optional(Said(task, *std::move(present))) : std::nullopt;
  }
  // A repeat without an answer is a message that another worker has in hand, or that a crash left behind: working on it
  // again is safe, the first to finish wins.
  auto answer = received->held ? ParkBehind(task, report) : Work(task, report);
  if (answer) {
    return Said(task, *std::move(answer));
  }
  report.error = std::move(answer).error();
  return std::nullopt;
}

ack::AckMode InboundProcessor::ModeOf(const er7::Header& header) const {
  const ack::AckMode asked = ack::ModeOf(header);
  const bool possible = asked.application == ack::When::kNever || !options_.acknowledgements_to.empty();
  return options_.enhanced && possible ? asked : ack::AckMode{};
}

bool InboundProcessor::IsUnaccepted(const Task& task) const {
  return task.mode.enhanced &&
         (task.too_large || !messages::HeaderFaults(task.header, options_.partner, *maps_()).empty());
}

std::string InboundProcessor::Said(const Task& task, std::string answer) {
  return task.unaccepted && !ack::Wants(task.mode.accept, false) ? std::string() : std::move(answer);
}

std::optional<std::string> InboundProcessor::Accept(const Task& task, const port::ReceiveResult& received,
                                                    InboundReport& report) {
  const port::JournalEntry& entry = received.entry;
  report.accepted = true;
  report.repeated = received.repeated;
  report.state = entry.state;
  if (received.held) {
    // Should this fail, the message waits instead, and goes on at its turn.
    (void)ParkBehind(task, report);
  } else if (entry.state == port::MessageState::kReceived && options_.queued) {
    options_.queued();
  }
  if (!ack::Wants(task.mode.accept, true)) {
    return std::string();
  }
  // The time of its receipt: a repeat is answered with the same bytes.
  return ack::Build(task.header,
                    {.code = ack::Code::kCA, .faults = {}, .now_us = entry.received_us, .zone = options_.partner.zone});
}

fhir::Result<void> InboundProcessor::SendLater(port::UnitOfWork& work, const Task& task,
                                               const port::MessageEnd& end) const {
  const bool success = end.state == port::MessageState::kCommitted || end.state == port::MessageState::kIgnored;
  if (!task.mode.enhanced || task.unaccepted || !ack::Wants(task.mode.application, success)) {
    return {};
  }
  return work.Enqueue({.destination = options_.acknowledgements_to,
                       .kind = "mllp",
                       .order_key = fmt::format("message/{}", task.entry),
                       .payload = std::string(end.ack),
                       .cause = fmt::format("message/{}", task.entry)});
}

fhir::Result<std::string> InboundProcessor::PresentAnswer(const er7::Header& header, const port::JournalEntry& entry) {
  if (!entry.ack.empty()) {
    return entry.ack;
  }
  if (entry.state == port::MessageState::kDiscarded) {
    return Answer(header, ack::Code::kAE, {DiscardedFault()});
  }
  GW_ASSIGN(const auto before, journal_.Before(entry.id));
  return Answer(header, ack::Code::kAE, {HeldFault(before.value_or(port::OpenMessage{}))});
}

fhir::Result<std::string> InboundProcessor::Process(const port::JournalEntry& entry) {
  return ProcessReported(entry, false);
}

fhir::Result<std::string> InboundProcessor::GiveUp(const port::JournalEntry& entry) {
  return ProcessReported(entry, true);
}

fhir::Result<std::string> InboundProcessor::ProcessReported(const port::JournalEntry& entry, bool give_up) {
  Task task{.entry = entry.id,
            .raw = entry.raw,
            .too_large = entry.raw.ends_with(kTooLargeMark),
            .held_others = entry.holds,
            .header = HeaderOf(entry.raw),
            .mode = ModeOf(er7::ReadHeader(entry.raw))};
  task.unaccepted = IsUnaccepted(task);
  InboundReport report;
  report.message = entry.id;
  auto answer = give_up ? Refuse(task, {GivenUpFault()}, {}, report) : Work(task, report);
  // A failure is the caller's to report, who knows what becomes of the message.
  if (answer && options_.report) {
    options_.report(report);
  }
  return answer;
}

fhir::Result<std::string> InboundProcessor::Work(const Task& task, InboundReport& report) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.earlier_wait_ms);
  for (;;) {
    auto answer = Attempt(task, report);
    if (answer || answer.error().code != fhir::ErrorCode::kConflict) {
      return answer;
    }
    // Another worker finished this very message first, and its answer is the answer; or it is not this one's turn.
    GW_ASSIGN(auto entry, journal_.Get(task.entry));
    if (entry.state != port::MessageState::kReceived) {
      report.repeated = true;
      report.state = entry.state;
      return PresentAnswer(task.header, entry);
    }
    GW_ASSIGN(const auto before, journal_.Before(task.entry));
    if (before && before->holds) {
      return Park(task, *before, report);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return fhir::Fail(fhir::ErrorCode::kTimeout, {"An earlier message of the patient is not finished."},
                        {"an earlier message of the patient is not finished"}, fhir::Retry::kLater);
    }
    if (before) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kEarlierPauseMs));
    }
  }
}

fhir::Result<std::string> InboundProcessor::ParkBehind(const Task& task, InboundReport& report) {
  GW_ASSIGN(const auto before, journal_.Before(task.entry));
  if (before && before->holds) {
    return Park(task, *before, report);
  }
  if (task.mode.enhanced && !task.unaccepted) {
    if (options_.queued) {
      options_.queued();
    }
    return std::string();
  }
  return Work(task, report);
}

fhir::Result<std::string> InboundProcessor::Attempt(const Task& task, InboundReport& report) {
  if (task.too_large) {
    return Refuse(task, {TooLargeFault()}, {}, report);
  }
  const auto maps = maps_();
  const messages::TranslateOptions options{.limits = options_.limits, .knows_code = options_.knows_code};
  auto first = messages::Translate(task.raw, options_.partner, *maps, options);
  const std::string patient_key = first.patient_keys.empty() ? "" : mapping::DigestUuid(first.patient_keys.front());
  if (!first.faults.empty()) {
    return Refuse(task, first.faults, patient_key, report);
  }
  const std::string accepted = Answer(task.header, ack::Code::kAA, {});
  if (first.ignored) {
    GW_TRY(Finish({.message = task.entry, .state = port::MessageState::kIgnored, .ack = accepted}, &task, report));
    report.released = task.held_others;
    return accepted;
  }
  // The first thing that no rule took stands in the journal beside the message; the sender has done nothing wrong.
  const JournalNote note = first.notes.empty() ? JournalNote{} : NoteOf(first.notes.front());
  const auto locks = LocksOf(task.raw, options_.partner, first.patient_keys);
  // The audit event of the transaction names the message: so each version tells where it came from.
  port::Actor actor = options_.actor;
  actor.request_id = fmt::format("message/{}", task.entry);
  std::vector<er7::Fault> faults;
  const auto committed =
      port::InTransaction(factory_, actor, options_.attempts_max, [&](port::UnitOfWork& work) -> fhir::Result<void> {
        faults.clear();
        // Trees cannot be copied, and Apply consumes them: an attempt after the first translates for itself.
        std::vector<port::Change> changes =
            first.changes.empty() ? messages::Translate(task.raw, options_.partner, *maps, options).changes
                                  : std::exchange(first.changes, {});
        for (const std::string& key : locks) {
          GW_TRY(work.Lock(key));
        }
        GW_ASSIGN(faults, CheckDocuments(changes, options_.partner, work));
        if (!faults.empty()) {
          return fhir::Fail(fhir::ErrorCode::kInvalid, "a document of another hospital");
        }
        messages::NumberChanges(changes);
        fhir::IssueList issues;
        auto outcomes = work.Apply(std::move(changes), issues);
        if (!outcomes) {
          if (IsFaultOfMessage(outcomes.error())) {
            messages::TranslateOptions with_origins = options;
            with_origins.list_origins = true;
            const auto again = messages::Translate(task.raw, options_.partner, *maps, with_origins);
            faults = messages::StoreFaults(outcomes.error(), issues, again);
          }
          return std::unexpected(std::move(outcomes).error());
        }
        const port::MessageEnd end{.message = task.entry,
                                   .state = port::MessageState::kCommitted,
                                   .ack = accepted,
                                   .error_code = note.condition,
                                   .error_place = note.place,
                                   .patient_key = patient_key};
        GW_TRY(SendLater(work, task, end));
        return work.FinishMessage(end);
      });
  if (committed) {
    report.state = port::MessageState::kCommitted;
    report.condition = note.condition;
    report.place = note.place;
    report.released = task.held_others;
    return accepted;
  }
  if (!faults.empty() && IsFaultOfMessage(committed.error())) {
    return Refuse(task, std::move(faults), patient_key, report);
  }
  return std::unexpected(committed.error());
}

fhir::Result<void> InboundProcessor::Finish(const port::MessageEnd& end, const Task* task, InboundReport& report) {
  const auto ended = port::InTransaction(factory_, options_.actor, options_.attempts_max,
                                         [&](port::UnitOfWork& work) -> fhir::Result<void> {
                                           if (task != nullptr) {
                                             GW_TRY(SendLater(work, *task, end));
                                           }
                                           return work.FinishMessage(end);
                                         });
  if (!ended) {
    return ended;
  }
  report.state = end.state;
  report.condition = end.error_code;
  report.place = end.error_place;
  report.holds = end.holds;
  return {};
}

fhir::Result<std::string> InboundProcessor::Refuse(const Task& task, std::vector<er7::Fault> faults,
                                                   std::string_view patient_key, InboundReport& report) {
  const ack::Code code = ack::CodeOf(faults);
  const JournalNote note = NoteOf(faults.front());
  std::string answer = Answer(task.header, task.unaccepted ? NotAccepted(code) : code, std::move(faults));
  if (WithoutHeader(answer) == WithoutHeader(task.refusal)) {
    answer = task.refusal;  // nothing has changed: the same message gets the same acknowledgement
  }
  GW_TRY(Finish({.message = task.entry,
                 .state = port::MessageState::kRefused,
                 .ack = answer,
                 .error_code = note.condition,
                 .error_place = note.place,
                 .patient_key = patient_key,
                 .holds = Holds(code) && !messages::PatientKeys(task.raw, options_.partner).empty()},
                &task, report));
  report.released = task.held_others && !report.holds;
  if (report.holds) {
    // What is not parked here waits all the same: nothing overtakes an open message.
    (void)journal_.ParkBehind(task.entry);
  }
  return answer;
}

fhir::Result<std::string> InboundProcessor::Park(const Task& task, const port::OpenMessage& holder,
                                                 InboundReport& report) {
  er7::Fault fault = HeldFault(holder);
  const JournalNote note = NoteOf(fault);
  std::string answer = Answer(task.header, task.unaccepted ? ack::Code::kCE : ack::Code::kAE, {std::move(fault)});
  GW_TRY(Finish({.message = task.entry,
                 .state = port::MessageState::kParked,
                 .ack = answer,
                 .error_code = note.condition,
                 .error_place = note.place,
                 .held_by = holder.id},
                nullptr, report));
  return answer;
}

}  // namespace adapters::hospital::hl7v2
