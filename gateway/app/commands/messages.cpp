#include "gateway/app/commands/messages.hpp"

#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "fhir/base/base64.hpp"
#include "fhir/json/value.hpp"
#include "gateway/app/commands/message_desk.hpp"
#include "gateway/http/target.hpp"

namespace gateway::app {
namespace {

bool IsOutbox(const Arguments& arguments) {
  return arguments.Has("--outbox");
}

std::string Collection(const Arguments& arguments) {
  return IsOutbox(arguments) ? "/console/outbox" : "/console/messages";
}

/// The list's query out of the options of the same names.
std::string ListTarget(const Arguments& arguments) {
  std::string target = Collection(arguments);
  char separator = '?';
  for (const std::string_view name : {"state", "partner", "type", "control_id", "destination", "before", "count"}) {
    std::string option = "--" + std::string(name);
    for (char& character : option) {
      character = character == '_' ? '-' : character;
    }
    if (const auto value = arguments.Value(option)) {
      target += fmt::format("{}{}={}", separator, name, http::PercentEncode(*value));
      separator = '&';
    }
  }
  return target;
}

constexpr std::size_t kTextColumn = 16;

void PrintRow(const fhir::json::Value& entry, bool outbox) {
  if (outbox) {
    fmt::print("{:<20} {:<10} {:<24} {:<3} {:<24} {}\n", entry.FindText("id"), entry.FindText("state"),
               entry.FindText("created"), entry.FindText("attempts"), entry.FindText("destination"),
               entry.FindText("last_reason"));
  } else {
    fmt::print("{:<20} {:<10} {:<24} {:<16} {:<10} {:<20} {} {}\n", entry.FindText("id"), entry.FindText("state"),
               entry.FindText("received"), entry.FindText("partner"), entry.FindText("type"),
               entry.FindText("control_id"), entry.FindText("error_code"), entry.FindText("error_place"));
  }
}

}  // namespace

ExitCode RunMessagesList(const Arguments& arguments) {
  const auto desk = MessageDesk::Open(arguments);
  if (!desk) {
    return Report(desk.error());
  }
  const auto body = (*desk)->Ask(http::Method::kGet, ListTarget(arguments));
  if (!body) {
    return Report(body.error());
  }
  const auto list = fhir::json::ReadValue(*body, {.bytes_max = 16 * 1024 * 1024});
  if (!list) {
    return Report(list.error());
  }
  const fhir::json::Value* entries = list->Find("entries");
  for (const fhir::json::Value& entry : entries == nullptr ? std::vector<fhir::json::Value>{} : entries->items()) {
    PrintRow(entry, IsOutbox(arguments));
  }
  return ExitCode::kDone;
}

ExitCode RunMessagesShow(const Arguments& arguments) {
  if (arguments.operands().size() != 1) {
    return Usage("messages show", "one id is expected");
  }
  const auto desk = MessageDesk::Open(arguments);
  if (!desk) {
    return Report(desk.error());
  }
  const bool raw = arguments.Has("--raw");
  const auto body = (*desk)->Ask(
      http::Method::kGet,
      fmt::format("/console/messages/{}{}", http::PercentEncode(arguments.operands().front()), raw ? "?raw=1" : ""));
  if (!body) {
    return Report(body.error());
  }
  const auto entry = fhir::json::ReadValue(*body, {.bytes_max = 512u * 1024 * 1024});
  if (!entry) {
    return Report(entry.error());
  }
  if (raw) {
    const auto bytes = fhir::DecodeBase64(entry->FindText("raw"));
    if (!bytes) {
      return Report(bytes.error());
    }
    std::fwrite(bytes->data(), 1, bytes->size(), stdout);
    return ExitCode::kDone;
  }
  for (const fhir::json::Member& member : entry->members()) {
    std::string text(member.value.text());
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += kTextColumn + 1) {
      text.insert(at + 1, kTextColumn, ' ');
    }
    fmt::print("{:<{}} {}\n", member.name, kTextColumn - 1, text);
  }
  return ExitCode::kDone;
}

ExitCode RunMessagesReplay(const Arguments& arguments) {
  if (arguments.operands().empty()) {
    return Usage("messages replay", "at least one id is expected");
  }
  const auto desk = MessageDesk::Open(arguments);
  if (!desk) {
    return Report(desk.error());
  }
  for (const std::string& id : arguments.operands()) {
    const auto done =
        (*desk)->Ask(http::Method::kPost, fmt::format("{}/{}/replay", Collection(arguments), http::PercentEncode(id)));
    if (!done) {
      return Report(done.error());
    }
    fmt::print("{} is waiting again\n", id);
  }
  return ExitCode::kDone;
}

}  // namespace gateway::app
