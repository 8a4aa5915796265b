#include "gateway/app/composition_root.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "adapters/followup/discharge.hpp"
#include "adapters/hospital/forwarding/document_forwarding.hpp"
#include "adapters/hospital/hl7v2/inbound.hpp"
#include "adapters/hospital/hl7v2/messages/outbound_messages.hpp"
#include "adapters/hospital/hl7v2/mllp/listener.hpp"
#include "adapters/hospital/hl7v2/mllp/sender.hpp"
#include "adapters/hospital/identity/identity_corrections.hpp"
#include "adapters/hospital/identity/identity_links.hpp"
#include "adapters/hospital/identity/merged_patients.hpp"
#include "adapters/hospital/identity/moved_stays.hpp"
#include "adapters/insurer/claims.hpp"
#include "adapters/platform/booking.hpp"
#include "adapters/platform/notification.hpp"
#include "adapters/platform/rest_hook_sender.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/metadata/definitions.hpp"
#include "gateway/app/background_jobs.hpp"
#include "gateway/app/backlog.hpp"
#include "gateway/app/clock_and_ids.hpp"
#include "gateway/app/conformance.hpp"
#include "gateway/app/database.hpp"
#include "gateway/app/housekeeping.hpp"
#include "gateway/app/http_pipeline.hpp"
#include "gateway/app/named_files.hpp"
#include "gateway/app/operations_routes.hpp"
#include "gateway/app/paging_duties.hpp"
#include "gateway/app/rules.hpp"
#include "gateway/app/search_parameter_work.hpp"
#include "gateway/app/senders.hpp"
#include "gateway/app/version.hpp"
#include "gateway/app/watch.hpp"
#include "gateway/audit/audit_trail.hpp"
#include "gateway/console/messages_routes.hpp"
#include "gateway/console/watch_routes.hpp"
#include "gateway/http/client.hpp"
#include "gateway/http/server.hpp"
#include "gateway/journal/dispatcher.hpp"
#include "gateway/journal/recovery.hpp"
#include "gateway/rest/async_request.hpp"
#include "gateway/rest/bulk_import/import_job.hpp"
#include "gateway/rest/concept_upload/upload_job.hpp"
#include "gateway/rest/convert.hpp"
#include "gateway/rest/expunge_job.hpp"
#include "gateway/rest/service.hpp"
#include "gateway/store/bulk/bulk_export.hpp"
#include "gateway/store/concepts/concept_store.hpp"
#include "gateway/store/concepts/concept_sweep.hpp"
#include "gateway/store/history_pruning.hpp"
#include "gateway/store/journal_statements.hpp"
#include "gateway/store/journal_store.hpp"
#include "gateway/store/outbox_store.hpp"
#include "gateway/store/paging/key_ring.hpp"
#include "gateway/store/pg/wanted.hpp"
#include "gateway/store/reindex_job.hpp"
#include "gateway/store/resource_store.hpp"
#include "gateway/store/resource_views.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "gateway/store/search_parameters/start.hpp"
#include "gateway/store/statistics.hpp"
#include "gateway/store/terminology/stored_terminology.hpp"
#include "gateway/store/unit_of_work.hpp"
#include "gateway/store/watch_store.hpp"

