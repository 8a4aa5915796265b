// The rows of resource_version: heads read and locked, versions written and closed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// (type code, id): the order in which locks are taken.
using ResourceKey = std::pair<std::int16_t, std::string>;
using Heads = std::map<ResourceKey, adapters::port::StoredResource>;

/// The current state of resources, deleted ones included; those that never were are absent from the result.
/// Cost: one statement.
fhir::Result<Heads> ReadHeads(Session& session, const std::vector<ResourceKey>& keys);

struct CurrentHeads {
  Heads locked;
  Heads read;
};
/// The same, of `locked` (in ascending order) until the transaction ends, and of `read` as they are then.
/// Cost: one round trip; more when some of the locked are absent or contended, until it is sure.
/// Errors: kConflict with Retry::kLater when a head is replaced again and again.
fhir::Result<CurrentHeads> LockAndReadHeads(Session& session, const std::vector<ResourceKey>& locked,
                                            const std::vector<ResourceKey>& read);

/// One new version to be written. Views live until the call returns.
struct NewVersion {
  std::int16_t type = 0;
  std::string_view id;
  std::int64_t version = 1;
  std::int64_t last_updated_us = 0;
  bool deleted = false;
  std::string_view body;
};

/// Closes the heads before versions greater than 1, then inserts. Cost: two statements per 1,000, not waited for.
void WriteVersions(Session& session, std::span<const NewVersion> versions);

}  // namespace gateway::store::transaction
