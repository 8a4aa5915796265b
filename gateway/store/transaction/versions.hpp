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

enum class HeadLock : std::uint8_t { kNone, kForUpdate };

/// The current state of resources, deleted ones included; those that never were are absent from the result.
/// Cost: one statement; a locked read of resources that are absent or contended repeats until it is sure.
fhir::Result<Heads> ReadHeads(Session& session, const std::vector<ResourceKey>& keys, HeadLock lock);

/// One new version to be written. Views live until the call returns.
struct NewVersion {
  std::int16_t type = 0;
  std::string_view id;
  std::int64_t version = 1;
  bool deleted = false;
  std::string_view body;
};

/// Closes the heads before versions greater than 1, then inserts. Cost: two statements per 1,000, not waited for.
void WriteVersions(Session& session, std::span<const NewVersion> versions, std::int64_t last_updated_us);

}  // namespace gateway::store::transaction