namespace gateway::app {
namespace {

namespace hl7v2 = adapters::hospital::hl7v2;
namespace port = adapters::port;

constexpr int kBacklogPeriodMs = 5'000;
constexpr int kStatisticsPeriodMs = 2'000;
constexpr int kPruningPeriodMs = 60'000;
constexpr int kSweepPeriodMs = 10 * 60'000;
constexpr int kSweepKeysMax = 5'000;  // of one statement
constexpr int kSweepBatchesMax = 20;  // of one round; the gateway waits for it when it stops

telemetry::Level LevelOf(std::string_view name) {
  for (const telemetry::Level level : {telemetry::Level::kDebug, telemetry::Level::kInfo, telemetry::Level::kWarning}) {
    if (telemetry::Name(level) == name) {
      return level;
    }
  }
  return telemetry::Level::kError;
}

bool OnlyReads(const http::Request& request) {
  return request.method == http::Method::kGet || request.method == http::Method::kHead ||
         (request.method == http::Method::kPost && request.path.ends_with("/_search"));
}

rest::ConditionalDelete ConditionalDeleteOf(std::string_view setting) {
  return setting == "multiple" ? rest::ConditionalDelete::kMultiple
         : setting == "single" ? rest::ConditionalDelete::kSingle
                               : rest::ConditionalDelete::kNotSupported;
}

/// What an MLLP partner may do: all that its mapping asks for. The rules of the mapping are its policy.
port::Actor PartnerActor(const std::string& partner) {
  port::Actor actor;
  actor.kind = port::PartyKind::kHospital;
  actor.party = partner;
  auto grants = std::make_shared<port::Grants>();
  grants->unrestricted = true;
  actor.grants = std::move(grants);
  return actor;
}

void CountMessages(telemetry::Metrics& metrics, const std::string& partner, bool answered) {
  metrics
      .GetCounter("passerelle_mllp_messages_total",
                  "HL7 v2 messages received, by partner and whether they were answered.",
                  {{"partner", partner}, {"answered", answered ? "yes" : "no"}})
      .Add();
}

/// One line for each HL7 v2 message: what asks for a person is a warning.
void LogMessage(telemetry::Logger& logger, const std::string& partner, const hl7v2::InboundReport& report) {
  using telemetry::Code;
  const auto message = telemetry::Count("entry", report.message);
  if (report.error) {
    logger.Warning("mllp", "message not answered",
                   {message, Code("partner", partner), Code("error", report.error->code),
                    telemetry::Detail(report.error->internal_text)});
    return;
  }
  const bool refused = report.state == port::MessageState::kRefused;
  logger.Log(refused ? telemetry::Level::kWarning : telemetry::Level::kInfo, "mllp", "message",
             {message, Code("partner", partner), Code("state", store::StateName(report.state)),
              telemetry::Flag("repeated", report.repeated), Code("condition", report.condition),
              Code("place", report.place), telemetry::Flag("accepted", report.accepted)});
  if (report.reused_id) {
    logger.Warning("mllp", "an earlier message had its control id and other bytes",
                   {message, Code("partner", partner)});
  }
  if (report.holds) {
    logger.Warning("mllp", "later messages of the patient are parked behind it", {message, Code("partner", partner)});
  }
  if (report.released) {
    logger.Info("mllp", "messages parked behind it go on", {message, Code("partner", partner)});
  }
}

void LogAlert(telemetry::Logger& logger, const store::Alert& alert) {
  const auto kind = telemetry::Code("kind", alert.kind);
  const auto subject = telemetry::Code("subject", alert.subject);
  if (alert.ended_us == 0) {
    logger.Warning("watch", "alert begins", {kind, subject, telemetry::Detail({alert.detail})});
  } else {
    logger.Info("watch", "alert ended", {kind, subject});
  }
}

/// Empty in the settings means all.
std::vector<std::string> NarrativeTypes(const settings::Search& search) {
  return search.narrative_types.empty() ? std::vector<std::string>{"*"} : search.narrative_types;
}

fhir::Result<void> CheckTypes(const std::vector<std::string>& names, std::string_view setting) {
  for (const std::string& name : names) {
    const auto& r4 = fhir::metadata::Definitions::R4();
    if (name != "*" && name != "none" && !r4.IsResource(r4.FindType(name))) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("{}: {} is no resource type of FHIR R4", setting, name));
    }
  }
  return {};
}

}  // namespace

/// Members are made from top to bottom and end from bottom to top.
struct Gateway::Parts {
  settings::Settings settings;
  std::unique_ptr<telemetry::Logger> logger;
  telemetry::Metrics metrics;
  SystemClock clock;
  TimeOrderedIds ids;
  Rules rules;
  Conformance conformance;
  std::mutex maps_mutex;  // guards rules.hl7v2_maps and rules.outbound_maps after start
  Destinations destinations;
  std::unique_ptr<Database> database;
  std::unique_ptr<store::paging::KeyRing> cursor_keys;
  std::unique_ptr<store::search_parameters::Registry> search_parameters;
  store::StoreOptions store_options;

  // Reactions, in the order in which they run.
  std::vector<std::unique_ptr<port::Reaction>> reactions;
  std::unique_ptr<audit::TransactionAudit> transaction_audit;
  std::unique_ptr<store::StoreUnitOfWorkFactory> units;
  std::unique_ptr<store::StoreResourceStore> resources;
  std::unique_ptr<store::StoreResourceViews> views;
  std::unique_ptr<store::concepts::ConceptStore> concept_store;
  std::unique_ptr<store::StoredTerminology> terminology;
  std::unique_ptr<store::JournalStore> journal;
  std::unique_ptr<store::OutboxStore> outbox;
  std::unique_ptr<store::WatchStore> watch_store;
  std::unique_ptr<Watch> watch;
  std::unique_ptr<audit::ReadAudit> read_audit;

