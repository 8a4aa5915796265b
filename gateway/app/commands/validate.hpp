// The command `validate`: files against the definitions, profiles and packages.
#pragma once

#include "gateway/app/commands/command.hpp"

namespace gateway::app {

/// One OperationOutcome a line, in the order of the operands: for each file, and for each line of an NDJSON file.
ExitCode RunValidate(const Arguments& arguments);

}  // namespace gateway::app
