#include "adapters/hospital/hl7v2/messages/translate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"
#include "adapters/hospital/hl7v2/messages/functions.hpp"
#include "adapters/hospital/hl7v2/messages/rule_files.hpp"
#include "fhir/bundle/writer.hpp"
#include "fhir/json/writer.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

er7::Fault Reject(er7::Condition condition, std::string_view place, std::string text) {
  return {true, condition, er7::ParsePlace(place), std::move(text)};
}

/// Type, trigger, version and processing id, in the order of MSH. Empty when the message may be mapped.
std::vector<er7::Fault> CheckHeader(const er7::Header& header, const mapping::CompiledMap* map) {
  std::vector<er7::Fault> faults;
  if (map == nullptr) {
    faults.push_back(Reject(er7::Condition::kUnsupportedMessageType, "MSH-9.1", "this message type is not supported"));
    return faults;
  }
  if (!map->HandlesProcessingId(header.processing_id)) {
    faults.push_back(Reject(er7::Condition::kUnsupportedProcessingId, "MSH-11", "this processing id is not supported"));
  }
  if (!map->HandlesVersion(header.version_id)) {
    faults.push_back(Reject(er7::Condition::kUnsupportedVersion, "MSH-12", "this version is not supported"));
  }
  if (header.control_id.empty()) {
    faults.push_back(
        {false, er7::Condition::kRequiredFieldMissing, er7::ParsePlace("MSH-10"), "a message control id is required"});
  } else if (header.control_id != er7::PlainText(header.control_id, er7::kControlIdBytesMax)) {
    faults.push_back({false, er7::Condition::kDataType, er7::ParsePlace("MSH-10"),
                      "a message control id has at most 199 printable characters"});
  }
  if (faults.empty() && !map->HandlesTrigger(header.trigger) && !map->ignores_unknown_triggers()) {
    faults.push_back(Reject(er7::Condition::kUnsupportedEvent, "MSH-9.2", "this event is not supported"));
  }
  return faults;
}

const fhir::search::TokenValue* KeyOf(const port::Change& change) {
  return change.condition && !change.condition->criteria.empty()
             ? std::get_if<fhir::search::TokenValue>(&change.condition->criteria[0].values[0])
             : nullptr;
}

std::string_view PlaceOfPatient(const er7::Message& message, std::string_view number) {
  for (const char* field : {"PID-3[1].1", "PID-3[2].1", "PID-3[3].1", "PID-3[4].1"}) {
    if (message.Get(field) == number) {
      return "PID-3";
    }
  }
  return message.Get("MRG-1").empty() ? "PID-3" : "MRG-1";
}

std::string_view PlaceOfAccount(const er7::Message& message) {
  return message.Get("MRG-3").empty() ? "PID-18" : "MRG-3";
}

/// Patients and stays are found by numbers of the sender's own authorities alone: no port may change what another
/// hospital wrote.
std::vector<er7::Fault> CheckAuthorities(const std::vector<port::Change>& changes, const Partner& partner,
                                         const er7::Message& message) {
  std::vector<er7::Fault> faults;
  if (!IsBound(partner)) {
    return faults;
  }
  const auto& definitions = fhir::metadata::Definitions::R4();
  const auto patient = definitions.FindType("Patient");
  const auto encounter = definitions.FindType("Encounter");
  const auto account = definitions.FindType("Account");
  for (const auto& change : changes) {
    // An account that is only referred to changes nothing.
    const bool checked = change.type == patient || change.type == encounter ||
                         (change.type == account && change.verb != port::Verb::kCreate);
    const auto* key = checked ? KeyOf(change) : nullptr;
    if (key == nullptr || IssuesSystem(partner, key->system.value_or(""))) {
      continue;
    }
    const std::string_view place = change.type == patient          ? PlaceOfPatient(message, key->code.value_or(""))
                                   : change.type == account        ? PlaceOfAccount(message)
                                   : message.Get("PV1-19").empty() ? "PID-18"
                                                                   : "PV1-19";
    faults.push_back({false, er7::Condition::kUnknownKey, er7::ParsePlace(place),
                      "the assigning authority is not one of the sender's"});
  }
  return faults;
}

std::vector<std::string> KeysOfPatients(const std::vector<port::Change>& changes) {
  const auto patient = fhir::metadata::Definitions::R4().FindType("Patient");
  std::vector<std::string> keys;
  for (const auto& change : changes) {
    if (const auto* key = change.type == patient ? KeyOf(change) : nullptr; key != nullptr) {
      keys.push_back(fmt::format("{}|{}", key->system.value_or(""), key->code.value_or("")));
    }
  }
  return keys;
}

/// The countries that the message says it follows: MSH-17 and MSH-12.2, as sent.
std::array<std::string_view, 2> CountriesOf(const er7::Header& header) {
  const std::string_view version = header.version;
  const auto separator = std::min(version.find(header.encoding_characters.substr(0, 1)), version.size());
  std::string_view country = version.substr(std::min(separator + 1, version.size()));
  country = country.substr(0, country.find_first_of(header.encoding_characters));
  return {header.country, country};
}