  std::vector<std::unique_ptr<port::Sender>> senders;
  std::unique_ptr<journal::Dispatcher> dispatcher;
  std::map<std::string, std::unique_ptr<hl7v2::InboundProcessor>> inbound;  // by partner
  std::unique_ptr<journal::Recovery> recovery;
  std::unique_ptr<BackgroundJobs> jobs;
  store::bulk::BulkExport* exports = nullptr;  // owned by jobs
  store::ReindexJob* reindexing = nullptr;     // owned by jobs
  store::HistoryPruning* pruning = nullptr;    // owned by jobs
  std::unique_ptr<Housekeeping> housekeeping;
  std::unique_ptr<Housekeeping> indexing;  // what may take its time does not hold up the rest

  std::shared_ptr<rest::Service> rest;
  http::Handler handler;  // set before the server starts
  std::unique_ptr<http::Server> http_server;
  std::vector<std::pair<std::string, std::unique_ptr<hl7v2::mllp::Listener>>> listeners;
  std::atomic<bool> stopping{false};

  fhir::Result<void> OpenDatabase();
  fhir::Result<void> MakeStore();
  fhir::Result<void> MakeExchange();
  /// Brings a message of the journal to its end.
  fhir::Result<void> WorkOn(const port::JournalEntry& entry, bool give_up);
  void MakeJobs();
  void MakeHousekeeping();
  fhir::Result<void> MakeHttp();
  access::AuthenticateOptions Authentication() const;
  fhir::Result<port::Actor> ActorOf(const port::JobOwner& owner) const;
  fhir::Result<void> BindHttp();
  fhir::Result<void> Listen();
  std::shared_ptr<const hl7v2::messages::MapSet> CurrentMaps();
  std::shared_ptr<const hl7v2::messages::OutboundMaps> CurrentOutboundMaps();
  std::string BaseUrl() const;
};

std::shared_ptr<const hl7v2::messages::MapSet> Gateway::Parts::CurrentMaps() {
  const std::lock_guard lock(maps_mutex);
  return rules.hl7v2_maps;
}

std::shared_ptr<const hl7v2::messages::OutboundMaps> Gateway::Parts::CurrentOutboundMaps() {
  const std::lock_guard lock(maps_mutex);
  return rules.outbound_maps;
}

std::string Gateway::Parts::BaseUrl() const {
  if (!settings.http.base_url.empty()) {
    return settings.http.base_url;
  }
  const std::string host = settings.http.address.substr(0, settings.http.address.rfind(':'));
  return fmt::format("{}://{}:{}/fhir", settings.http.tls.enabled() ? "https" : "http", host, http_server->port());
}

fhir::Result<void> Gateway::Parts::OpenDatabase() {
  GW_ASSIGN(database, Database::Open(settings.database, logger.get(), &metrics));
  store::pg::Pool& pool = database->pool();
  metrics.AddGauge("passerelle_database_connections", "Connections to the database.",
                   [&pool] { return static_cast<double>(pool.state().open); });
  metrics.AddGauge("passerelle_database_waiting", "Threads that wait for a connection.",
                   [&pool] { return static_cast<double>(pool.state().waiting); });
  return {};
}

