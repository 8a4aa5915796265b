// The rows a resource is found by: an update closes the values that went and adds those that came.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/search/index_values.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// What one resource was and is found by. Without `before` it was created; without `after` it is deleted, and all its
/// rows are closed, whatever made them.
struct IndexChange {
  std::int16_t type = 0;
  std::string_view id;
  fhir::search::IndexValues* before = nullptr;  ///< sorted in place
  fhir::search::IndexValues* after = nullptr;   ///< sorted in place
};

/// Cost: at most one INSERT and one UPDATE per index table that changed, and per 20,000 values; not waited for.
void WriteIndexRows(Session& session, std::span<IndexChange> changes);

/// Makes the rows of resources what `after` says, whatever they are: closes those that it does not have and adds those
/// that are missing. With `only`, rows of other parameters stay, and `after` has none of them. The heads are locked by
/// the caller. Cost: a statement per index table; not waited for.
void RepairIndexRows(Session& session, std::span<const IndexChange> resources,
                     const std::optional<std::vector<std::uint16_t>>& only);

/// Deletes the rows of parameters that no search can ask for, of resources of one type, closed ones included.
/// Cost: a statement per index table; not waited for.
void DropIndexRows(Session& session, std::int16_t type, std::span<const std::string> ids,
                   std::span<const std::uint16_t> parameters);

}  // namespace gateway::store::transaction
