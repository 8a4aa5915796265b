#include "gateway/app/commands/messages.hpp"

#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

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

/// What the options of the same names ask for, as a form; "" when there is none of them.
std::string Asked(const Arguments& arguments, std::initializer_list<std::string_view> names) {
  std::string form;
  for (const std::string_view name : names) {
    std::string option = "--" + std::string(name);
    for (char& character : option) {
      character = character == '_' ? '-' : character;
    }
    if (const auto value = arguments.Value(option)) {
      form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, http::PercentEncode(*value));
    }
  }
  return form;
}

/// What chooses messages.
std::string AskedOf(const Arguments& arguments) {
  return Asked(arguments, {"state", "partner", "type", "control_id", "patient", "error_code", "error_place", "from",
                           "to", "text"});
}

constexpr std::size_t kTextColumn = 16;
constexpr std::size_t kListBytesMax = 16u * 1024 * 1024;

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

std::string Joined(const std::string& form, const std::string& more) {
  return form + (form.empty() || more.empty() ? "" : "&") + more;
}

std::vector<fhir::json::Value> EntriesOf(const fhir::json::Value& list) {
  const fhir::json::Value* entries = list.Find("entries");
  std::vector<fhir::json::Value> copied;
  if (entries != nullptr) {
    copied.assign(entries->items().begin(), entries->items().end());
  }
  return copied;
}

fhir::Result<fhir::json::Value> Search(MessageDesk& desk, const std::string& form) {
  GW_ASSIGN(const std::string body, desk.Ask(http::Method::kPost, "/console/messages/_search", form));
  return fhir::json::ReadValue(body, {.bytes_max = kListBytesMax});
}

fhir::Result<fhir::json::Value> ListOutbox(MessageDesk& desk, const Arguments& arguments) {
  const std::string query = Asked(arguments, {"state", "destination", "before", "count"});
  GW_ASSIGN(const std::string body,
            desk.Ask(http::Method::kGet, "/console/outbox" + (query.empty() ? "" : "?" + query)));
  return fhir::json::ReadValue(body, {.bytes_max = kListBytesMax});
}

/// One entry of the journal or the outbox.
fhir::Result<void> ActOnOne(MessageDesk& desk, const std::string& collection, std::string_view verb,
                            const std::string& id, std::string_view said) {
  GW_TRY(desk.Ask(http::Method::kPost, fmt::format("{}/{}/{}", collection, http::PercentEncode(id), verb)));
  fmt::print("{} {}\n", id, said);
  return {};
}

/// All messages that the options choose, page by page. One that cannot be acted on is named, and the others go on.
/// Returns how many could not be.
fhir::Result<int> ActOnChosen(MessageDesk& desk, const std::string& chosen, std::string_view verb,
                              std::string_view said) {
  int failed = 0;
  std::string before;
  do {
    GW_ASSIGN(const fhir::json::Value list,
              Search(desk, Joined(chosen, before.empty() ? "count=1000" : "count=1000&before=" + before)));
    const auto entries = EntriesOf(list);
    for (const fhir::json::Value& entry : entries) {
      const std::string id(entry.FindText("id"));
      if (const auto done = ActOnOne(desk, "/console/messages", verb, id, said); !done) {
        fmt::print(stderr, "{}: {}\n", id, done.error().public_text.text);
        ++failed;
      }
    }
    before = list.FindText("go_on_before");
    if (before.empty() && !entries.empty()) {
      before = entries.back().FindText("id");
    }
  } while (!before.empty());
  return failed;
}

ExitCode ActOn(const Arguments& arguments, std::string_view verb, std::string_view said) {
  const std::string chosen = IsOutbox(arguments) ? std::string() : AskedOf(arguments);
  if (arguments.operands().empty() == chosen.empty()) {
    return Usage(fmt::format("messages {}", verb), "ids are expected, or options that choose messages");
  }
  const auto desk = MessageDesk::Open(arguments);
  if (!desk) {
    return Report(desk.error());
  }
  if (!chosen.empty()) {
    const auto failed = ActOnChosen(**desk, chosen, verb, said);
    return !failed ? Report(failed.error()) : *failed == 0 ? ExitCode::kDone : ExitCode::kFailed;
  }
  for (const std::string& id : arguments.operands()) {
    if (const auto done = ActOnOne(**desk, Collection(arguments), verb, id, said); !done) {
      return Report(done.error());
    }
  }
  return ExitCode::kDone;
}

}  // namespace

ExitCode RunMessagesList(const Arguments& arguments) {
  const auto desk = MessageDesk::Open(arguments);
  if (!desk) {
    return Report(desk.error());
  }
  const auto list = IsOutbox(arguments)
                        ? ListOutbox(**desk, arguments)
                        : Search(**desk, Joined(AskedOf(arguments), Asked(arguments, {"before", "count"})));
  if (!list) {
    return Report(list.error());
  }
  for (const fhir::json::Value& entry : EntriesOf(*list)) {
    PrintRow(entry, IsOutbox(arguments));
  }
  if (const auto next = list->FindText("go_on_before"); !next.empty()) {
    fmt::print(stderr, "{} messages were looked at; the search goes on with --before {}\n", list->FindText("looked_at"),
               next);
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
  return ActOn(arguments, "replay", "is waiting again");
}

ExitCode RunMessagesDiscard(const Arguments& arguments) {
  return ActOn(arguments, "discard", "is discarded");
}

ExitCode RunMessagesCheck(const Arguments& arguments) {
  const auto desk = MessageDesk::Open(arguments);
  if (!desk) {
    return Report(desk.error());
  }
  const auto body = (*desk)->Ask(http::Method::kGet, "/console/messages/_check");
  if (!body) {
    return Report(body.error());
  }
  const auto check = fhir::json::ReadValue(*body);
  if (!check) {
    return Report(check.error());
  }
  for (const fhir::json::Member& member : check->members()) {
    fmt::print("{:<12}{:>12}\n", member.name, member.value.text());
  }
  return check->FindText("conserved") == "yes" ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace gateway::app
