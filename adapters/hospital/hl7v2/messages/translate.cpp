#include "adapters/hospital/hl7v2/messages/translate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"
#include "adapters/hospital/hl7v2/messages/functions.hpp"
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
  for (const auto& change : changes) {
    const auto* key = change.type == patient || change.type == encounter ? KeyOf(change) : nullptr;
    if (key == nullptr || IssuesSystem(partner, key->system.value_or(""))) {
      continue;
    }
    const std::string_view place = change.type == patient          ? "PID-3"
                                   : message.Get("PV1-19").empty() ? "PID-18"
                                                                   : "PV1-19";
    faults.push_back({false, er7::Condition::kUnknownKey, er7::ParsePlace(place),
                      "the assigning authority is not one of the sender's"});
  }
  return faults;
}

std::string KeyOfPatient(const std::vector<port::Change>& changes) {
  const auto patient = fhir::metadata::Definitions::R4().FindType("Patient");
  for (const auto& change : changes) {
    if (const auto* key = change.type == patient ? KeyOf(change) : nullptr; key != nullptr) {
      return fmt::format("{}|{}", key->system.value_or(""), key->code.value_or(""));
    }
  }
  return {};
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
    const std::vector<std::pair<std::string, std::string>>& name_and_yaml) {
  auto set = std::make_shared<MapSet>();
  for (const auto& [name, yaml] : name_and_yaml) {
    GW_ASSIGN(auto map, mapping::CompiledMap::Load(yaml, name, Hl7Vocabulary()));
    set->maps_.push_back(std::move(map));
  }
  return set;
}

fhir::Result<std::shared_ptr<const MapSet>> MapSet::LoadFolder(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> texts;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".yaml") {
      std::ifstream file(entry.path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(file), {}};
      if (!file.good() && !file.eof()) {
        return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{} cannot be read", entry.path().string()));
      }
      texts.emplace_back(entry.path().string(), std::move(text));
    }
  }
  if (failure || texts.empty()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("no mapping files (*.yaml) in {}", folder));
  }
  std::sort(texts.begin(), texts.end());
  return LoadTexts(texts);
}

const mapping::CompiledMap* MapSet::Find(std::string_view message_type) const {
  const auto found = std::find_if(maps_.begin(), maps_.end(),
                                  [&](const mapping::CompiledMap& map) { return map.HandlesType(message_type); });
  return found == maps_.end() ? nullptr : &*found;
}

Translation Translate(std::string_view raw, const Partner& partner, const MapSet& maps,
                      const TranslateOptions& options) {
  Translation result;
  const auto header = er7::ReadHeader(raw);
  if (header.readable) {
    result.message_type = header.trigger.empty() ? header.code : fmt::format("{}^{}", header.code, header.trigger);
    const auto* map = maps.Find(header.code);
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
  const auto& map = *maps.Find(header.code);
  if (!map.HandlesTrigger(header.trigger)) {
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
  auto mapped = map.Run(
      *message, header.trigger, context,
      {.digest_salt = partner.name, .list_unmapped = options.list_unmapped, .list_origins = options.list_origins},
      issues);
  result.faults = ack::ToFaults(issues);
  result.notes = ack::ToNotes(issues);
  if (result.faults.empty()) {
    result.faults = CheckAuthorities(mapped.changes, partner, *message);
  }
  result.changes = std::move(mapped.changes);
  result.unmapped = std::move(mapped.unmapped);
  result.origins = std::move(mapped.origins);
  result.patient_key = KeyOfPatient(result.changes);
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
