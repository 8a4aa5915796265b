// The gateway itself, and bringing a database to its schema.
#pragma once

#include "gateway/app/commands/command.hpp"

namespace gateway::app {

/// Serves until SIGTERM or SIGINT; SIGHUP reads mappings and certificates again. Standard output says, a line each,
/// "http HOST:PORT", "mllp NAME HOST:PORT" for each listener, and "ready".
ExitCode RunServe(const Arguments& arguments);
ExitCode RunMigrate(const Arguments& arguments);

}  // namespace gateway::app
