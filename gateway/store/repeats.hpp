// Writes that come twice: what became of the first one, kept with it, so that the second one gets the same answer.
//
// Kept is what happened to which version; a version's bytes stand in its own row. The row of a key is written first in
// the transaction, so that a second one under the same key waits at it, and is there if and only if the change is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "adapters/port/actor.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store {

/// Halves of SHA-256: neither the key nor the request can be told from them.
struct RepeatDigests {
  std::array<std::uint8_t, 16> key;      ///< of the party and its key
  std::array<std::uint8_t, 16> request;  ///< of all parts of the request
};
RepeatDigests DigestsOf(const adapters::port::RepeatKey& key, const adapters::port::Actor& actor);

/// What the first write under a key came to.
struct FirstAnswer {
  std::vector<adapters::port::Outcome> outcomes;
  fhir::IssueList issues;  ///< warnings that it gave
};

/// Unset when the key is this transaction's to use; else what the first write under it came to, versions read again.
/// Cost: one round trip for a first write, three for a repeat; waits for a transaction that holds the key.
/// Errors: kInvalid for another request, kGone when a version has been expunged.
fhir::Result<std::optional<FirstAnswer>> ClaimRepeat(transaction::Session& session, const RepeatDigests& digests,
                                                     std::int64_t lifetime_ms);

/// Sent, not waited for. `issues`: those of this write alone.
void NoteAnswer(transaction::Session& session, const RepeatDigests& digests,
                const std::vector<adapters::port::Outcome>& outcomes, const fhir::IssueList& issues);

/// Deletes at most `keys_max` keys whose time is over, and returns their number. Several nodes may call it at once.
fhir::Result<std::int64_t> SweepRepeats(pg::Pool& pool, int keys_max);

}  // namespace gateway::store
