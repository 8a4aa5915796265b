// The REST layer on PostgreSQL with the audit trail and the shipped policies, asked through its handlers.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "fhir/json/value.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "gateway/access/authenticate.hpp"
#include "gateway/audit/audit_trail.hpp"
#include "gateway/http/target.hpp"
#include "gateway/jobs/worker.hpp"
#include "gateway/rest/async_request.hpp"
#include "gateway/rest/bulk_import/import_job.hpp"
#include "gateway/rest/concept_upload/upload_job.hpp"
#include "gateway/rest/expunge_job.hpp"
#include "gateway/rest/service.hpp"
#include "gateway/store/bulk/bulk_export.hpp"
#include "gateway/store/concepts/concept_store.hpp"
#include "gateway/store/jobs/job_store.hpp"
#include "gateway/store/reindex_job.hpp"
#include "gateway/store/resource_store.hpp"
#include "gateway/store/resource_views.hpp"
#include "gateway/store/search_parameters/indexer.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "gateway/store/terminology/stored_terminology.hpp"
#include "gateway/store/unit_of_work.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace tests::rest {

namespace port = adapters::port;

class StepClock final : public port::Clock {
 public:
  std::int64_t NowUs() const override { return kBegin + 1'000'000 * ++ticks_; }
  void Advance(std::int64_t seconds) { ticks_ += seconds; }
  /// To half a minute before the next midnight of Paris in summer.
  void AdvanceToMidnight() {
    constexpr std::int64_t kDay = 86400;
    const std::int64_t now = kBegin / 1'000'000 + ticks_ + 7200;
    Advance((2 * kDay - now % kDay - 30) % kDay);
  }

 private:
  static constexpr std::int64_t kBegin = 1'750'000'000'000'000;
  mutable std::atomic<std::int64_t> ticks_{0};
};

class StepIds final : public port::IdSource {
 public:
  std::string NewId() override { return fmt::format("made-{:06}", ++last_); }
  std::string NewUuid() override { return NewId(); }

 private:
  std::atomic<int> last_{0};
};

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

