#include "adapters/hospital/forwarding/document_forwarding.hpp"

#include <fmt/format.h>

#include <set>

#include "adapters/port/reference.hpp"

namespace adapters::hospital::forwarding {
namespace {

using fhir::model::Node;

/// The channels that a current document asks for.
std::set<std::string> ChannelsOf(const Node* document) {
  std::set<std::string> channels;
  if (document == nullptr || document->ChildValue("status") != "current") {
    return channels;
  }
  for (const Node& child : document->children()) {
    const Node* const asked = child.name == "extension" && child.ChildValue("url") == kForwardingExtension
                                  ? child.Child("valueCodeableConcept")
                                  : nullptr;
    if (asked == nullptr) {
      continue;
    }
    for (const Node& coding : asked->children()) {
      if (coding.name == "coding") {
        channels.emplace(coding.ChildValue("code"));
      }
    }
  }
  return channels;
}

}  // namespace

fhir::Result<void> DocumentForwarding::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (applied.effect == port::Effect::kUnchanged) {
    return {};
  }
  std::set<std::string> channels = ChannelsOf(applied.after);
  // Who has it hears that it is withdrawn, or that it is forwarded there no more.
  channels.merge(ChannelsOf(applied.before));
  const std::string path = port::MakeReference("DocumentReference", applied.id);
  for (const std::string& channel : channels) {
    std::string body;
    if (applied.after != nullptr) {
      GW_ASSIGN(const auto stored, work.Read(applied.type, applied.id));
      body = stored ? stored->body : std::string();
    }
    GW_TRY(work.Enqueue({.destination = channel,
                         .kind = std::string(kForwarding),
                         .order_key = path,
                         .payload = fmt::format("{}\n{}", path, body),
                         .cause = fmt::format("{}/_history/{}", path, applied.version)}));
  }
  return {};
}

fhir::Result<std::string> ForwardingSender::Send(const port::OutboxEntry& entry) {
  const auto channel = channels_.find(entry.message.destination);
  if (channel == channels_.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("no channel to {} is configured in routing.forwarding", entry.message.destination));
  }
  port::OutboxEntry forwarded = entry;
  forwarded.message.destination = channel->second;
  return rest_hooks_.Send(forwarded);
}

}  // namespace adapters::hospital::forwarding
