// Everything that is data and not code, loaded and checked together: mappings, policies and parties, plans, tariffs.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "adapters/followup/plan.hpp"
#include "adapters/hospital/hl7v2/messages/outbound_maps.hpp"
#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "adapters/hospital/hl7v2/partner.hpp"
#include "adapters/insurer/tariff.hpp"
#include "fhir/base/error.hpp"
#include "fhir/terminology/terminology.hpp"
#include "gateway/access/party_table.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

/// Rules under hl7v2/out that routing.documents follows.
inline constexpr std::string_view kDocumentRules = "documents";

struct Rules {
  std::shared_ptr<const adapters::hospital::hl7v2::messages::MapSet> hl7v2_maps;           ///< listeners share it
  std::shared_ptr<const adapters::hospital::hl7v2::messages::OutboundMaps> outbound_maps;  ///< reactions share it
  std::shared_ptr<const access::PartyTable> parties;                                       ///< requests share it
  std::vector<adapters::followup::Plan> plans;
  std::vector<adapters::insurer::Tariff> tariffs;
};

/// Errors: kConfiguration with file, line and rule.
fhir::Result<Rules> LoadRules(const settings::Settings& settings);

/// The mappings alone, for a reload.
fhir::Result<std::shared_ptr<const adapters::hospital::hl7v2::messages::MapSet>> LoadMaps(
    const settings::Settings& settings);

/// Those of messages out, for a reload. Errors: kConfiguration with file and line, and for a route of the settings
/// whose rules are not there.
fhir::Result<std::shared_ptr<const adapters::hospital::hl7v2::messages::OutboundMaps>> LoadOutboundMaps(
    const settings::Settings& settings);

/// What the hospital side needs of a partner. Errors: kConfiguration for an unknown name, character set or zone.
fhir::Result<adapters::hospital::hl7v2::Partner> HospitalPartner(const settings::Settings& settings,
                                                                 std::string_view name);

/// What the check of writes says of a code in its system, for messages: `terminology` is that check's, and outlives the
/// result.
adapters::hospital::hl7v2::messages::CodeCheck KnowsCodesOf(const fhir::terminology::Terminology& terminology);

}  // namespace gateway::app
