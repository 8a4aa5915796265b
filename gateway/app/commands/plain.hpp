// Commands that need neither a database nor a server.
#pragma once

#include "gateway/app/commands/command.hpp"

namespace gateway::app {

ExitCode RunVersion(const Arguments& arguments);
ExitCode RunPrintConfigSchema(const Arguments& arguments);
ExitCode RunCheckConfig(const Arguments& arguments);

}  // namespace gateway::app
