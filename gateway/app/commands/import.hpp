// The command `import`: files of resources into a running server.
#pragma once

#include "gateway/app/commands/command.hpp"

namespace gateway::app {

/// Bundles, resources and NDJSON; a summary line at the end; kFailed when anything was not loaded.
ExitCode RunImport(const Arguments& arguments);

}  // namespace gateway::app
