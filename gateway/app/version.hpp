// What this build is called.
#pragma once

#include <string_view>

namespace gateway::app {

/// Semantic version of the build, e.g. "0.1.0".
std::string_view Version();

}  // namespace gateway::app
