#include "gateway/app/commands/options.hpp"

#include <filesystem>
#include <utility>

namespace gateway::app {
namespace {

/// Folders with mappings, policies, plans and tariffs when no file says where: beside a checkout, or as installed.
std::string DefaultRulesFolder() {
  std::error_code ignored;
  return std::filesystem::exists("config/mappings", ignored) ? "config" : "/etc/passerelle";
}

}  // namespace

fhir::Result<settings::Settings> LoadSettings(const Arguments& arguments) {
  settings::Settings loaded;
  if (const auto config = arguments.Value("--config")) {
    GW_ASSIGN(loaded, settings::Load(*config));
  } else {
    GW_ASSIGN(loaded, settings::LoadText("{}", "defaults", DefaultRulesFolder()));
  }
  if (const auto embedded = arguments.Value("--embedded")) {
    loaded.database.embedded.directory = std::filesystem::absolute(*embedded).string();
    loaded.database.connection.clear();
  }
  if (const auto http = arguments.Value("--http")) {
    loaded.http.address = *http;
  }
  if (const auto mllp = arguments.Value("--mllp")) {
    if (loaded.mllp.listeners.empty()) {
      // Without a configured hospital there is one to try with, whose identifiers stay in its own namespace.
      if (loaded.partners.empty()) {
        settings::Partner partner;
        partner.name = "hospital";
        loaded.partners.push_back(std::move(partner));
      }
      settings::MllpListener listener;
      listener.name = loaded.partners.front().name;
      listener.partner = loaded.partners.front().name;
      loaded.mllp.listeners.push_back(std::move(listener));
    }
    loaded.mllp.listeners.front().address = *mllp;
  }
  GW_TRY(settings::Check(loaded));
  return loaded;
}

}  // namespace gateway::app
