#include "gateway/app/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "adapters/hospital/hl7v2/ack/ack.hpp"

namespace gateway::app {
namespace {

namespace hl7v2_ack = adapters::hospital::hl7v2::ack;

constexpr int kHoldingMax = 1'000;
constexpr const char* kAlertKinds[] = {"silent", "waiting", "held", "dead", "undelivered"};

std::int64_t SecondsSince(std::int64_t since_us, std::int64_t now_us) {
  return since_us == 0 ? 0 : std::max<std::int64_t>(0, (now_us - since_us) / 1'000'000);
}

bool IsAccepted(std::string_view acknowledgement) {
  const auto received = hl7v2_ack::Read(acknowledgement);
  return received && (received->code == hl7v2_ack::Code::kAA || received->code == hl7v2_ack::Code::kCA);
}

}  // namespace

Watch::Watch(settings::WatchSettings settings, std::vector<std::string> partners, store::WatchStore& store,
             telemetry::Metrics& metrics, std::function<void(const store::Alert&)> told)
    : settings_(settings), store_(store), metrics_(metrics), told_(std::move(told)) {
  for (std::string& partner : partners) {
    counts_[partner].partner = partner;
  }
}

void Watch::Count(const std::string& partner, std::string_view acknowledgement) {
  const bool accepted = IsAccepted(acknowledgement);
  const auto add = [&](const char* outcome) {
    metrics_
        .GetCounter(
            "passerelle_partner_messages_total",
            "Messages of a partner: received, and of those acknowledged (AA, CA) or failed (AE, AR or no answer).",
            {{"partner", partner}, {"outcome", outcome}})
        .Add();
  };
  add("received");
  add(accepted ? "acknowledged" : "failed");
  const std::lock_guard lock(mutex_);
  store::ExchangeCount& count = counts_[partner];
  count.partner = partner;
  ++count.received;
  ++(accepted ? count.acknowledged : count.failed);
}

fhir::Result<void> Watch::SayCounts() {
  std::vector<store::ExchangeCount> counts;
  {
    const std::lock_guard lock(mutex_);
    counts.reserve(counts_.size());
    for (auto& [partner, count] : counts_) {
      if (count.received > 0) {
        counts.push_back(std::exchange(count, {.partner = partner}));
      }
    }
  }
  const auto said = store_.AddCounts(counts);
  if (!said) {
    const std::lock_guard lock(mutex_);
    for (const store::ExchangeCount& one : counts) {
      store::ExchangeCount& count = counts_[one.partner];
      count.received += one.received;
      count.acknowledged += one.acknowledged;
      count.failed += one.failed;
    }
  }
  return said;
}

void Watch::SetGauges(const std::vector<store::PartnerWatch>& partners,
                      const std::vector<store::DestinationWatch>& destinations, std::int64_t now_us) {
  const auto of_partner = [&](const char* name, const char* help, const std::string& partner, std::int64_t value) {
    metrics_.GetGauge(name, help, {{"partner", partner}}).Set(value);
  };
  for (const store::PartnerWatch& one : partners) {
    of_partner("passerelle_partner_waiting", "Messages of a partner that are received and not finished.", one.partner,
               one.waiting);
    of_partner("passerelle_partner_refused", "Messages of a partner that were refused and not taken up again.",
               one.partner, one.refused);
    of_partner("passerelle_partner_parked", "Messages of a partner that are held behind a refused one.", one.partner,
               one.parked);
    of_partner("passerelle_partner_oldest_waiting_seconds", "Age of a partner's oldest message that waits; 0: none.",
               one.partner, SecondsSince(one.oldest_waiting_us, now_us));
    of_partner("passerelle_partner_silent_seconds", "Time since a partner last sent something.", one.partner,
               SecondsSince(one.last_us, now_us));
    of_partner("passerelle_partner_expected_messages",
               "Messages that a partner's own history makes expected in the time since it last sent something.",
               one.partner, static_cast<std::int64_t>(one.expected));
  }
  const auto of_destination = [&](const std::string& name, std::int64_t waiting, std::int64_t dead,
                                  std::int64_t oldest_us) {
    const telemetry::Labels labels{{"destination", name}};
    metrics_.GetGauge("passerelle_destination_waiting", "Outbox entries that wait for a destination.", labels)
        .Set(waiting);
    metrics_.GetGauge("passerelle_destination_dead", "Dead letters of a destination.", labels).Set(dead);
    metrics_
        .GetGauge("passerelle_destination_oldest_waiting_seconds",
                  "Age of the oldest entry that waits for a destination; 0: none.", labels)
        .Set(SecondsSince(oldest_us, now_us));
  };
  for (const std::string& name : std::exchange(destinations_seen_, {})) {
    of_destination(name, 0, 0, 0);  // what has been delivered meanwhile is in no row any more
  }
  for (const store::DestinationWatch& one : destinations) {
    of_destination(one.destination, one.waiting, one.dead, one.oldest_waiting_us);
    destinations_seen_.push_back(one.destination);
  }
}

std::vector<store::Alert> Watch::Wanted(const std::vector<store::PartnerWatch>& partners,
                                        const std::vector<store::DestinationWatch>& destinations,
                                        const std::vector<store::HoldingMessage>& holding, std::int64_t now_us) const {
  std::vector<store::Alert> wanted;
  const auto want = [&](const char* kind, std::string subject, std::string detail) {
    wanted.push_back({.kind = kind, .subject = std::move(subject), .detail = std::move(detail)});
  };
  const auto is_old = [&](std::int64_t since_us) {
    return since_us != 0 && (now_us - since_us) / 1'000 >= settings_.waiting_ms;
  };
  for (const store::PartnerWatch& one : partners) {
    if (settings_.silence_messages > 0 && one.expected >= static_cast<double>(settings_.silence_messages)) {
      want("silent", one.partner,
           fmt::format("nothing since {} s, about {:.0f} messages by its own history",
                       SecondsSince(one.last_us, now_us), one.expected));
    }
    if (is_old(one.oldest_waiting_us)) {
      want("waiting", one.partner, fmt::format("{} messages wait", one.waiting));
    }
  }
  for (const store::HoldingMessage& one : holding) {
    want("held", fmt::format("{}", one.id), fmt::format("a refused message of {} holds a patient", one.partner));
  }
  for (const store::DestinationWatch& one : destinations) {
    if (one.dead > 0) {
      want("dead", one.destination, fmt::format("{} dead letters", one.dead));
    }
    if (is_old(one.oldest_waiting_us)) {
      want("undelivered", one.destination, fmt::format("{} entries wait", one.waiting));
    }
  }
  return wanted;
}

fhir::Result<void> Watch::Run(std::int64_t now_us) {
  GW_TRY(SayCounts());
  GW_ASSIGN(const auto partners, store_.Partners());
  GW_ASSIGN(const auto destinations, store_.Destinations());
  GW_ASSIGN(const auto holding, store_.Holding(kHoldingMax));
  SetGauges(partners, destinations, now_us);
  const auto wanted = Wanted(partners, destinations, holding, now_us);
  GW_ASSIGN(const store::AlertChanges changes, store_.SyncAlerts(wanted));
  for (const char* kind : kAlertKinds) {
    const auto open =
        std::count_if(wanted.begin(), wanted.end(), [&](const auto& alert) { return alert.kind == kind; });
    metrics_.GetGauge("passerelle_alerts", "Alerts that are open, by kind.", {{"kind", kind}}).Set(open);
  }
  for (const auto* list : {&changes.begun, &changes.ended}) {
    for (const store::Alert& alert : *list) {
      told_(alert);
    }
  }
  return {};
}

}  // namespace gateway::app
