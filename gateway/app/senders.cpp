#include "gateway/app/senders.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/text.hpp"
#include "gateway/access/policy.hpp"
#include "gateway/app/rules.hpp"

namespace gateway::app {
namespace {

namespace hl7v2 = adapters::hospital::hl7v2;

fhir::Result<hl7v2::mllp::ClientOptions> MllpDestination(const settings::Destination& destination) {
  GW_ASSIGN(hl7v2::mllp::ClientOptions options, hl7v2::mllp::ParseAddressOptions(destination.address));
  options.answer_timeout_ms = static_cast<int>(destination.timeout_ms);
  if (destination.tls) {
    options.tls.enabled = true;
    options.tls.ca_file = destination.ca_file;
    options.tls.certificate_file = destination.certificate_file;
    options.tls.key_file = destination.key_file;
  }
  return options;
}

fhir::Result<adapters::platform::RestHookDestination> RestHook(const settings::Destination& destination) {
  adapters::platform::RestHookDestination hook;
  hook.url = destination.url;
  hook.ca_file = destination.ca_file;
  hook.answer_timeout_ms = static_cast<int>(destination.timeout_ms);
  if (!destination.token_file.empty()) {
    GW_ASSIGN(hook.bearer_token, settings::ReadSecret(destination.token_file,
                                                      fmt::format("destinations[{}].token_file", destination.name)));
  }
  return hook;
}

fhir::Result<hl7v2::messages::OutboundRoute> RouteTo(const std::string& name, std::string_view from_kind,
                                                     const settings::Settings& settings) {
  const auto destination = std::find_if(settings.destinations.begin(), settings.destinations.end(),
                                        [&](const settings::Destination& one) { return one.name == name; });
  if (destination == settings.destinations.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("no destination is called '{}'", name));
  }
  GW_ASSIGN(const hl7v2::Partner partner, HospitalPartner(settings, destination->partner));
  hl7v2::messages::OutboundRoute made;
  made.destination = name;
  made.partner = partner.name;
  if (const auto kind = access::PartyKindOf(from_kind)) {
    made.from_kind = *kind;
  } else {
    made.from_any_kind = true;
  }
  made.receiver.facility = partner.name;
  made.receiver.patient_system = hl7v2::OwnSystem(partner);
  made.receiver.authority_name = partner.name;
  made.receiver.authority_id = partner.finess;
  made.receiver.zone = partner.zone;
  GW_ASSIGN(made.receiver.charset, fhir::FindCharset(partner.charset));
  return made;
}

}  // namespace

fhir::Result<Destinations> ReadDestinations(const settings::Settings& settings) {
  Destinations destinations;
  for (const settings::ForwardingRoute& route : settings.routing.forwarding) {
    destinations.forwarding[route.channel] = route.destination;
  }
  const auto forwards = [&](const std::string& name) {
    return std::any_of(destinations.forwarding.begin(), destinations.forwarding.end(),
                       [&](const auto& channel) { return channel.second == name; });
  };
  for (const settings::Destination& destination : settings.destinations) {
    if (destination.kind == "mllp") {
      GW_ASSIGN(destinations.mllp[destination.name], MllpDestination(destination));
    } else {
      GW_ASSIGN(destinations.rest_hooks[destination.name], RestHook(destination));
      // Who forwards documents hears of no appointments, unless it is asked to.
      if (!forwards(destination.name) || !destination.schedule_identifier_system.empty()) {
        destinations.appointments.push_back({destination.name, destination.schedule_identifier_system});
      }
    }
  }
  for (const settings::DocumentRoute& route : settings.routing.documents) {
    GW_ASSIGN(hl7v2::messages::OutboundRoute made, RouteTo(route.destination, route.from_kind, settings));
    made.rules = kDocumentRules;
    made.codes = route.loinc;
    made.pdf_in_cda = route.pdf == "cda";
    destinations.messages.push_back(std::move(made));
  }
  for (const settings::MessageRoute& route : settings.routing.messages) {
    GW_ASSIGN(hl7v2::messages::OutboundRoute made, RouteTo(route.destination, route.from_kind, settings));
    made.rules = route.rules;
    made.codes = route.codes;
    destinations.messages.push_back(std::move(made));
  }
  for (const settings::Partner& partner : settings.partners) {
    if (partner.kind == "hospital") {
      GW_ASSIGN(const hl7v2::Partner hospital, HospitalPartner(settings, partner.name));
      destinations.identities.push_back({hospital.name, hl7v2::OwnSystem(hospital)});
    }
  }
  return destinations;
}

}  // namespace gateway::app