fhir::Result<void> Gateway::Parts::MakeStore() {
  GW_TRY(CheckTypes(settings.search.narrative_types, "search.narrative_types"));
  GW_TRY(CheckTypes(settings.search.content_types, "search.content_types"));
  store::StoreOptions options;
  options.base_url = BaseUrl();
  options.zone = settings.search.zone;
  options.page_size_default = static_cast<int>(settings.search.page_size_default);
  options.page_size_max = static_cast<int>(settings.search.page_size_max);
  options.includes_max = static_cast<std::int64_t>(settings.search.includes_max);
  options.patient_links_followed = settings.search.follow_patient_links;
  options.narrative_types = NarrativeTypes(settings.search);
  options.content_types = settings.search.content_types;
  options.limits = settings.limits;
  options.check = conformance.write_check.get();
  options.references_checked = settings.validation.local_references == "enforce";
  options.deletes_checked = settings.validation.referenced_deletes == "refuse";
  options.clock = &clock;
  options.ids = &ids;
  options.on_outbox_filled = [this] { dispatcher->Wake(); };  // set before anything is served
  GW_ASSIGN(cursor_keys, MakeCursorKeys(settings.search, database->pool()));
  options.cursor_keys = cursor_keys.get();
  search_parameters = std::make_unique<store::search_parameters::Registry>(database->pool());
  options.search_parameters = search_parameters.get();
  GW_ASSIGN(const auto taken, store::search_parameters::TakeParameters(database->pool(), *search_parameters,
                                                                       conformance.search_parameters));
  for (const std::string& text : taken.passed_over) {
    logger->Warning("search", "a search parameter is not indexed", {telemetry::Detail({text})});
  }
  options.cursor_lifetime_ms = settings.search.cursor_lifetime_ms;
  options.repeat_lifetime_ms = settings.repeats.lifetime_ms;

  // Booking first: whoever loses the race for a slot is told before anything else is done for the appointment.
  reactions.push_back(std::make_unique<adapters::platform::Booking>());
  reactions.push_back(std::make_unique<adapters::platform::BookedSlot>());
  // Who replaces whom comes before who else is the same person: a replaced record is left out of that.
  reactions.push_back(std::make_unique<adapters::hospital::identity::MergedPatients>());
  reactions.push_back(std::make_unique<adapters::hospital::identity::IdentityLinks>());
  reactions.push_back(std::make_unique<adapters::hospital::identity::IdentityCorrections>(destinations.identities));
  reactions.push_back(std::make_unique<adapters::hospital::identity::MovedStays>());
  reactions.push_back(std::make_unique<adapters::platform::AppointmentNotification>(destinations.appointments));
  reactions.push_back(std::make_unique<adapters::followup::DischargeFollowUp>(rules.plans, settings.search.zone));
  reactions.push_back(std::make_unique<adapters::insurer::VisitClaims>(rules.tariffs, settings.search.zone));
  reactions.push_back(std::make_unique<hl7v2::messages::OutboundMessages>(destinations.messages,
                                                                          [this] { return CurrentOutboundMaps(); }));
  reactions.push_back(std::make_unique<adapters::hospital::forwarding::DocumentForwarding>());
  for (const auto& reaction : reactions) {
    options.reactions.push_back(reaction.get());
  }
  const audit::AuditOptions audit_options{.reads = settings.audit.reads,
                                          .writes = settings.audit.writes,
                                          .provenance = settings.audit.provenance,
                                          .source = {}};
  const fhir::metadata::Definitions& definitions = fhir::metadata::Definitions::R4();
  transaction_audit = std::make_unique<audit::TransactionAudit>(definitions, audit_options);
  options.commit_hooks.push_back(transaction_audit.get());

  store_options = options;
  units = std::make_unique<store::StoreUnitOfWorkFactory>(database->pool(), options);
  resources = std::make_unique<store::StoreResourceStore>(database->pool(), options);
  views = std::make_unique<store::StoreResourceViews>(database->pool(), options);
  concept_store = std::make_unique<store::concepts::ConceptStore>(
      database->pool(), store::concepts::ConceptStoreOptions{
                            .waiting_bytes_max = static_cast<std::int64_t>(settings.terminology.upload_bytes_max)});
  terminology = std::make_unique<store::StoredTerminology>(
      *conformance.terminology, *resources, *views,
      store::StoredTerminologyLimits{.cache_bytes_max = settings.terminology.cache_bytes_max,
                                     .resource = settings.limits},
      concept_store.get());
  journal = std::make_unique<store::JournalStore>(database->pool());
  outbox = std::make_unique<store::OutboxStore>(database->pool());
  watch_store = std::make_unique<store::WatchStore>(database->pool());
  read_audit = std::make_unique<audit::ReadAudit>(definitions, *units, clock, audit_options);
  return {};
}

