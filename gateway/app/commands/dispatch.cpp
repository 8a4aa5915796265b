#include "gateway/app/commands/dispatch.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "gateway/app/commands/command.hpp"
#include "gateway/app/version.hpp"

namespace gateway::app {
namespace {

void PrintOptions(std::FILE* out, const CommandSpec& command) {
  for (const OptionSpec& option : command.options) {
    const std::string left =
        option.value.empty() ? std::string(option.name) : fmt::format("{} {}", option.name, option.value);
    fmt::print(out, "      {:<26} {}\n", left, option.description);
  }
}

void PrintHelp(std::FILE* out) {
  fmt::print(out,
             "passerelle {} - interoperability gateway for the days after a hospital stay\n\nUsage: passerelle COMMAND "
             "[OPTIONS] [OPERANDS]\n\n",
             Version());
  for (const CommandSpec& command : Commands()) {
    fmt::print(out, "  {} {}\n      {}\n", command.name, command.operands, command.summary);
    PrintOptions(out, command);
  }
  fmt::print(out,
             "\nExit codes: 0 done, 1 failed, 2 usage, 3 system not supported, 78 configuration.\n"
             "Secrets are read from files or environment variables (env:NAME), never from the command line.\n");
}

const CommandSpec* FindCommand(const std::vector<std::string_view>& words, std::size_t& words_of_name) {
  for (const CommandSpec& command : Commands()) {
    const auto space = command.name.find(' ');
    if (space == std::string_view::npos) {
      if (!words.empty() && words[0] == command.name) {
        words_of_name = 1;
        return &command;
      }
    } else if (words.size() > 1 && words[0] == command.name.substr(0, space) &&
               words[1] == command.name.substr(space + 1)) {
      words_of_name = 2;
      return &command;
    }
  }
  return nullptr;
}

bool AsksForHelp(const std::vector<std::string_view>& words) {
  return words.empty() ||
         std::any_of(words.begin(), words.end(),
                     [](std::string_view word) { return word == "--help" || word == "-h"; }) ||
         words[0] == "help";
}

}  // namespace

ExitCode Usage(std::string_view command_name, std::string_view problem) {
  fmt::print(stderr, "passerelle {}: {}\n", command_name, problem);
  for (const CommandSpec& command : Commands()) {
    if (command.name == command_name) {
      fmt::print(stderr, "Usage: passerelle {} [OPTIONS] {}\n", command.name, command.operands);
      PrintOptions(stderr, command);
    }
  }
  return ExitCode::kUsage;
}

ExitCode Dispatch(const std::vector<std::string_view>& words) {
  if (AsksForHelp(words)) {
    PrintHelp(words.empty() ? stderr : stdout);
    return words.empty() ? ExitCode::kUsage : ExitCode::kDone;
  }
  std::size_t words_of_name = 0;
  const CommandSpec* command = FindCommand(words, words_of_name);
  if (command == nullptr) {
    fmt::print(stderr, "passerelle: unknown command {}; `passerelle --help` lists them\n", Shown(words[0]));
    return ExitCode::kUsage;
  }
  auto arguments = Arguments::Parse(std::span(words).subspan(words_of_name), command->options);
  if (!arguments) {
    return Usage(command->name, arguments.error().public_text.text);
  }
  return command->run(*arguments);
}

}  // namespace gateway::app
