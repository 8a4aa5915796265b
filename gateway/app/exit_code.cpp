#include "gateway/app/exit_code.hpp"

#include <cstdio>
#include <string_view>

#include <fmt/format.h>

namespace gateway::app {

ExitCode Report(const fhir::Error& error) {
  std::string_view text = error.public_text.text;
  if (error.internal_text.text.empty()) {
    fmt::print(stderr, "passerelle: {}\n", text);
  } else {
    // One line, so that what the operator needs is still there when a log collector shows the last line alone.
    text = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
    fmt::print(stderr, "passerelle: {}: {}\n", text, error.internal_text.text);
  }
  return error.code == fhir::ErrorCode::kConfiguration ? ExitCode::kConfiguration : ExitCode::kFailed;
}

}  // namespace gateway::app
