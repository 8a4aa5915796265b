#include "gateway/console/messages_routes.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/base/time_zone.hpp"
#include "gateway/console/answers.hpp"
#include "gateway/console/message_json.hpp"
#include "gateway/http/target.hpp"

namespace gateway::console {
namespace {

constexpr int kCountMax = 1000;
constexpr int kTextSearchMs = 5'000;

fhir::Result<std::int64_t> Number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "a whole number is expected for id, before and count");
  }
  return number;
}

/// count and before, as both lists take them.
template <typename Filter>
fhir::Result<void> ReadPage(const http::Request& request, Filter& filter) {
  if (const auto before = request.QueryValue("before")) {
    GW_ASSIGN(filter.before_id, Number(*before));
  }
  if (const auto count = request.QueryValue("count")) {
    GW_ASSIGN(const std::int64_t asked, Number(*count));
    filter.count = static_cast<int>(std::min<std::int64_t>(asked, kCountMax));
  }
  return {};
}

std::string Text(const http::Request& request, std::string_view name) {
  return std::string(request.QueryValue(name).value_or(""));
}

fhir::Result<void> ReadState(const http::Request& request, adapters::port::JournalFilter& filter) {
  using adapters::port::MessageState;
  constexpr std::pair<std::string_view, MessageState> kStates[] = {
      {"received", MessageState::kReceived}, {"committed", MessageState::kCommitted},
      {"ignored", MessageState::kIgnored},   {"refused", MessageState::kRefused},
      {"parked", MessageState::kParked},     {"discarded", MessageState::kDiscarded}};
  const std::string state = Text(request, "state");
  for (const auto& [name, value] : kStates) {
    if (name == state) {
      filter.state = value;
    }
  }
  if (!state.empty() && !filter.state) {
    return fhir::Fail(fhir::ErrorCode::kInvalid,
                      "state must be received, committed, ignored, refused, parked or discarded");
  }
  return {};
}

fhir::Result<void> ReadState(const http::Request& request, store::OutboxFilter& filter) {
  using adapters::port::OutboxState;
  const std::string state = Text(request, "state");
  if (state == "waiting") {
    filter.state = OutboxState::kWaiting;
  } else if (state == "delivered") {
    filter.state = OutboxState::kDelivered;
  } else if (state == "dead") {
    filter.state = OutboxState::kDead;
  } else if (!state.empty()) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "state must be waiting, delivered or dead");
  }
  return {};
}

/// {"entries":[…]} of anything ToJson knows.
template <typename Entries, typename Write>
http::Response List(const Entries& entries, Write write) {
  std::string body = "{\"entries\":[";
  for (const auto& entry : entries) {
    body += body.back() == '[' ? "" : ",";
    body += write(entry);
  }
  return Json(body + "]}");
}

/// A moment: an instant, or a date or time of less precision, whose beginning it is. Without a zone: UTC.
fhir::Result<std::optional<std::int64_t>> ReadMoment(const http::Request& request, std::string_view name) {
  const auto text = request.QueryValue(name);
  if (!text) {
    return std::optional<std::int64_t>();
  }
  const auto moment = fhir::ParseDateTime(*text, fhir::DateForm::kRelaxed);
  if (!moment) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "from and to must be dates or instants, e.g. 2026-01-31T08:00:00Z");
  }
  return std::optional(fhir::ToRange(*moment, fhir::TimeZone::Utc()).low_us);
}

fhir::Result<adapters::port::JournalFilter> ReadFilter(const http::Request& request) {
  adapters::port::JournalFilter filter;
  filter.partner = Text(request, "partner");
  filter.type = Text(request, "type");
  filter.control_id = Text(request, "control_id");
  filter.error_code = Text(request, "error_code");
  filter.error_place = Text(request, "error_place");
  GW_ASSIGN(filter.received_from_us, ReadMoment(request, "from"));
  GW_ASSIGN(filter.received_to_us, ReadMoment(request, "to"));
  GW_TRY(ReadPage(request, filter));
  GW_TRY(ReadState(request, filter));
  return filter;
}

/// The text as it may stand in messages of the usual character sets: UTF-8, and the single-byte sets of western Europe,
/// which agree on its letters.
std::vector<std::string> FormsOf(const std::string& text) {
  std::vector<std::string> forms{text};
  std::string single;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      single += text[i];
    } else if ((byte == 0xC2 || byte == 0xC3) && i + 1 < text.size()) {
      single += static_cast<char>((byte & 0x03) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F));
    } else {
      return forms;
    }
  }
  if (single != text) {
    forms.push_back(std::move(single));
  }
  return forms;
}

