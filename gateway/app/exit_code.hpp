// What the program tells its caller when it ends. Fixed: scripts depend on it.
#pragma once

#include "fhir/base/error.hpp"

namespace gateway::app {

enum class ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kSystemNotSupported = 3, kConfiguration = 78 };

/// Prints the error's texts on standard error and chooses the code: 78 for kConfiguration, else 1.
ExitCode Report(const fhir::Error& error);

}  // namespace gateway::app
