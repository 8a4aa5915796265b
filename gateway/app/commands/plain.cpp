// Commands that need neither a database nor a server: version, check-config, print-config-schema.
#include "gateway/app/commands/plain.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "gateway/app/conformance.hpp"
#include "gateway/app/named_files.hpp"
#include "gateway/app/rules.hpp"
#include "gateway/app/version.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

ExitCode RunVersion(const Arguments&) {
  fmt::print("passerelle {}\n", Version());
  return ExitCode::kDone;
}

ExitCode RunPrintConfigSchema(const Arguments&) {
  fmt::print("{}\n", settings::PrintSchema());
  return ExitCode::kDone;
}

ExitCode RunCheckConfig(const Arguments& arguments) {
  if (arguments.operands().size() > 1) {
    return Usage("check-config", "one file is expected");
  }
  const std::string path = arguments.operands().empty() ? "config/passerelle.yaml" : arguments.operands().front();
  const auto loaded = settings::Load(path);
  if (!loaded) {
    return Report(loaded.error());
  }
  // The files that the configuration names count as part of it: mappings, policies, plans, tariffs, tokens,
  // certificates.
  if (const auto rules = LoadRules(*loaded); !rules) {
    return Report(rules.error());
  }
  if (const auto files = CheckNamedFiles(*loaded); !files) {
    return Report(files.error());
  }
  const auto conformance = LoadConformance(*loaded);
  if (!conformance) {
    return Report(conformance.error());
  }
  for (const std::string& warning : conformance->warnings) {
    fmt::print(stderr, "warning: {}\n", warning);
  }
  fmt::print("{}: good\n", path);
  return ExitCode::kDone;
}

}  // namespace gateway::app
