// Secrets that all nodes of one installation share: made once, at random, and kept in the database.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

/// The key called `name`; the first node to ask makes it.
/// Errors: those of the database.
fhir::Result<std::array<std::uint8_t, 16>> LoadInstallationKey(pg::Pool& pool, std::string_view name);

}  // namespace gateway::store
