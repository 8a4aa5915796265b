// Options that several commands share, and the settings that follow from them.
#pragma once

#include <string>

#include "fhir/base/error.hpp"
#include "gateway/app/command_line.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

inline constexpr OptionSpec kConfigOption{"--config", "FILE", "configuration (YAML); defaults without it"};
inline constexpr OptionSpec kEmbeddedOption{"--embedded", "DIR", "private PostgreSQL in this folder"};
inline constexpr OptionSpec kServerOption{"--server", "URL", "a running gateway, e.g. http://127.0.0.1:8080"};
inline constexpr OptionSpec kTokenOption{"--token-file", "FILE", "bearer token for --server"};

/// The file of --config, or the defaults with paths below ./config or the installed configuration; then --embedded,
/// --http and --mllp put on top, and the whole checked. Errors: kConfiguration.
fhir::Result<settings::Settings> LoadSettings(const Arguments& arguments);

}  // namespace gateway::app