/// One gateway for a whole test program: set-up costs more than a test.
class Gateway {
 public:
  Gateway() {
    const auto& r4 = fhir::metadata::Definitions::R4();
    hook_ = std::make_unique<gateway::audit::TransactionAudit>(r4, gateway::audit::AuditOptions{});
    gateway::store::StoreOptions options;
    options.base_url = "https://gw.example/fhir";
    options.clock = &clock_;
    options.ids = &ids_;
    options.commit_hooks = {hook_.get()};
    options.cursor_keys = &keys_;
    options.page_size_max = 100;
    options.estimates_counted_max = 10;
    options.validation.bindings = fhir::validation::Checking::kOff;  // some official examples use other codes
    options.validation.references = fhir::validation::Checking::kOff;
    pool_ = support::SharedDatabase().MakePool(8);
    parameters_ = std::make_unique<gateway::store::search_parameters::Registry>(*pool_);
    options.search_parameters = parameters_.get();
    options_ = options;
    reindex_ = std::make_unique<gateway::store::ReindexJob>(
        *pool_, options_, gateway::store::ReindexJobOptions{.resources_max = 3, .step_ms_max = 0});
    units_ = std::make_unique<gateway::store::StoreUnitOfWorkFactory>(*pool_, options);
    store_ = std::make_unique<gateway::store::StoreResourceStore>(*pool_, options);
    trail_ = std::make_unique<gateway::audit::ReadAudit>(r4, *units_, clock_, gateway::audit::AuditOptions{});
    views_ = std::make_unique<gateway::store::StoreResourceViews>(*pool_, options);
    concepts_ = std::make_unique<gateway::store::concepts::ConceptStore>(*pool_);
    terminology_ = std::make_unique<gateway::store::StoredTerminology>(
        packages_, *store_, *views_, gateway::store::StoredTerminologyLimits{}, concepts_.get());
    auto parties = gateway::access::PartyTable::Create(
        {.policies_directory = GW_SOURCE_DIR "/config/policies", .parties = Parties()}, r4);
    EXPECT_TRUE(parties) << parties.error().public_text.text;
    parties_ = std::make_shared<const gateway::access::PartyTable>(*std::move(parties));
    job_store_ = std::make_unique<gateway::store::jobs::JobStore>(*pool_, ids_);
    // Small, so that a few resources make several steps and files.
    exports_ = std::make_unique<gateway::store::bulk::BulkExport>(
        *pool_, options, [this](const port::JobOwner& owner) { return ActorOf(owner); },
        gateway::store::bulk::BulkExportOptions{.file_bytes_max = 2'000, .step_rows = 5});
    auto service = gateway::rest::Service::Create(
        {.definitions = r4,
         .store = *store_,
         .units = *units_,
         .audit = trail_.get(),
         .clock = &clock_,
         .operations = {.views = views_.get(),
                        .terminology = terminology_.get(),
                        .ids = &ids_,
                        .eraser = units_.get(),
                        .search_parameters = parameters_.get(),
                        .jobs = job_store_.get(),
                        .exports = exports_.get(),
                        .reindexing = reindex_.get(),
                        .job_files = job_store_.get(),
                        .concept_loads = concepts_.get()}},
        {.base_url = "https://gw.example/fhir", .import_sources = {"https://files.example/in/"}});
    EXPECT_TRUE(service);
    service_ = *std::move(service);
    requests_ = gateway::rest::MakeRequestJob(service_, [this](const port::JobOwner& owner) { return ActorOf(owner); });
    expunges_ = gateway::rest::MakeExpungeJob(service_, [this](const port::JobOwner& owner) { return ActorOf(owner); },
                                              {.step_rows = 3});
    uploads_ = gateway::rest::concept_upload::MakeUploadJob(
        service_, [this](const port::JobOwner& owner) { return ActorOf(owner); }, *concepts_);
    // Small, so that a short file makes several steps and transactions.
    imports_ = gateway::rest::bulk_import::MakeImportJob(
        service_, [this](const port::JobOwner& owner) { return ActorOf(owner); }, *job_store_,
        [this](const gateway::http::ClientRequest& request) { return fetch(request); },
        {.sources = {"https://files.example/in/"}, .piece = {.piece_bytes = 500}, .group_lines = 3});
    handler_ = gateway::access::Authenticate(parties_, {.open_on_loopback = true})(
        [this](gateway::http::Request& request) { return service_->Dispatch(request); });
  }

  /// `party` is a name of Parties(); empty: open mode.
  gateway::http::Response Send(std::string_view party, gateway::http::Method method, std::string target,
                               std::string body = "", HeaderFields fields = {}) {
    gateway::http::Request request;
    request.method = method;
    request.from_loopback = true;
    auto parsed = gateway::http::ParseTarget(target);
    EXPECT_TRUE(parsed) << target;
    request.target = target;
    request.path = parsed->path;
    request.query = parsed->query;
    request.body = std::move(body);
    bool typed = request.body.empty();
    for (auto& [name, value] : fields) {
      typed = typed || name == "Content-Type";
      request.headers.Add(name, value);
    }
    if (!typed) {
      request.headers.Add("Content-Type", "application/fhir+json");
    }
    if (!party.empty()) {
      request.headers.Add("Authorization", fmt::format("Bearer the-token-of-{}", party));
    }
    return handler_(request);
  }

  StepClock& clock() { return clock_; }
  gateway::store::pg::Pool& pool() { return *pool_; }
  gateway::store::jobs::JobStore& job_store() { return *job_store_; }
  gateway::store::bulk::BulkExport& exports() { return *exports_; }
  port::JobKind& imports() { return *imports_; }
  port::JobKind& expunges() { return *expunges_; }
  gateway::store::concepts::ConceptStore& concept_store() { return *concepts_; }
  gateway::store::StoreResourceViews& views() { return *views_; }
  gateway::rest::bulk_import::Fetch fetch;  ///< what an import asks for files; set by its test

  /// Does all open jobs to their end.
  void RunJobs() {
    gateway::jobs::Worker worker(
        *job_store_, {exports_.get(), reindex_.get(), requests_.get(), imports_.get(), uploads_.get(), expunges_.get()},
        {.workers = 2, .poll_ms = 2, .retry_first_ms = 1});
    worker.Start();
    while (true) {
      const auto counts = job_store_->Count();
      ASSERT_TRUE(counts) << counts.error().internal_text.text;
      if (counts->waiting + counts->leased == 0) {
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  /// The party that a job works for.
  fhir::Result<port::Actor> ActorOf(const port::JobOwner& owner) {
    if (owner.kind == port::PartyKind::kOpen) {
      return gateway::access::OpenActor();
    }
    return *parties_->FindByName(owner.party);
  }

  /// One piece of the work for search parameters; false when there is none left.
  bool IndexParameters(int resources_max = 100) {
    gateway::store::search_parameters::Indexer indexer(*pool_, options_,
                                                       {.resources_max = resources_max, .leave_after_ms = 0});
    const auto step = indexer.Step();
    EXPECT_TRUE(step) << step.error().internal_text.text;
    return step && step->more;
  }

 private:
  static std::vector<gateway::access::PartyOptions> Parties() {
    std::vector<gateway::access::PartyOptions> parties;
    const auto add = [&](std::string name, std::string kind, std::string attribute, std::string value) {
      gateway::access::PartyOptions party;
      party.token = "the-token-of-" + name;
      party.name = std::move(name);
      party.kind = std::move(kind);
      if (!attribute.empty()) {
        party.attributes[attribute] = std::move(value);
      }
      parties.push_back(std::move(party));
    };
    add("hospital-a", "hospital", "organization", "urn:oid:1.2.250.1.71.4.2.2|1990000010");
    add("hospital-b", "hospital", "organization", "urn:oid:1.2.250.1.71.4.2.2|1990000028");
    add("platform-p", "platform", "namespace", "https://platform.example/agenda");
    add("platform-q", "platform", "namespace", "https://other.example/agenda");
    add("insurer-amo", "insurer", "organization", "urn:test:insurers|AMO");
    add("insurer-amc", "insurer", "organization", "urn:test:insurers|AMC");
    add("patient-1", "patient", "identifier", "urn:test:ipp|P1");
    add("patient-2", "patient", "identifier", "urn:test:ipp|P2");
    add("operator-o", "operator", "", "");
    return parties;
  }

  StepClock clock_;
  StepIds ids_;
  gateway::store::paging::KeyRing keys_{{gateway::store::paging::CipherKey{7}}};
  std::unique_ptr<gateway::store::pg::Pool> pool_;
  std::unique_ptr<gateway::store::search_parameters::Registry> parameters_;
  gateway::store::StoreOptions options_;
  std::unique_ptr<gateway::store::ReindexJob> reindex_;
  std::unique_ptr<gateway::audit::TransactionAudit> hook_;
  std::unique_ptr<gateway::store::StoreUnitOfWorkFactory> units_;
  std::unique_ptr<gateway::store::StoreResourceStore> store_;
  std::unique_ptr<gateway::store::StoreResourceViews> views_;
  fhir::terminology::Terminology packages_{fhir::packages::Registry::Core()};
  std::unique_ptr<gateway::store::concepts::ConceptStore> concepts_;
  std::unique_ptr<gateway::store::StoredTerminology> terminology_;
  std::unique_ptr<gateway::audit::ReadAudit> trail_;
  std::shared_ptr<const gateway::access::PartyTable> parties_;
  std::unique_ptr<gateway::store::jobs::JobStore> job_store_;
  std::unique_ptr<gateway::store::bulk::BulkExport> exports_;
  std::shared_ptr<gateway::rest::Service> service_;
  std::unique_ptr<port::JobKind> requests_;
  std::unique_ptr<port::JobKind> expunges_;
  std::unique_ptr<port::JobKind> imports_;
  std::unique_ptr<port::JobKind> uploads_;
  gateway::http::Handler handler_;
};

inline Gateway& TheGateway() {
  static Gateway gateway;
  return gateway;
}

inline fhir::json::Value JsonOf(const gateway::http::Response& response) {
  auto value = fhir::json::ReadValue(response.body, {.bytes_max = 64u * 1024 * 1024, .depth_max = 100});
  EXPECT_TRUE(value) << response.status << " " << response.body.substr(0, 300);
  return value ? *std::move(value) : fhir::json::Value();
}

/// Ids of a searchset's entries, in order.
inline std::vector<std::string> IdsOf(const gateway::http::Response& response) {
  std::vector<std::string> ids;
  EXPECT_EQ(response.status, 200) << response.body.substr(0, 500);
  const fhir::json::Value bundle = JsonOf(response);
  if (const auto* entries = bundle.Find("entry")) {
    for (const auto& entry : entries->items()) {
      ids.emplace_back(entry.Find("resource")->FindText("id"));
    }
  }
  return ids;
}

}  // namespace tests::rest