/// A search whose parameters come as a form: who is looked for stands in no URL.
http::Response SearchMessages(adapters::port::Journal& journal, http::Request& request) {
  auto form = http::ParseQuery(request.body);
  if (!form) {
    return Refusal(form.error());
  }
  request.query = *std::move(form);
  auto filter = ReadFilter(request);
  if (!filter) {
    return Refusal(filter.error());
  }
  filter->patient = Text(request, "patient");
  const std::string text = Text(request, "text");
  if (text.empty()) {
    const auto entries = journal.List(*filter);
    return entries ? List(*entries, [](const auto& entry) { return ToJson(entry, Detail::kRow); })
                   : Refusal(entries.error());
  }
  const auto found = journal.FindText(*filter, FormsOf(text), kTextSearchMs);
  if (!found) {
    return Refusal(found.error());
  }
  http::Response response = List(found->entries, [](const auto& entry) { return ToJson(entry, Detail::kRow); });
  response.body.pop_back();
  response.body += fmt::format(",\"looked_at\":\"{}\"", found->looked_at);
  if (found->go_on_before) {
    response.body += fmt::format(",\"go_on_before\":\"{}\"", *found->go_on_before);
  }
  response.body += '}';
  return response;
}

http::Response CheckMessages(adapters::port::Journal& journal) {
  const auto check = journal.Check();
  return check ? Json(ToJson(*check)) : Refusal(check.error());
}

http::Response ListMessages(adapters::port::Journal& journal, const http::Request& request) {
  const auto filter = ReadFilter(request);
  if (!filter) {
    return Refusal(filter.error());
  }
  const auto entries = journal.List(*filter);
  return entries ? List(*entries, [](const auto& entry) { return ToJson(entry, Detail::kRow); })
                 : Refusal(entries.error());
}

http::Response ShowMessage(adapters::port::Journal& journal, const http::Request& request) {
  const auto id = Number(request.PathParameter("id"));
  if (!id) {
    return Refusal(id.error());
  }
  const auto entry = journal.Get(*id);
  return entry ? Json(ToJson(*entry, request.QueryValue("raw") == "1" ? Detail::kWithRaw : Detail::kEntry))
               : Refusal(entry.error());
}

http::Response ListOutbox(store::OutboxStore& outbox, const http::Request& request) {
  store::OutboxFilter filter;
  filter.destination = Text(request, "destination");
  if (const auto page = ReadPage(request, filter); !page) {
    return Refusal(page.error());
  }
  if (const auto state = ReadState(request, filter); !state) {
    return Refusal(state.error());
  }
  const auto records = outbox.List(filter);
  return records ? List(*records, [](const auto& record) { return ToJson(record); }) : Refusal(records.error());
}

/// Does what `again` says with one entry, and wakes the workers.
template <typename Again>
http::Handler Replay(std::function<void()> wake, Again again) {
  return [wake = std::move(wake), again](http::Request& request) {
    const auto id = Number(request.PathParameter("id"));
    if (!id) {
      return Refusal(id.error());
    }
    if (const auto done = again(*id); !done) {
      return Refusal(done.error());
    }
    wake();
    return Json("{}");
  };
}

}  // namespace

std::vector<http::Route> MessagesRoutes(MessagesPorts ports) {
  adapters::port::Journal& journal = ports.journal;
  store::OutboxStore& outbox = ports.outbox;
  return {
      {http::Method::kGet, "/console/messages",
       ForOperators([&journal](http::Request& request) { return ListMessages(journal, request); })},
      {http::Method::kPost, "/console/messages/_search",
       ForOperators([&journal](http::Request& request) { return SearchMessages(journal, request); })},
      {http::Method::kGet, "/console/messages/_check",
       ForOperators([&journal](http::Request&) { return CheckMessages(journal); })},
      {http::Method::kGet, "/console/messages/{id}",
       ForOperators([&journal](http::Request& request) { return ShowMessage(journal, request); })},
      {http::Method::kPost, "/console/messages/{id}/replay",
       ForOperators(Replay(ports.wake, [&journal](std::int64_t id) { return journal.Replay(id); }))},
      {http::Method::kPost, "/console/messages/{id}/discard",
       ForOperators(Replay(ports.wake, [&journal](std::int64_t id) { return journal.Discard(id); }))},
      {http::Method::kGet, "/console/outbox",
       ForOperators([&outbox](http::Request& request) { return ListOutbox(outbox, request); })},
      {http::Method::kPost, "/console/outbox/{id}/replay",
       ForOperators(Replay(ports.wake, [&outbox](std::int64_t id) { return outbox.Replay(id); }))},
  };
}

}  // namespace gateway::console
