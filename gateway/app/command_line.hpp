// Reads the words after a command's name: options with or without a value, and operands.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::app {

struct OptionSpec {
  std::string_view name;   ///< "--config"
  std::string_view value;  ///< what stands for the value in the help, "FILE"; "" for a switch
  std::string_view description;
  bool repeats = false;  ///< may be given more than once
};

/// A word from outside as a message shows it: a long one is cut, between characters.
std::string Shown(std::string_view word);

/// The words of one command, taken apart.
class Arguments {
 public:
  /// Accepts "--name value" and "--name=value"; "--" ends the options. An option may be given once, unless it
  /// repeats.
  /// Errors: kInvalid, saying what is wrong with the words.
  static fhir::Result<Arguments> Parse(std::span<const std::string_view> words, std::span<const OptionSpec> known);

  std::optional<std::string> Value(std::string_view name) const;
  /// All values of an option that repeats, in order.
  std::vector<std::string> Values(std::string_view name) const;
  bool Has(std::string_view name) const { return Value(name).has_value(); }
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> operands_;
};

}  // namespace gateway::app
