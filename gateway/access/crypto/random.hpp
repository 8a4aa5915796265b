// Unguessable bytes, by OpenSSL's generator.
#pragma once

#include <cstddef>
#include <string>

#include "fhir/base/error.hpp"

namespace gateway::access::crypto {

/// Errors: kInternal when the generator has no entropy. Limit: count ≤ 1 MB.
fhir::Result<std::string> RandomBytes(std::size_t count);

}  // namespace gateway::access::crypto
