// HL7 v2 from the command line: sending files, and showing what a message would become.
#pragma once

#include "gateway/app/commands/command.hpp"

namespace gateway::app {

ExitCode RunHl7Send(const Arguments& arguments);
ExitCode RunHl7Translate(const Arguments& arguments);

}  // namespace gateway::app
