#include "gateway/console/messages_routes.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/port/actor.hpp"
#include "gateway/console/message_json.hpp"

namespace gateway::console {
namespace {

constexpr int kCountMax = 1000;

http::Response Json(std::string body) {
  http::Response response;
  response.headers.Add("Content-Type", "application/json");
  response.headers.Add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

http::Response Refusal(const fhir::Error& error) {
  const int status = error.code == fhir::ErrorCode::kNotFound      ? 404
                     : error.code == fhir::ErrorCode::kConflict    ? 409
                     : error.code == fhir::ErrorCode::kUnavailable ? 503
                     : error.code == fhir::ErrorCode::kInvalid     ? 400
                                                                   : 500;
  return http::ErrorResponse(status, error.code, error.public_text.text, http::DefaultErrorBody);
}

bool MayOperate(const http::Request& request) {
  return request.actor != nullptr && (request.actor->kind == adapters::port::PartyKind::kOperator ||
                                      request.actor->kind == adapters::port::PartyKind::kOpen ||
                                      request.actor->kind == adapters::port::PartyKind::kSystem);
}

/// Wraps an endpoint: only operators reach it.
http::Handler ForOperators(http::Handler endpoint) {
  return [endpoint = std::move(endpoint)](http::Request& request) {
    if (!MayOperate(request)) {
      return http::ErrorResponse(403, fhir::ErrorCode::kForbidden, "only operators may see messages",
                                 http::DefaultErrorBody);
    }
    return endpoint(request);
  };
}

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
  constexpr std::pair<std::string_view, MessageState> kStates[] = {{"received", MessageState::kReceived},
                                                                   {"committed", MessageState::kCommitted},
                                                                   {"ignored", MessageState::kIgnored},
                                                                   {"refused", MessageState::kRefused},
                                                                   {"parked", MessageState::kParked},
                                                                   {"discarded", MessageState::kDiscarded}};
  const std::string state = Text(request, "state");
  for (const auto& [name, value] : kStates) {
    if (name == state) {
      filter.state = value;
    }
  }
  if (!state.empty() && !filter.state) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "state must be received, committed, ignored, refused, parked or discarded");
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

http::Response ListMessages(adapters::port::Journal& journal, const http::Request& request) {
  adapters::port::JournalFilter filter;
  filter.partner = Text(request, "partner");
  filter.type = Text(request, "type");
  filter.control_id = Text(request, "control_id");
  if (const auto page = ReadPage(request, filter); !page) {
    return Refusal(page.error());
  }
  if (const auto state = ReadState(request, filter); !state) {
    return Refusal(state.error());
  }
  const auto entries = journal.List(filter);
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

/// Replays what `again` says, and wakes the workers.
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
      {http::Method::kGet, "/console/messages/{id}",
       ForOperators([&journal](http::Request& request) { return ShowMessage(journal, request); })},
      {http::Method::kPost, "/console/messages/{id}/replay",
       ForOperators(Replay(ports.wake, [&journal](std::int64_t id) { return journal.Replay(id); }))},
      {http::Method::kGet, "/console/outbox",
       ForOperators([&outbox](http::Request& request) { return ListOutbox(outbox, request); })},
      {http::Method::kPost, "/console/outbox/{id}/replay",
       ForOperators(Replay(ports.wake, [&outbox](std::int64_t id) { return outbox.Replay(id); }))},
  };
}

}  // namespace gateway::console
