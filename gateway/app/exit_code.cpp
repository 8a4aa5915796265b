#include "gateway/app/exit_code.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace gateway::app {

ExitCode Report(const fhir::Error& error) {
  fmt::print(stderr, "passerelle: {}\n", error.public_text.text);
  if (!error.internal_text.text.empty()) {
    fmt::print(stderr, "  {}\n", error.internal_text.text);
  }
  return error.code == fhir::ErrorCode::kConfiguration ? ExitCode::kConfiguration : ExitCode::kFailed;
}

}  // namespace gateway::app
