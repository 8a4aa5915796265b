// One database transaction, as adapters and the REST layer see it: resources, claims on time, outbox, audit and the
// state of an inbound message all commit together or not at all.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/boxed.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/query.hpp"

namespace adapters::port {

/// A resource as stored: the JSON bytes to send, id and meta included.
struct StoredResource {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string id;
  std::int64_t version = 0;
  std::int64_t last_updated_us = 0;  ///< microseconds since 1970 UTC
  bool deleted = false;
  std::string body;  ///< empty when deleted
};

enum class Verb : std::uint8_t {
  kCreate,
  kUpdate,  ///< replaces the whole resource
  kMerge,   ///< elements present in the resource replace or join those stored; others stay (feeds that know a part)
  kPatch,   ///< changes what is stored, by its own operations; the resource must be there and readable
  kDelete,
};

/// How a list is merged item by item: items of `element` whose extension `extension_url` has the same value are one.
struct ListKey {
  std::string element;        ///< child of the root, e.g. "location"
  std::string extension_url;  ///< of each item; "": items are one when they say the same
  std::string order;  ///< path of a dateTime in the item, "period.start": items stand in its order; "": as they come
  bool gone = false;  ///< the items that the change brings are taken away from those stored
};

/// States of an element that a change may not leave: while the stored element has one of them, the change's own value
/// for it is left out.
struct SettledValues {
  std::string element;              ///< primitive child of the root, e.g. "status"
  std::vector<std::string> values;  ///< as stored, e.g. "finished"
};

/// What a patch makes of the stored resource: the whole that is to stand in its place, of the same type and id. Asked
/// while the resource is locked; `now` is the time of the transaction as an instant. Repeatable.
using PatchFunction =
    std::function<fhir::Result<fhir::model::Document>(const fhir::model::Node& stored, std::string_view now)>;

/// Versions that a request names by tags; none: "*", whichever is current.
struct VersionTags {
  std::vector<std::int64_t> versions;

  bool Name(std::int64_t version) const {
    return versions.empty() || std::find(versions.begin(), versions.end(), version) != versions.end();
  }
};

/// One change asked for.
struct Change {
  Verb verb = Verb::kCreate;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string id;                                 ///< empty for create and for conditional verbs
  std::optional<fhir::model::Document> resource;  ///< unset for delete and patch
  /// In place of `resource`, of a create or update: as JSON that is known to be readable. It is read when its turn
  /// comes and let go when it is written, so that a large transaction does not stand in memory as trees. Borrowed.
  std::string_view resource_text;
  PatchFunction patch = nullptr;               ///< kPatch alone
  fhir::Boxed<fhir::search::Query> condition;  ///< If-None-Exist, or the search of a conditional update or delete
  std::size_t matches_max = 1;                 ///< kDelete with a condition: how many resources it may delete
  std::optional<VersionTags> if_match;         ///< one of them must be current
  std::optional<VersionTags> if_none_match;    ///< kUpdate: none of them may be current
  /// kUpdate: kNotFound where no resource of the id given ever was. kMerge: left alone (kUnchanged, version 0) where
  /// there is none.
  bool existing_only = false;
  std::string full_url;                ///< entry.fullUrl, for references among the entries
  std::vector<std::string> removals;   ///< kMerge: elements to take away: "telecom", "period.end", "link[type=refer]"
  std::vector<ListKey> joined;         ///< kMerge: lists whose stored items stay unless named by key
  std::vector<SettledValues> settled;  ///< kMerge: what the change may not overwrite
  /// kMerge: type codes of identifiers to take away, e.g. "INS-NIR"; those that the change brings itself stay.
  std::vector<std::string> identifier_types_gone;
  std::string place;        ///< prefix of error expressions, e.g. "Bundle.entry[3].resource"
  bool body_wanted = true;  ///< else the outcome has no body
};

enum class Effect : std::uint8_t { kCreated, kUpdated, kUnchanged, kDeleted };

/// What became of a Change, in the same order.
struct Outcome {
  Effect effect = Effect::kUnchanged;
  StoredResource resource;  ///< the state after the change; body is filled where it is wanted
  std::size_t deleted = 0;  ///< resources that a kDelete deleted; `resource` is the first of them
  bool replayed = false;    ///< what an earlier request came to: this one changed nothing
};

/// A change that has been applied, as reactions see it.
struct Applied {
  Effect effect = Effect::kUnchanged;
  const fhir::model::Node* before = nullptr;  ///< null when created
  const fhir::model::Node* after = nullptr;   ///< null when deleted
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string_view id;
  std::int64_t version = 0;
  const Actor* actor = nullptr;  ///< who made the change; a reaction's own changes carry the first actor
};

/// What makes a write recognisable when it comes again: the key its sender gave it, and all that it asked for. Keys of
/// different parties are different keys. Borrowed.
struct RepeatKey {
  std::string_view key;
  std::span<const std::string_view> request;
};

/// A message for somebody outside, delivered after commit, at least once, in order per (destination, order_key).
struct OutboxMessage {
  std::string destination;  ///< name of a destination in the configuration
  std::string kind;         ///< chooses the sender: "rest-hook", "mllp"
  std::string order_key;    ///< e.g. "Appointment/123"
  std::string payload;      ///< bytes for the sender; its own format
  std::string cause;        ///< "Appointment/123/_history/2", for people and logs
};

/// A claim on a stretch of one schedule's time. Overlapping claims of one schedule exclude each other in the database.
struct TimeClaim {
  std::string schedule_id;
  std::string appointment_id;
  std::string slot_id;
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
};

/// How an inbound message ended; see journal.hpp.
enum class MessageState : std::uint8_t { kReceived, kCommitted, kIgnored, kRefused, kParked, kDiscarded };

/// The end of an inbound message. Texts are borrowed.
struct MessageEnd {
  std::int64_t message = 0;
  MessageState state = MessageState::kCommitted;
  std::string_view ack;
  std::string_view error_code, error_place;
  std::string_view patient_key;  ///< only its hash is kept
  bool holds = false;            ///< later messages of its patients wait until it is applied or discarded
  std::int64_t held_by = 0;      ///< of a parked message: the one that holds it
};

/// One open transaction. Destroyed without Commit, it rolls back. Not thread-safe; lives on one thread.
class UnitOfWork {
 public:
  virtual ~UnitOfWork() = default;

