// The rows a resource is found by: an update closes the values that went and adds those that came.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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

}  // namespace gateway::store::transaction