std::string ConditionText(const fhir::search::Query& query) {
  std::string text;
  for (const auto& criterion : query.criteria) {
    const auto* token = std::get_if<fhir::search::TokenValue>(&criterion.values[0]);
    if (token != nullptr) {
      text += fmt::format("{}{}={}|{}", text.empty() ? "" : "&", criterion.parameter->code, token->system.value_or(""),
                          token->code.value_or(""));
    }
  }
  return text;
}

}  // namespace

fhir::Result<std::shared_ptr<const MapSet>> MapSet::LoadTexts(
    const std::vector<std::pair<std::string, std::string>>& name_and_yaml, const mapping::IncludeReader& includes) {
  auto set = std::make_shared<MapSet>();
  for (const auto& [name, yaml] : name_and_yaml) {
    GW_ASSIGN(auto map, mapping::CompiledMap::Load(yaml, name, Hl7Vocabulary(), includes));
    set->maps_.push_back(std::move(map));
  }
  return set;
}

fhir::Result<std::shared_ptr<const MapSet>> MapSet::LoadFolder(const std::string& folder) {
  const auto texts = ReadRuleFiles(folder);
  if (!texts || texts->empty()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("no mapping files (*.yaml) in {}", folder));
  }
  return LoadTexts(*texts, ReadIncluded);
}

const mapping::CompiledMap* MapSet::Find(std::string_view message_type, std::span<const std::string_view> countries,
                                         std::string_view profile) const {
  const mapping::CompiledMap* national = nullptr;
  const mapping::CompiledMap* general = nullptr;
  for (const auto& map : maps_) {
    if (!map.HandlesType(message_type)) {
      continue;
    }
    if (!profile.empty() && map.name() == profile) {
      return &map;
    }
    const auto& own = map.countries();
    const bool follows = std::any_of(countries.begin(), countries.end(), [&](std::string_view country) {
      return std::find(own.begin(), own.end(), country) != own.end();
    });
    if (own.empty() && general == nullptr) {
      general = &map;
    } else if (follows && national == nullptr) {
      national = &map;
    }
  }
  return national != nullptr ? national : general;
}

std::vector<er7::Fault> HeaderFaults(const er7::Header& header, const Partner& partner, const MapSet& maps) {
  return header.readable ? CheckHeader(header, maps.Find(header.code, CountriesOf(header), partner.profile))
                         : std::vector<er7::Fault>();
}

Translation Translate(std::string_view raw, const Partner& partner, const MapSet& maps,
                      const TranslateOptions& options) {
  Translation result;
  const auto header = er7::ReadHeader(raw);
  const auto countries = CountriesOf(header);
  const auto* const map = maps.Find(header.code, countries, partner.profile);
  if (header.readable) {
    result.message_type = header.trigger.empty() ? header.code : fmt::format("{}^{}", header.code, header.trigger);
    result.faults = CheckHeader(header, map);
    if (!result.faults.empty()) {
      return result;
    }
  }
  const auto message = er7::Message::Parse(raw, partner.charset, options.limits);
  if (!message) {
    result.faults.push_back(message.error());
    return result;
  }
  if (!map->HandlesTrigger(header.trigger)) {
    result.ignored = true;
    return result;
  }
  MessageContext context;
  context.partner = &partner;
  context.zone.zone = partner.zone;
  if (const auto sent = er7::ParseTimestamp(header.time)) {
    context.zone.header_offset_minutes = sent->offset_minutes;
  }
  fhir::IssueList issues(20);
  auto mapped = map->Run(
      *message, header.trigger, context,
      {.digest_salt = partner.name, .list_unmapped = options.list_unmapped, .list_origins = options.list_origins},
      issues);
  result.faults = ack::ToFaults(issues);
  result.notes = ack::ToNotes(issues);
  if (result.faults.empty()) {
    result.faults = CheckAuthorities(mapped.changes, partner, *message);
  }
  result.changes = std::move(mapped.changes);
  if (options.knows_code) {
    for (port::Change& change : result.changes) {
      if (change.resource) {
        LeaveUnlistedCodesWithoutSystem(*change.resource, options.knows_code);
      }
    }
  }
  result.unmapped = std::move(mapped.unmapped);
  result.origins = std::move(mapped.origins);
  result.patient_keys = KeysOfPatients(result.changes);
  return result;
}

std::string ToTransactionBundle(const std::vector<port::Change>& changes) {
  fhir::bundle::BundleWriter writer({.type = fhir::bundle::BundleType::kTransaction});
  for (const auto& change : changes) {
    const std::string type(fhir::metadata::Definitions::R4().TypeName(change.type));
    const std::string condition = change.condition ? ConditionText(*change.condition) : std::string();
    const bool create = change.verb == port::Verb::kCreate;
    const std::string url = create               ? type
                            : !change.id.empty() ? fmt::format("{}/{}", type, change.id)
                            : !condition.empty() ? fmt::format("{}?{}", type, condition)
                                                 : type;
    const std::string resource = change.resource ? fhir::json::WriteJson(change.resource->root()) : std::string();
    writer.Add({.full_url = change.full_url,
                .resource = resource,
                .request_method = create ? "POST" : "PUT",
                .request_url = url,
                .if_none_exist = create ? std::string_view(condition) : std::string_view()});
  }
  return std::move(writer).Finish();
}

}  // namespace adapters::hospital::hl7v2::messages