  /// Applies changes as one FHIR transaction would: resolves conditions to ids, then locks in (type, id) order,
  /// rewrites references among them, checks grants and the structure of every resource, writes versions and index rows
  /// in few statements, then runs the reactions, whose changes go the same way. Unchanged resources are not rewritten.
  /// Errors: those of FHIR REST (kVersionConflict, kMultipleMatches, kConflict, kInvalid …) with `expression` set.
  virtual fhir::Result<std::vector<Outcome>> Apply(std::vector<Change> changes, fhir::IssueList& issues) = 0;

  /// Apply, once: when changes have been committed under this key, nothing is applied, and their outcomes are given
  /// again, with the versions as they were written. Waits while another transaction applies changes under the key.
  /// To be called first in a transaction. An implementation without a memory applies.
  /// Errors: those of Apply; kInvalid when the key came with another request; kGone when what was written under it has
  /// been expunged.
  virtual fhir::Result<std::vector<Outcome>> ApplyOnce(const RepeatKey& /*key*/, std::vector<Change> changes,
                                                       fhir::IssueList& issues) {
    return Apply(std::move(changes), issues);
  }

  virtual fhir::Result<std::optional<StoredResource>> Read(fhir::metadata::TypeId type, std::string_view id) = 0;
  /// At most `resources_max` matches, without includes; kTooLarge when there are more.
  virtual fhir::Result<std::vector<StoredResource>> Search(const fhir::search::Query& query,
                                                           std::size_t resources_max) = 0;

  /// Claims time. kConflict when another appointment holds an overlapping stretch of the schedule.
  virtual fhir::Result<void> Claim(const TimeClaim& claim) = 0;
  virtual fhir::Result<void> ReleaseClaims(std::string_view appointment_id) = 0;

  virtual fhir::Result<void> Enqueue(OutboxMessage message) = 0;

  /// Serialises work on one key (e.g. a patient) until the transaction ends.
  virtual fhir::Result<void> Lock(std::string_view key) = 0;

  /// Ends an inbound message inside this transaction. kConflict, at the latest from Commit, when another worker ended
  /// it first, or when it may not be committed or refused yet because an earlier one of its patients is open.
  virtual fhir::Result<void> FinishMessage(const MessageEnd& end) = 0;

  virtual const Actor& actor() const = 0;
  /// Time of the transaction's begin by the Clock port, microseconds since 1970 UTC.
  virtual std::int64_t now_us() const = 0;
  /// A fresh UUID, lower case, for a change that others of the unit refer to by "urn:uuid:".
  virtual std::string NewUuid() = 0;

  virtual fhir::Result<void> Commit() = 0;
};

/// Follows changes inside their own transaction: the discharge that opens a plan, the visit that becomes a claim.
/// Registered in gateway/app/composition_root.cpp. thread-safe.
class Reaction {
 public:
  virtual ~Reaction() = default;
  virtual std::string_view name() const = 0;
  /// Whether OnApplied wants changes of this type: asked once at start.
  virtual bool Wants(std::string_view resource_type) const = 0;
  /// An error fails the whole transaction.
  virtual fhir::Result<void> OnApplied(const Applied& applied, UnitOfWork& work) = 0;
};

class UnitOfWorkFactory {
 public:
  virtual ~UnitOfWorkFactory() = default;
  virtual fhir::Result<std::unique_ptr<UnitOfWork>> Begin(const Actor& actor) = 0;
};

/// Runs `body` in a transaction and commits; on Retry::kLater (deadlock, serialisation) tries again, at most
/// `attempts_max` times with jitter. `body` must be repeatable.
template <typename Body>
auto InTransaction(UnitOfWorkFactory& factory, const Actor& actor, int attempts_max, Body&& body)
    -> decltype(body(std::declval<UnitOfWork&>())) {
  for (int attempt = 1;; ++attempt) {
    auto work = factory.Begin(actor);
    if (!work) {
      return std::unexpected(std::move(work).error());
    }
    auto result = body(**work);
    if (result) {
      auto committed = (*work)->Commit();
      if (committed) {
        return result;
      }
      result = std::unexpected(std::move(committed).error());
    }
    const bool again = result.error().retry == fhir::Retry::kLater &&
                       result.error().code == fhir::ErrorCode::kConflict && attempt < attempts_max;
    if (!again) {
      return result;
    }
  }
}

}  // namespace adapters::port