fhir::Result<void> Gateway::Parts::MakeExchange() {
  senders.push_back(std::make_unique<hl7v2::mllp::Sender>(destinations.mllp));
  senders.push_back(std::make_unique<adapters::platform::RestHookSender>(destinations.rest_hooks));
  senders.push_back(
      std::make_unique<adapters::hospital::forwarding::ForwardingSender>(destinations.forwarding, *senders.back()));
  std::vector<port::Sender*> borrowed;
  borrowed.reserve(senders.size());
  for (const auto& sender : senders) {
    borrowed.push_back(sender.get());
  }
  journal::DispatcherOptions options;
  // As many as all destinations together may have deliveries under way: those that hang keep no thread from the others.
  options.workers = std::max(static_cast<int>(settings.journal.dispatcher_threads),
                             options.circuit.in_flight_max * static_cast<int>(settings.destinations.size()));
  options.poll_ms = static_cast<int>(settings.journal.poll_ms);
  options.attempts_max = static_cast<int>(settings.journal.attempts_max);
  options.backoff = {static_cast<int>(settings.journal.retry_first_ms),
                     static_cast<int>(settings.journal.retry_max_ms)};
  dispatcher =
      std::make_unique<journal::Dispatcher>(*outbox, borrowed, options, [this](const journal::DispatchReport& report) {
        const bool delivered = report.event == journal::DispatchEvent::kDelivered;
        metrics
            .GetCounter("passerelle_outbox_deliveries_total",
                        "Attempts to deliver, by destination and whether they succeeded.",
                        {{"destination", report.destination}, {"delivered", delivered ? "yes" : "no"}})
            .Add();
        if (!delivered) {
          logger->Warning("outbox",
                          report.event == journal::DispatchEvent::kDead ? telemetry::Literal("dead letter")
                                                                        : telemetry::Literal("not delivered"),
                          {telemetry::Count("entry", report.id), telemetry::Code("destination", report.destination),
                           telemetry::Detail({report.reason})});
        }
      });
  std::vector<std::string> senders_to_us;
  senders_to_us.reserve(settings.mllp.listeners.size());
  for (const settings::MllpListener& listener : settings.mllp.listeners) {
    senders_to_us.push_back(listener.partner);
  }
  watch = std::make_unique<Watch>(settings.watch, std::move(senders_to_us), *watch_store, metrics,
                                  [this](const store::Alert& alert) { LogAlert(*logger, alert); });
  for (const settings::MllpListener& listener : settings.mllp.listeners) {
    if (inbound.contains(listener.partner)) {
      continue;
    }
    hl7v2::InboundOptions inbound_options;
    GW_ASSIGN(inbound_options.partner, HospitalPartner(settings, listener.partner));
    if (!listener.charset.empty()) {
      inbound_options.partner.charset = listener.charset;
    }
    inbound_options.actor = PartnerActor(listener.partner);
    inbound_options.enhanced = listener.acknowledgement_mode == "as-asked";
    inbound_options.acknowledgements_to = listener.acknowledgement_destination;
    if (!listener.acknowledgement_destination.empty() &&
        !destinations.mllp.contains(listener.acknowledgement_destination)) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("mllp.listeners[{}].acknowledgement_destination: no destination of kind mllp is "
                                    "called '{}'",
                                    listener.name, listener.acknowledgement_destination));
    }
    inbound_options.queued = [this] { recovery->Wake(); };  // set before anything is served
    inbound_options.knows_code = KnowsCodesOf(*conformance.terminology);
    inbound_options.report = [this, partner = listener.partner](const hl7v2::InboundReport& report) {
      LogMessage(*logger, partner, report);
      if (report.reused_id) {
        metrics
            .GetCounter("passerelle_mllp_reused_ids_total",
                        "Messages whose control id an earlier one of the partner had, with other bytes.",
                        {{"partner", partner}})
            .Add();
      }
      if (report.released) {
        recovery->Wake();  // set before anything is served
      }
    };
    inbound[listener.partner] = std::make_unique<hl7v2::InboundProcessor>(
        std::move(inbound_options), [this] { return CurrentMaps(); }, *journal, *units, clock);
  }
  recovery = std::make_unique<journal::Recovery>(
      *journal,
      journal::MessageDuties{.work = [this](const port::JournalEntry& entry) { return WorkOn(entry, false); },
                             .give_up = [this](const port::JournalEntry& entry) { return WorkOn(entry, true); }},
      journal::RecoveryOptions{.workers = static_cast<int>(settings.journal.inbound_threads),
                               .backoff = options.backoff,
                               .attempts_max = options.attempts_max},
      [this](const journal::RecoveryReport& report) {
        if (report.done) {
          logger->Info("recovery", "message finished", {telemetry::Count("entry", report.id)});
        } else {
          logger->Warning("recovery", "message left waiting",
                          {telemetry::Count("entry", report.id), telemetry::Detail({report.reason})});
        }
      });
  return {};
}

fhir::Result<void> Gateway::Parts::WorkOn(const port::JournalEntry& entry, bool give_up) {
  const auto found = inbound.find(entry.partner);
  if (found == inbound.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "the message's partner has no listener any more");
  }
  GW_TRY(give_up ? found->second->GiveUp(entry) : found->second->Process(entry));
  return {};
}

fhir::Result<port::Actor> Gateway::Parts::ActorOf(const port::JobOwner& owner) const {
  if (owner.kind == port::PartyKind::kOpen && Authentication().open_on_loopback) {
    return access::OpenActor();
  }
  const port::Actor* party = owner.kind == port::PartyKind::kOpen ? nullptr : rules.parties->FindByName(owner.party);
  if (party == nullptr || party->kind != owner.kind) {
    return fhir::Fail(fhir::ErrorCode::kForbidden, "the party that asked for this is not known any more");
  }
  return *party;
}

