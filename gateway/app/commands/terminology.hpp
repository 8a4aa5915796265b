// passerelle terminology load: a file of concepts into a running server.
#pragma once

#include "gateway/app/command_line.hpp"
#include "gateway/app/exit_code.hpp"

namespace gateway::app {

ExitCode RunTerminologyLoad(const Arguments& arguments);

}  // namespace gateway::app
