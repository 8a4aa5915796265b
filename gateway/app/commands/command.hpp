// The table of commands: main looks the first word up here, and the help is printed from it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gateway/app/command_line.hpp"
#include "gateway/app/exit_code.hpp"

namespace gateway::app {

struct CommandSpec {
  std::string_view name;      ///< one or two words: "serve", "hl7 send"
  std::string_view operands;  ///< for the usage line: "HOST:PORT FILE..."
  std::string_view summary;
  std::vector<OptionSpec> options;
  ExitCode (*run)(const Arguments& arguments);
};

std::span<const CommandSpec> Commands();

/// For wrong operands: prints the command's usage and gives kUsage.
ExitCode Usage(std::string_view command_name, std::string_view problem);

}  // namespace gateway::app
