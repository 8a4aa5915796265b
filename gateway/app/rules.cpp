#include "gateway/app/rules.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/time_zone.hpp"
#include "fhir/metadata/definitions.hpp"

namespace gateway::app {
namespace {

fhir::Result<std::vector<adapters::insurer::Tariff>> LoadTariffs(const std::string& folder) {
  std::error_code failure;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".yaml") {
      paths.push_back(entry.path().string());
    }
  }
  if (failure) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}: the folder of tariffs cannot be read", folder));
  }
  std::sort(paths.begin(), paths.end());
  std::vector<adapters::insurer::Tariff> tariffs;
  for (const std::string& path : paths) {
    GW_ASSIGN(adapters::insurer::Tariff tariff, adapters::insurer::Tariff::Load(path));
    tariffs.push_back(std::move(tariff));
  }
  return tariffs;
}

fhir::Result<std::shared_ptr<const access::PartyTable>> LoadParties(const settings::Access& access) {
  access::PartyTableOptions options;
  options.policies_directory = access.policies_directory;
  for (const settings::Party& party : access.parties) {
    access::PartyOptions one;
    one.name = party.name;
    one.kind = party.kind;
    GW_ASSIGN(one.token,
              settings::ReadSecret(party.token_file, fmt::format("access.parties[{}].token_file", party.name)));
    if (!party.policy.empty()) {
      one.policy_file = access.policies_directory + "/" + party.policy;
    }
    one.attributes = access::Attributes(party.attributes.begin(), party.attributes.end());
    options.parties.push_back(std::move(one));
  }
  GW_ASSIGN(access::PartyTable table, access::PartyTable::Create(options, fhir::metadata::Definitions::R4()));
  return std::make_shared<const access::PartyTable>(std::move(table));
}

}  // namespace

fhir::Result<std::shared_ptr<const adapters::hospital::hl7v2::messages::MapSet>> LoadMaps(
    const settings::Settings& settings) {
  return adapters::hospital::hl7v2::messages::MapSet::LoadFolder(settings.mappings_directory + "/hl7v2");
}

fhir::Result<std::shared_ptr<const adapters::hospital::hl7v2::messages::OutboundMaps>> LoadOutboundMaps(
    const settings::Settings& settings) {
  GW_ASSIGN(auto maps,
            adapters::hospital::hl7v2::messages::OutboundMaps::LoadFolder(settings.mappings_directory + "/hl7v2/out"));
  const auto check = [&](std::string_view name, std::string_view setting) -> fhir::Result<void> {
    if (maps->Find(name) == nullptr) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}: no rules under {}/hl7v2/out are called '{}'",
                                                                     setting, settings.mappings_directory, name));
    }
    return {};
  };
  if (!settings.routing.documents.empty()) {
    GW_TRY(check(kDocumentRules, "routing.documents"));
  }
  for (const settings::MessageRoute& route : settings.routing.messages) {
    GW_TRY(check(route.rules, "routing.messages"));
  }
  return maps;
}

fhir::Result<Rules> LoadRules(const settings::Settings& settings) {
  Rules rules;
  GW_ASSIGN(rules.hl7v2_maps, LoadMaps(settings));
  GW_ASSIGN(rules.outbound_maps, LoadOutboundMaps(settings));
  GW_ASSIGN(rules.parties, LoadParties(settings.access));
  GW_ASSIGN(rules.plans, adapters::followup::Plan::LoadFolder(settings.followup.plans_directory));
  GW_ASSIGN(rules.tariffs, LoadTariffs(settings.insurer.tariffs_directory));
  for (const settings::MllpListener& listener : settings.mllp.listeners) {
    GW_TRY(HospitalPartner(settings, listener.partner));
  }
  return rules;
}

fhir::Result<adapters::hospital::hl7v2::Partner> HospitalPartner(const settings::Settings& settings,
                                                                 std::string_view name) {
  const auto found = std::find_if(settings.partners.begin(), settings.partners.end(),
                                  [&](const settings::Partner& partner) { return partner.name == name; });
  if (found == settings.partners.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("no partner is called '{}'", name));
  }
  adapters::hospital::hl7v2::Partner partner;
  partner.name = found->name;
  partner.charset = found->charset;
  partner.profile = found->profile;
  GW_ASSIGN(partner.zone, fhir::TimeZone::Find(found->zone));
  partner.finess = found->organization.finess;
  partner.identifier_systems.insert(found->identifier_systems.begin(), found->identifier_systems.end());
  return partner;
}

adapters::hospital::hl7v2::messages::CodeCheck KnowsCodesOf(const fhir::terminology::Terminology& terminology) {
  return [&terminology](std::string_view system, std::string_view code) -> std::optional<bool> {
    using fhir::terminology::Verdict;
    const auto verdict =
        terminology.ValidateInCodeSystem({.system = system, .version = {}, .code = code, .display = {}}).verdict;
    return verdict == Verdict::kMember      ? std::optional(true)
           : verdict == Verdict::kNotMember ? std::optional(false)
                                            : std::nullopt;
  };
}

}  // namespace gateway::app
