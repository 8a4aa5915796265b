#include "adapters/hospital/hl7v2/inbound.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"
#include "adapters/hospital/hl7v2/messages/store_faults.hpp"
#include "adapters/mapping/digest.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::hospital::hl7v2 {
namespace {

constexpr std::size_t kDocumentsMax = 10;  // of one number; more are found ambiguous by the change itself
constexpr std::size_t kTypeBytesMax = 64;
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

er7::Fault TooLargeFault() {
  return {true, er7::Condition::kInternal, er7::ParsePlace("MSH"), "the message is larger than the limit"};
}

/// The locks of all patients that a message is about, always in the same order: two messages about the same two follow
/// each other, whichever names whom first.
std::vector<std::string> LocksOf(const std::vector<std::string>& patient_keys) {
  std::vector<std::string> locks;
  locks.reserve(patient_keys.size());
  for (const std::string& key : patient_keys) {
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
  return ack::Build(
      header, {.code = code, .faults = std::move(faults), .now_us = clock_.NowUs(), .zone = options_.partner.zone});
}

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
  const auto header = er7::ReadHeader(raw);
  port::InboundMessage message;
  message.partner = options_.partner.name;
  message.channel = "mllp";
  message.control_id = er7::PlainText(header.control_id, er7::kControlIdBytesMax);
  message.type = er7::PlainText(
      header.trigger.empty() ? header.code : fmt::format("{}^{}", header.code, header.trigger), kTypeBytesMax);
  message.raw = too_large ? std::string(raw.substr(0, raw.find_first_of("\r\n"))) + '\r' + std::string(kTooLargeMark)
                          : std::string(raw);
  auto received = journal_.Receive(message);
  if (!received) {
    report.error = std::move(received).error();
    return std::nullopt;  // not durable: no answer
  }
  report.message = received->entry.id;
  if (received->repeated && !received->entry.ack.empty()) {
    report.repeated = true;
    report.state = received->entry.state;
    report.condition = received->entry.error_code;
    report.place = received->entry.error_place;
    return received->entry.ack;
  }
  // A repeat without an answer is a message that another worker has in hand, or that a crash left behind: working on it
  // again is safe, the first to finish wins.
  auto answer = Work(received->entry.id, raw, too_large, received->refusal, report);
  if (answer) {
    return *std::move(answer);
  }
  report.error = std::move(answer).error();
  return std::nullopt;
}

fhir::Result<std::string> InboundProcessor::Process(const port::JournalEntry& entry) {
  InboundReport report;  // the caller reports
  return Work(entry.id, entry.raw, entry.raw.ends_with(kTooLargeMark), {}, report);
}

fhir::Result<std::string> InboundProcessor::Work(std::int64_t entry_id, std::string_view raw, bool too_large,
                                                 std::string_view refusal, InboundReport& report) {
  auto header = er7::ReadHeader(raw);
  header.control_id = er7::PlainText(header.control_id, er7::kControlIdBytesMax);
  if (too_large) {
    return Refuse(entry_id, header, {TooLargeFault()}, {}, refusal, report);
  }
  const auto maps = maps_();
  auto first = messages::Translate(raw, options_.partner, *maps, {.limits = options_.limits});
  const std::vector<std::string> patient_locks = LocksOf(first.patient_keys);
  const std::string patient_key = first.patient_keys.empty() ? "" : mapping::DigestUuid(first.patient_keys.front());
  if (!first.faults.empty()) {
    return Refuse(entry_id, header, first.faults, patient_key, refusal, report);
  }
  const std::string accepted = Answer(header, ack::Code::kAA, {});
  if (first.ignored) {
    return Finish(entry_id, port::MessageState::kIgnored, accepted, report);
  }
  // The first thing that no rule took stands in the journal beside the message; the sender has done nothing wrong.
  const JournalNote note = first.notes.empty() ? JournalNote{} : NoteOf(first.notes.front());
  std::vector<er7::Fault> faults;
  const auto committed = port::InTransaction(
      factory_, options_.actor, options_.attempts_max, [&](port::UnitOfWork& work) -> fhir::Result<void> {
        faults.clear();
        // Trees cannot be copied, and Apply consumes them: an attempt after the first translates for itself.
        std::vector<port::Change> changes =
            first.changes.empty()
                ? messages::Translate(raw, options_.partner, *maps, {.limits = options_.limits}).changes
                : std::exchange(first.changes, {});
        for (const std::string& lock : patient_locks) {
          GW_TRY(work.Lock(lock));
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
            const auto again =
                messages::Translate(raw, options_.partner, *maps, {.list_origins = true, .limits = options_.limits});
            faults = messages::StoreFaults(outcomes.error(), issues, again);
          }
          return std::unexpected(std::move(outcomes).error());
        }
        return work.FinishMessage(entry_id, port::MessageState::kCommitted, accepted, note.condition, note.place,
                                  patient_key);
      });
  if (committed) {
    report.state = port::MessageState::kCommitted;
    report.condition = note.condition;
    report.place = note.place;
    return accepted;
  }
  if (!faults.empty() && IsFaultOfMessage(committed.error())) {
    return Refuse(entry_id, header, std::move(faults), patient_key, refusal, report);
  }
  if (faults.empty() && committed.error().code == fhir::ErrorCode::kConflict) {
    // Another worker finished this very message first: its answer is the answer.
    GW_ASSIGN(auto entry, journal_.Get(entry_id));
    if (!entry.ack.empty()) {
      report.repeated = true;
      report.state = entry.state;
      return std::move(entry.ack);
    }
  }
  return std::unexpected(committed.error());
}

fhir::Result<std::string> InboundProcessor::Finish(std::int64_t entry_id, port::MessageState state,
                                                   const std::string& answer, InboundReport& report) {
  GW_TRY(port::InTransaction(factory_, options_.actor, options_.attempts_max,
                             [&](port::UnitOfWork& work) -> fhir::Result<void> {
                               return work.FinishMessage(entry_id, state, answer, {}, {}, {});
                             }));
  report.state = state;
  return answer;
}

fhir::Result<std::string> InboundProcessor::Refuse(std::int64_t entry_id, const er7::Header& header,
                                                   std::vector<er7::Fault> faults, std::string_view patient_key,
                                                   std::string_view refusal, InboundReport& report) {
  const ack::Code code = ack::CodeOf(faults);
  const JournalNote note = NoteOf(faults.front());
  std::string answer = Answer(header, code, std::move(faults));
  if (WithoutHeader(answer) == WithoutHeader(refusal)) {
    answer = refusal;  // nothing has changed: the same message gets the same acknowledgement
  }
  GW_TRY(port::InTransaction(factory_, options_.actor, options_.attempts_max,
                             [&](port::UnitOfWork& work) -> fhir::Result<void> {
                               return work.FinishMessage(entry_id, port::MessageState::kRefused, answer, note.condition,
                                                         note.place, patient_key);
                             }));
  report.state = port::MessageState::kRefused;
  report.condition = note.condition;
  report.place = note.place;
  return answer;
}

}  // namespace adapters::hospital::hl7v2
