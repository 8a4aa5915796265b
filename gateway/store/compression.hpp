// zstd, for message bytes at rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::store {

/// The compressed form, or "" when it would not be smaller. thread-safe.
std::string CompressIfSmaller(std::string_view bytes);

/// Errors: kInternal when the bytes are not zstd's or hold more than `bytes_max`.
fhir::Result<std::string> Decompress(std::string_view compressed, std::size_t bytes_max);

}  // namespace gateway::store
