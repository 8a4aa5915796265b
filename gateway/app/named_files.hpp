// The certificate and token files that a configuration names, looked at before anything is started.
#pragma once

#include "fhir/base/error.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

/// Whether every certificate, key and token file of listeners and destinations can be used. Those of the parties belong
/// to the rules (rules.hpp).
/// Errors: kConfiguration with the setting to change, all problems a line each.
fhir::Result<void> CheckNamedFiles(const settings::Settings& settings);

}  // namespace gateway::app