void Gateway::Parts::MakeJobs() {
  jobs = std::make_unique<BackgroundJobs>(settings.jobs, database->pool(), ids, *logger, metrics);
  auto bulk_export = std::make_unique<store::bulk::BulkExport>(
      database->pool(), store_options, [this](const port::JobOwner& owner) { return ActorOf(owner); },
      store::bulk::BulkExportOptions{.file_bytes_max = static_cast<std::int64_t>(settings.jobs.export_file_bytes_max),
                                     .lifetime_ms = settings.jobs.result_lifetime_ms});
  exports = bulk_export.get();
  jobs->Register(std::move(bulk_export));
  auto reindex = std::make_unique<store::ReindexJob>(database->pool(), store_options);
  reindexing = reindex.get();
  jobs->Register(std::move(reindex));
  auto history = std::make_unique<store::HistoryPruning>(
      database->pool(),
      store::HistoryPruningOptions{.lifetime_ms = settings.history.lifetime_ms,
                                   .versions_min = static_cast<std::int64_t>(settings.history.versions_min),
                                   .on_pruned = [this](std::int64_t versions) {
                                     metrics
                                         .GetCounter("passerelle_history_versions_pruned_total",
                                                     "Past versions deleted at the end of their time.")
                                         .Add(static_cast<std::uint64_t>(versions));
                                   }});
  pruning = history.get();
  jobs->Register(std::move(history));
}

void Gateway::Parts::MakeHousekeeping() {
  std::vector<Duty> duties;
  duties.push_back(
      {"backlog", kBacklogPeriodMs, [this] { return RefreshBacklog(*journal, *outbox, clock.NowUs(), metrics); }});
  duties.push_back({"watch", static_cast<int>(settings.watch.period_ms), [this] { return watch->Run(clock.NowUs()); }});
  duties.push_back({"sweep-watch", kSweepPeriodMs, [this] { return watch_store->Sweep(); }});
  duties.push_back({"statistics", kStatisticsPeriodMs, [this]() -> fhir::Result<void> {
                      GW_TRY(store::RefreshStatistics(database->pool()));
                      return {};
                    }});
  duties.push_back(
      {"sweep-keys", kSweepPeriodMs, [this] { return SweepKeys(*journal, kSweepKeysMax, kSweepBatchesMax); }});
  duties.push_back({"journal-months", kSweepPeriodMs,
                    [this] { return KeepJournalMonths(database->pool(), settings.journal, *logger); }});
  jobs->AddDuties(duties);
  duties.push_back(
      {"sweep-concepts", kSweepPeriodMs, [this] { return store::concepts::SweepConcepts(*concept_store, *views); }});
  duties.push_back({"begin-pruning-history", kPruningPeriodMs, [this]() -> fhir::Result<void> {
                      GW_TRY(pruning->BeginPass(ids, clock.NowUs()));
                      return {};
                    }});
  AddPagingDuties(duties, settings.search, database->pool(), *cursor_keys, metrics);
  duties.push_back(LearnOfParameters(*search_parameters));
  const auto failed = [this](std::string_view duty, const fhir::Error& error) {
    logger->Warning("housekeeping", "duty failed; tried again later",
                    {telemetry::Code("duty", duty), telemetry::Code("error", fhir::Name(error.code))});
  };
  housekeeping = std::make_unique<Housekeeping>(std::move(duties), failed);
  std::vector<Duty> work = {IndexParameters(database->pool(), store_options, metrics)};
  indexing = std::make_unique<Housekeeping>(std::move(work), failed);
}

access::AuthenticateOptions Gateway::Parts::Authentication() const {
  access::AuthenticateOptions options;
  options.open_on_loopback = settings.access.mode == "open";
  options.error_body = rest::ErrorBody;
  return options;
}

fhir::Result<void> Gateway::Parts::BindHttp() {
  http::ServerOptions options;
  options.http = settings.http;
  options.error_body = rest::ErrorBody;
  options.adapt_refusal = rest::AdaptError;
  options.logger = logger.get();
  options.metrics = &metrics;
  options.wants_body = access::IsFromParty(rules.parties, Authentication());
  // A read that nobody waits for any more is given up. A write goes on: its client may have been cut off, and will ask
  // what became of it.
  options.around = [](const http::Handler& next, http::Request& request, const std::function<bool()>& waits) {
    if (OnlyReads(request)) {
      const store::pg::WhileWanted scope(waits);
      return next(request);
    }
    return next(request);
  };
  GW_ASSIGN(http_server,
            http::Server::Create(std::move(options), [this](http::Request& request) { return handler(request); }));
  return {};
}

