// Comparison whose time tells nothing about where two secrets differ.
#pragma once

#include <string_view>

namespace gateway::access::crypto {

/// Cost: depends on the length alone. Texts of different length differ at once: compare digests when length is secret.
bool ConstantTimeEqual(std::string_view left, std::string_view right);

}  // namespace gateway::access::crypto
