#include "gateway/console/watch_routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "fhir/base/date_time.hpp"
#include "fhir/json/writer.hpp"
#include "gateway/console/answers.hpp"

namespace gateway::console {
namespace {

constexpr int kAlertsDefault = 100;
constexpr int kAlertsMax = 1'000;

/// One JSON object; numbers as numbers, instants as text, an instant that is not is left out.
class WatchObject {
 public:
  WatchObject& Text(std::string_view name, std::string_view value) {
    Name(name);
    fhir::json::AppendQuoted(text_, value);
    return *this;
  }
  WatchObject& Number(std::string_view name, std::int64_t value) {
    Name(name);
    text_ += fmt::format("{}", value);
    return *this;
  }
  WatchObject& Instant(std::string_view name, std::int64_t us) {
    return us == 0 ? *this : Text(name, fhir::FormatInstant(us));
  }
  std::string Finish() { return text_ + '}'; }

 private:
  void Name(std::string_view name) {
    text_ += text_.size() > 1 ? "," : "";
    fhir::json::AppendQuoted(text_, name);
    text_ += ':';
  }
  std::string text_ = "{";
};

template <typename Items, typename ToObject>
std::string WatchList(const Items& items, ToObject to_object) {
  std::string text = "[";
  for (const auto& item : items) {
    text += (text.size() > 1 ? "," : "") + to_object(item).Finish();
  }
  return text + ']';
}

WatchObject OfPartner(const store::PartnerWatch& one) {
  WatchObject object;
  object.Text("partner", one.partner)
      .Number("received", one.received_day)
      .Number("acknowledged", one.acknowledged_day)
      .Number("failed", one.failed_day)
      .Number("waiting", one.waiting)
      .Number("refused", one.refused)
      .Number("parked", one.parked)
      .Instant("oldest_waiting", one.oldest_waiting_us)
      .Instant("last", one.last_us)
      .Number("expected_since", static_cast<std::int64_t>(one.expected));
  return object;
}

WatchObject OfDestination(const store::DestinationWatch& one) {
  WatchObject object;
  object.Text("destination", one.destination)
      .Number("waiting", one.waiting)
      .Number("dead", one.dead)
      .Instant("oldest_waiting", one.oldest_waiting_us);
  return object;
}

WatchObject OfAlert(const store::Alert& one) {
  WatchObject object;
  object.Text("kind", one.kind)
      .Text("subject", one.subject)
      .Text("detail", one.detail)
      .Instant("began", one.began_us)
      .Instant("ended", one.ended_us);
  return object;
}

http::Response ShowPartners(store::WatchStore& store) {
  const auto partners = store.Partners();
  if (!partners) {
    return Refusal(partners.error());
  }
  const auto destinations = store.Destinations();
  if (!destinations) {
    return Refusal(destinations.error());
  }
  return Json(fmt::format(R"({{"partners":{},"destinations":{}}})", WatchList(*partners, OfPartner),
                          WatchList(*destinations, OfDestination)));
}

http::Response ShowAlerts(store::WatchStore& store, const http::Request& request) {
  int count = kAlertsDefault;
  if (const auto text = request.QueryValue("count"); text) {
    const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), count);
    if (failure != std::errc() || end != text->data() + text->size() || count < 1) {
      return Refusal({.code = fhir::ErrorCode::kInvalid, .public_text = {"count is a whole number from 1"}});
    }
  }
  const auto alerts = store.ListAlerts(std::min(count, kAlertsMax));
  return alerts ? Json(fmt::format(R"({{"alerts":{}}})", WatchList(*alerts, OfAlert))) : Refusal(alerts.error());
}

}  // namespace

std::vector<http::Route> WatchRoutes(store::WatchStore& store) {
  return {
      {http::Method::kGet, "/console/partners", ForOperators([&store](http::Request&) { return ShowPartners(store); })},
      {http::Method::kGet, "/console/alerts",
       ForOperators([&store](http::Request& request) { return ShowAlerts(store, request); })},
  };
}

}  // namespace gateway::console