fhir::Result<void> Gateway::Parts::MakeHttp() {
  rest::RestOptions rest_options;
  rest_options.base_url = BaseUrl();
  rest_options.zone = settings.search.zone;
  rest_options.software_version = Version();
  rest_options.started = fhir::FormatInstant(clock.NowUs());
  rest_options.limits = settings.limits;
  rest_options.narrative_types = NarrativeTypes(settings.search);
  rest_options.content_types = settings.search.content_types;
  rest_options.update_create = settings.rest.update_create;
  rest_options.conditional_create = settings.rest.conditional_create;
  rest_options.conditional_update = settings.rest.conditional_update;
  rest_options.conditional_delete = ConditionalDeleteOf(settings.rest.conditional_delete);
  rest_options.conditional_delete_max = settings.rest.conditional_delete_max;
  rest_options.expunge_by_type = settings.rest.expunge_by_type;
  rest_options.import_sources = settings.jobs.import_sources;
  rest_options.job_lifetime_ms = settings.jobs.result_lifetime_ms;
  rest_options.guides = conformance.guides;
  rest_options.profiles = conformance.profiles;
  rest_options.unknown_parameters_ignored = settings.search.unknown_parameters == "ignore";
  const rest::RestPorts ports{.definitions = fhir::metadata::Definitions::R4(),
                              .store = *resources,
                              .units = *units,
                              .audit = settings.audit.reads ? read_audit.get() : nullptr,
                              .validator = conformance.validator.get(),
                              .clock = &clock,
                              .operations = {.views = views.get(),
                                             .terminology = terminology.get(),
                                             .ids = &ids,
                                             .eraser = units.get(),
                                             .search_parameters = search_parameters.get(),
                                             .jobs = &jobs->store(),
                                             .exports = exports,
                                             .reindexing = reindexing,
                                             .job_files = &jobs->store(),
                                             .concept_loads = concept_store.get()}};
  GW_ASSIGN(rest, rest::Service::Create(ports, std::move(rest_options)));
  const port::ActorOfOwner actor_of = [this](const port::JobOwner& owner) { return ActorOf(owner); };
  jobs->Register(rest::MakeRequestJob(rest, actor_of));
  jobs->Register(rest::MakeExpungeJob(rest, actor_of));
  jobs->Register(rest::bulk_import::MakeImportJob(
      rest, actor_of, jobs->store(), [](const http::ClientRequest& request) { return http::Client().Send(request); },
      {.sources = settings.jobs.import_sources}));
  jobs->Register(rest::concept_upload::MakeUploadJob(rest, actor_of, *concept_store,
                                                     {.concepts_max = settings.terminology.upload_concepts_max,
                                                      .file_bytes_max = 4 * settings.terminology.upload_bytes_max}));

  std::vector<http::Route> routes = rest::Service::Routes(rest);
  for (http::Route& route : console::MessagesRoutes({.journal = *journal, .outbox = *outbox, .wake = [this] {
                                                       recovery->Wake();
                                                       dispatcher->Wake();
                                                     }})) {
    routes.push_back(std::move(route));
  }
  for (http::Route& route : console::WatchRoutes(*watch_store)) {
    routes.push_back(std::move(route));
  }
  auto ready = [this]() -> fhir::Result<void> {
    if (stopping) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, "the gateway is stopping");
    }
    return database->pool().CheckHealth();
  };
  PipelineOptions options{.logger = *logger,
                          .metrics = metrics,
                          .parties = rules.parties,
                          .authenticate = Authentication(),
                          .new_request_id = [this] { return ids.NewUuid(); }};
  GW_ASSIGN(handler, MakePipeline(std::move(options), OperationsRoutes(std::move(ready), metrics), std::move(routes)));
  return {};
}

fhir::Result<void> Gateway::Parts::Listen() {
  for (const settings::MllpListener& listener : settings.mllp.listeners) {
    GW_ASSIGN(const settings::HostPort address, settings::ParseHostPort(listener.address));
    hl7v2::mllp::ListenerOptions options;
    options.host = address.host;
    options.port = address.port;
    options.tls = {.enabled = listener.tls.enabled(),
                   .certificate_file = listener.tls.certificate_file,
                   .key_file = listener.tls.key_file,
                   .ca_file = listener.tls.client_ca_file};
    options.connections_max = listener.connections_max;
    options.frame_bytes_max = listener.frame_bytes_max;
    options.idle_timeout_ms = static_cast<int>(listener.idle_timeout_ms);
    options.frame_timeout_ms = static_cast<int>(listener.frame_timeout_ms);
    options.closed = [this, name = listener.name](std::string_view reason) {
      metrics
          .GetCounter("passerelle_mllp_closed_total",
                      "MLLP connections that the gateway ended, by listener and reason.",
                      {{"listener", name}, {"reason", std::string(reason)}})
          .Add();
    };
    hl7v2::InboundProcessor* processor = inbound.at(listener.partner).get();
    GW_ASSIGN(auto started, hl7v2::mllp::Listener::Start(
                                std::move(options), [this, processor, partner = listener.partner](
                                                        std::string frame, const hl7v2::mllp::Session& session) {
                                  std::optional<std::string> answer = processor->Receive(frame, session.too_large);
                                  CountMessages(metrics, partner, answer.has_value());
                                  watch->Count(partner, answer.value_or(""));
                                  return answer;
                                }));
    metrics.AddGauge("passerelle_mllp_connections", "Open MLLP connections.",
                     [opened = started.get()] { return static_cast<double>(opened->open_connections()); },
                     {{"listener", listener.name}});
    listeners.emplace_back(listener.name, std::move(started));
  }
  return {};
}

