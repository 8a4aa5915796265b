#include "gateway/console/message_json.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "fhir/base/base64.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/json/writer.hpp"

namespace gateway::console {
namespace {

std::string_view StateName(adapters::port::MessageState state) {
  switch (state) {
    case adapters::port::MessageState::kReceived:
      return "received";
    case adapters::port::MessageState::kCommitted:
      return "committed";
    case adapters::port::MessageState::kIgnored:
      return "ignored";
    case adapters::port::MessageState::kRefused:
      return "refused";
    case adapters::port::MessageState::kParked:
      return "parked";
    case adapters::port::MessageState::kDiscarded:
      return "discarded";
  }
  return "";
}

std::string_view StateName(adapters::port::OutboxState state) {
  switch (state) {
    case adapters::port::OutboxState::kWaiting:
      return "waiting";
    case adapters::port::OutboxState::kDelivered:
      return "delivered";
    case adapters::port::OutboxState::kDead:
      return "dead";
  }
  return "";
}

/// What an acknowledgement says, its segments as lines. Its MSH is left out: it gives the sender's own words back.
std::string PlainLines(std::string_view ack) {
  ack.remove_prefix(std::min(ack.find('\r'), ack.size() - 1) + 1);
  std::string lines;
  for (const char byte : ack) {
    lines += byte == '\r' ? '\n' : byte >= ' ' && byte <= '~' ? byte : '?';
  }
  while (lines.ends_with('\n')) {
    lines.pop_back();
  }
  return lines;
}

/// One JSON object of text members, in the order they are added.
class TextObject {
 public:
  void Add(std::string_view name, std::string_view value) {
    json_ += json_.size() > 1 ? "," : "";
    fhir::json::AppendQuoted(json_, name);
    json_ += ':';
    fhir::json::AppendQuoted(json_, value);
  }
  void AddTime(std::string_view name, std::int64_t us) {
    if (us != 0) {
      Add(name, fhir::FormatInstant(us));
    }
  }
  std::string End() { return json_ + "}"; }

 private:
  std::string json_ = "{";
};

}  // namespace

std::string ToJson(const adapters::port::JournalEntry& entry, Detail detail) {
  TextObject object;
  object.Add("id", std::to_string(entry.id));
  object.Add("partner", entry.partner);
  object.Add("channel", entry.channel);
  object.Add("control_id", entry.control_id);
  object.Add("type", entry.type);
  object.Add("state", StateName(entry.state));
  object.AddTime("received", entry.received_us);
  object.AddTime("finished", entry.finished_us);
  object.Add("error_code", entry.error_code);
  object.Add("error_place", entry.error_place);
  if (entry.attempts > 0) {
    object.Add("attempts", std::to_string(entry.attempts));
  }
  if (entry.holds) {
    object.Add("holds", "yes");
  }
  if (entry.reused_id) {
    object.Add("reused_id", "yes");
  }
  if (entry.held_by != 0) {
    object.Add("held_by", std::to_string(entry.held_by));
  }
  if (detail != Detail::kRow && !entry.ack.empty()) {
    object.Add("acknowledgement", PlainLines(entry.ack));
  }
  if (detail == Detail::kWithRaw) {
    object.Add("raw", fhir::EncodeBase64(entry.raw));
  }
  return object.End();
}

std::string ToJson(const adapters::port::JournalCheck& check) {
  TextObject object;
  object.Add("conserved", check.conserved() ? "yes" : "no");
  const std::pair<std::string_view, std::int64_t> counts[] = {
      {"received", check.received},    {"committed", check.committed},
      {"ignored", check.ignored},      {"parked", check.parked},
      {"refused", check.refused},      {"discarded", check.discarded},
      {"waiting", check.waiting},      {"lost", check.lost},
      {"unknown", check.unknown},      {"unanswered", check.unanswered},
      {"incomplete", check.incomplete}};
  for (const auto& [name, count] : counts) {
    object.Add(name, std::to_string(count));
  }
  return object.End();
}

std::string ToJson(const store::OutboxRecord& record) {
  TextObject object;
  object.Add("id", std::to_string(record.entry.id));
  object.Add("destination", record.entry.message.destination);
  object.Add("kind", record.entry.message.kind);
  object.Add("order_key", record.entry.message.order_key);
  object.Add("cause", record.entry.message.cause);
  object.Add("state", StateName(record.state));
  object.Add("attempts", std::to_string(record.entry.attempts));
  object.AddTime("created", record.created_us);
  object.AddTime("due", record.due_us);
  object.AddTime("finished", record.finished_us);
  object.Add("last_reason", record.last_reason);
  return object.End();
}

}  // namespace gateway::console
