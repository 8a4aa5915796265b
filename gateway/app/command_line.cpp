#include "gateway/app/command_line.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::app {

std::string Shown(std::string_view word) {
  constexpr std::size_t kShownMax = 60;
  if (word.size() <= kShownMax) {
    return std::string(word);
  }
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return std::string(word.substr(0, end)) + "...";
}

fhir::Result<Arguments> Arguments::Parse(std::span<const std::string_view> words, std::span<const OptionSpec> known) {
  Arguments arguments;
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (options_ended || !word.starts_with("--")) {
      arguments.operands_.emplace_back(word);
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const auto spec = std::find_if(known.begin(), known.end(), [&](const OptionSpec& s) { return s.name == name; });
    if (spec == known.end()) {
      return fhir::Fail(fhir::ErrorCode::kInvalid, fmt::format("unknown option {}", Shown(name)));
    }
    if (arguments.Has(name) && !spec->repeats) {
      return fhir::Fail(fhir::ErrorCode::kInvalid, fmt::format("option {} is given twice", name));
    }
    std::string value;
    if (spec->value.empty()) {
      if (equals != std::string_view::npos) {
        return fhir::Fail(fhir::ErrorCode::kInvalid, fmt::format("option {} takes no value", name));
      }
    } else if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return fhir::Fail(fhir::ErrorCode::kInvalid, fmt::format("option {} needs a value: {}", name, spec->value));
    }
    arguments.options_.emplace_back(name, std::move(value));
  }
  return arguments;
}

std::optional<std::string> Arguments::Value(std::string_view name) const {
  for (const auto& [option, value] : options_) {
    if (option == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::vector<std::string> Arguments::Values(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [option, value] : options_) {
    if (option == name) {
      values.push_back(value);
    }
  }
  return values;
}

}  // namespace gateway::app
