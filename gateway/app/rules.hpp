// Everything that is data and not code, loaded and checked together: mappings, policies and parties, plans, tariffs.
#pragma once

#include <memory>
#include <vector>

#include "adapters/followup/plan.hpp"
#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "adapters/hospital/hl7v2/partner.hpp"
#include "adapters/insurer/tariff.hpp"
#include "fhir/base/error.hpp"
#include "gateway/access/party_table.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

struct Rules {
  std::shared_ptr<const adapters::hospital::hl7v2::messages::MapSet> hl7v2_maps;  ///< listeners share it
  std::shared_ptr<const access::PartyTable> parties;                              ///< requests share it
  std::vector<adapters::followup::Plan> plans;
  std::vector<adapters::insurer::Tariff> tariffs;
};

/// Errors: kConfiguration with file, line and rule.
fhir::Result<Rules> LoadRules(const settings::Settings& settings);

/// The mappings alone, for a reload.
fhir::Result<std::shared_ptr<const adapters::hospital::hl7v2::messages::MapSet>> LoadMaps(
    const settings::Settings& settings);

/// What the hospital side needs of a partner. Errors: kConfiguration for an unknown name, character set or zone.
fhir::Result<adapters::hospital::hl7v2::Partner> HospitalPartner(const settings::Settings& settings,
                                                                 std::string_view name);

}  // namespace gateway::app
