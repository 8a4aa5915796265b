// From the words of the command line to the command that runs.
#pragma once

#include <string_view>
#include <vector>

#include "gateway/app/exit_code.hpp"

namespace gateway::app {

/// Finds the command by its one or two words, reads its options and runs it. Without words, or with --help, prints the
/// commands; kUsage for words that make no command.
ExitCode Dispatch(const std::vector<std::string_view>& words);

}  // namespace gateway::app