fhir::Result<std::unique_ptr<Gateway>> Gateway::Create(settings::Settings settings) {
  auto parts = std::make_unique<Parts>();
  parts->settings = std::move(settings);
  GW_ASSIGN(parts->logger, telemetry::Logger::Create(LevelOf(parts->settings.log.level), parts->settings.log.file));
  parts->metrics.AddProcessMetrics(Version());
  GW_ASSIGN(parts->rules, LoadRules(parts->settings));
  GW_TRY(CheckNamedFiles(parts->settings));
  GW_ASSIGN(parts->conformance, LoadConformance(parts->settings));
  for (const std::string& warning : parts->conformance.warnings) {
    parts->logger->Warning("packages", "something is missing", {telemetry::Detail({warning})});
  }
  GW_ASSIGN(parts->destinations, ReadDestinations(parts->settings));
  // Addresses before the database: a port in use is found before anything is started.
  GW_TRY(parts->BindHttp());
  GW_TRY(parts->OpenDatabase());
  GW_TRY(parts->MakeStore());
  GW_TRY(parts->MakeExchange());
  parts->MakeJobs();
  parts->MakeHousekeeping();
  GW_TRY(parts->MakeHttp());
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Gateway::~Gateway() {
  Stop();
}

fhir::Result<void> Gateway::Start() {
  GW_TRY(parts_->Listen());
  parts_->jobs->Start();
  parts_->http_server->Start();
  parts_->dispatcher->Start();
  parts_->recovery->Start();
  parts_->housekeeping->Start();
  parts_->indexing->Start();
  parts_->logger->Info("gateway", "serving", {telemetry::Count("http_port", parts_->http_server->port())});
  return {};
}

void Gateway::Stop() {
  if (parts_->stopping.exchange(true)) {
    return;
  }
  const auto grace_ms = static_cast<int>(parts_->settings.shutdown_grace_ms);
  parts_->logger->Info("gateway", "stopping");
  // What brings work in ends first, then what works it off, then the database.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(grace_ms / 2);
  for (const auto& [name, listener] : parts_->listeners) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    listener->Stop(static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  }
  const std::size_t cut = parts_->http_server->Stop(std::chrono::milliseconds(grace_ms / 2));
  parts_->indexing->Stop();
  parts_->housekeeping->Stop();
  parts_->jobs->Stop();
  parts_->recovery->Stop();
  parts_->dispatcher->Stop();
  parts_->database->Stop();
  parts_->logger->Info("gateway", "stopped", {telemetry::Count("requests_cut", static_cast<std::int64_t>(cut))});
}

void Gateway::Reload() {
  auto maps = LoadMaps(parts_->settings);
  auto outbound_maps = LoadOutboundMaps(parts_->settings);
  if (maps && outbound_maps) {
    const std::lock_guard lock(parts_->maps_mutex);
    parts_->rules.hl7v2_maps = *std::move(maps);
    parts_->rules.outbound_maps = *std::move(outbound_maps);
    parts_->logger->Info("gateway", "mappings reloaded");
  } else {
    parts_->logger->Error("gateway", "mappings not reloaded; the running ones stay",
                          {telemetry::Detail({(maps ? outbound_maps.error() : maps.error()).public_text.text})});
  }
  for (const auto& [name, listener] : parts_->listeners) {
    if (const auto reloaded = listener->ReloadTls(); !reloaded) {
      parts_->logger->Error("gateway", "certificate not reloaded; the running one stays",
                            {telemetry::Code("listener", name)});
    }
  }
  if (const auto reopened = parts_->logger->Reopen(); !reopened) {
    parts_->logger->Error("gateway", "log file not reopened");
  }
}

std::uint16_t Gateway::http_port() const {
  return parts_->http_server->port();
}

std::vector<std::pair<std::string, std::uint16_t>> Gateway::mllp_ports() const {
  std::vector<std::pair<std::string, std::uint16_t>> ports;
  for (const auto& [name, listener] : parts_->listeners) {
    ports.emplace_back(name, listener->port());
  }
  return ports;
}

}  // namespace gateway::app
