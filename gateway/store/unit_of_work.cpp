#include "gateway/store/unit_of_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "gateway/store/claims.hpp"
#include "gateway/store/journal_statements.hpp"
#include "gateway/store/repeats.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "gateway/store/transaction/apply.hpp"
#include "gateway/store/transaction/erase.hpp"
#include "gateway/store/transaction/erase_answers.hpp"
#include "gateway/store/transaction/grant_check.hpp"
#include "gateway/store/transaction/search_parameter_rows.hpp"
#include "gateway/store/transaction/session.hpp"
#include "gateway/store/transaction/versions.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::Actor;
using adapters::port::AppliedSummary;
using adapters::port::Effect;
using adapters::port::Grants;
using adapters::port::StoredResource;

// $1 key. 64 bits of a cryptographic hash: two keys that collide merely wait for each other.
constexpr pg::Statement kLockKey{"lock_key", R"sql(
SELECT pg_advisory_xact_lock(('x' || left(encode(sha256(convert_to($1::text, 'UTF8')), 'hex'), 16))::bit(64)::bigint))sql"};

const Grants& SystemGrants() {
  static const Grants kSystem{.unrestricted = true, .by_type = {}};
  return kSystem;
}

const Grants& NoGrants() {
  static const Grants kNothing;
  return kNothing;
}

bool IsSearchParameter(fhir::metadata::TypeId type) {
  return fhir::metadata::Definitions::R4().TypeName(type) == "SearchParameter";
}

class StoreUnitOfWork final : public adapters::port::UnitOfWork {
 public:
  StoreUnitOfWork(std::unique_ptr<transaction::Session> session, const StoreOptions& options,
                  search_parameters::Registry& registry, search_parameters::InForce in_force,
                  const StoreUnitOfWorkFactory::WantedReactions& wanted, const Actor& actor)
      : session_(std::move(session)),
        options_(options),
        registry_(registry),
        in_force_(std::move(in_force)),
        version_(in_force_.parameters->version()),
        wanted_(wanted),
        actor_(actor),
        now_us_(options.clock->NowUs()) {}

  fhir::Result<std::vector<adapters::port::Outcome>> Apply(std::vector<adapters::port::Change> changes,
                                                           fhir::IssueList& issues) override;
  fhir::Result<std::vector<adapters::port::Outcome>> ApplyOnce(const adapters::port::RepeatKey& key,
                                                               std::vector<adapters::port::Change> changes,
                                                               fhir::IssueList& issues) override;
  fhir::Result<std::optional<StoredResource>> Read(fhir::metadata::TypeId type, std::string_view id) override;
  fhir::Result<std::vector<StoredResource>> Search(const fhir::search::Query& query,
                                                   std::size_t resources_max) override;
  fhir::Result<void> Claim(const adapters::port::TimeClaim& claim) override { return ClaimTime(*session_, claim); }
  fhir::Result<void> ReleaseClaims(std::string_view appointment_id) override {
    ReleaseTime(*session_, appointment_id);
    return {};
  }
  fhir::Result<void> Enqueue(adapters::port::OutboxMessage message) override;
  fhir::Result<void> Lock(std::string_view key) override;
  fhir::Result<void> FinishMessage(const adapters::port::MessageEnd& end) override;
  fhir::Result<adapters::port::ErasureOutcome> Erase(const adapters::port::ErasureBatch& batch);
  const std::vector<std::string>& erased_ids() const { return erased_ids_; }
  const Actor& actor() const override { return actor_; }
  std::int64_t now_us() const override { return now_us_; }
  std::string NewUuid() override { return options_.ids->NewUuid(); }
  fhir::Result<void> Commit() override;

 private:
  // Reactions and commit hooks work with the system's rights.
  const Grants& EffectiveGrants() const {
    if (depth_ > 0 || in_hook_) {
      return SystemGrants();
    }
    return actor_.grants != nullptr ? *actor_.grants : NoGrants();
  }
  bool IsFollowed(fhir::metadata::TypeId type) const {
    return type < wanted_.by_type.size() && !wanted_.by_type[type].empty();
  }
  fhir::Result<void> React(const std::vector<transaction::Step>& steps);
  fhir::Result<void> ChangeParameters(std::span<const transaction::ParameterChange> changes);

  std::unique_ptr<transaction::Session> session_;
  const StoreOptions& options_;
  search_parameters::Registry& registry_;
  const search_parameters::InForce in_force_;
  std::int64_t version_;  // of the search parameters, moved by this transaction's own changes of them
  const StoreUnitOfWorkFactory::WantedReactions& wanted_;
  const Actor actor_;
  const std::int64_t now_us_;
  std::vector<AppliedSummary> applied_;
  std::vector<std::string> erased_ids_;
  std::size_t changes_ = 0;
  int depth_ = 0;
  bool in_hook_ = false;
  bool wrote_ = false;
  bool failed_ = false;
  bool outbox_filled_ = false;
};

fhir::Result<std::vector<adapters::port::Outcome>> StoreUnitOfWork::Apply(std::vector<adapters::port::Change> changes,
                                                                          fhir::IssueList& issues) {
  changes_ += changes.size();
  if (changes_ > options_.changes_max) {
    failed_ = true;
    return fhir::Fail(fhir::ErrorCode::kTooLarge,
                      fmt::format("A transaction may make at most {} changes.", options_.changes_max));
  }
  const transaction::ApplyContext context{.session = *session_,
                                          .options = options_,
                                          .extractor = *in_force_.extractor,
                                          .search_parameters = in_force_.parameters,
                                          .grants = EffectiveGrants(),
                                          .from_outside = depth_ == 0 && !in_hook_,
                                          .now_us = now_us_,
                                          .earlier = applied_,
                                          .followed = [this](fhir::metadata::TypeId type) { return IsFollowed(type); }};
  auto steps = transaction::ApplyChanges(context, std::move(changes), issues);
  if (!steps) {
    failed_ = true;
    return std::unexpected(std::move(steps).error());
  }
  wrote_ = wrote_ || std::ranges::any_of(*steps, [](const auto& step) { return step.effect != Effect::kUnchanged; });
  if (auto changed = ChangeParameters(transaction::ParameterChangesOf(*in_force_.parameters, *steps)); !changed) {
    return std::unexpected(std::move(changed).error());
  }
  if (auto reacted = React(*steps); !reacted) {
    failed_ = true;
    return std::unexpected(std::move(reacted).error());
  }
  std::vector<adapters::port::Outcome> outcomes;
  outcomes.reserve(steps->size());
  for (auto& step : *steps) {
    const std::size_t deleted = step.effect == Effect::kDeleted ? 1 : 0;
    if (step.more_of) {
      outcomes[*step.more_of].deleted += deleted;
    } else {
      outcomes.push_back({step.effect, std::move(step.result), deleted});
    }
  }
  return outcomes;
}

fhir::Result<void> StoreUnitOfWork::ChangeParameters(std::span<const transaction::ParameterChange> changes) {
  if (changes.empty()) {
    return {};
  }
  auto written = transaction::WriteParameterChanges(*session_, version_, changes);
  if (!written) {
    failed_ = true;
    registry_.Outdated();
    return written;
  }
  ++version_;
  return {};
}

fhir::Result<std::vector<adapters::port::Outcome>> StoreUnitOfWork::ApplyOnce(
    const adapters::port::RepeatKey& key, std::vector<adapters::port::Change> changes, fhir::IssueList& issues) {
  const RepeatDigests digests = DigestsOf(key, actor_);
  GW_ASSIGN(auto first, ClaimRepeat(*session_, digests, options_.repeat_lifetime_ms));
  if (first) {
    // The party knows what it was answered; what it may do is asked again.
    for (const auto& change : changes) {
      GW_TRY(transaction::CheckTypeGranted(EffectiveGrants(), change.type, transaction::InteractionOf(change.verb)));
    }
    for (auto& outcome : first->outcomes) {
      outcome.replayed = true;
    }
    issues.AddAll(first->issues);
    return std::move(first->outcomes);
  }
  fhir::IssueList found(options_.limits.issues_max);
  auto outcomes = Apply(std::move(changes), found);
  issues.AddAll(found);
  if (outcomes) {
    NoteAnswer(*session_, digests, *outcomes, found);
  }
  return outcomes;
}

fhir::Result<void> StoreUnitOfWork::React(const std::vector<transaction::Step>& steps) {
  if (!in_hook_) {
    for (const auto& step : steps) {
      if (step.effect != Effect::kUnchanged) {
        applied_.push_back({step.effect, step.change.type, step.id, step.result.version, depth_ > 0});
      }
    }
  }
  for (const auto& step : steps) {
    if (step.effect == Effect::kUnchanged || !IsFollowed(step.change.type)) {
      continue;
    }
    const auto& reactions = wanted_.by_type[step.change.type];
    if (depth_ >= options_.reaction_depth_max) {
      return fhir::Fail(fhir::ErrorCode::kTooCostly, {"A change causes too many others."},
                        {"reactions are nested too deeply"});
    }
    const adapters::port::Applied applied{
        .effect = step.effect,
        .before = step.before ? &step.before->root() : nullptr,
        .after = step.effect != Effect::kDeleted ? &step.change.resource->root() : nullptr,
        .type = step.change.type,
        .id = step.id,
        .version = step.result.version,
        .actor = &actor_};
    for (auto* reaction : reactions) {
      ++depth_;
      auto done = reaction->OnApplied(applied, *this);
      --depth_;
      GW_TRY(std::move(done));
    }
  }
  return {};
}

fhir::Result<std::optional<StoredResource>> StoreUnitOfWork::Read(fhir::metadata::TypeId type, std::string_view id) {
  const auto& grants = EffectiveGrants();
  if (!grants.unrestricted) {
    fhir::search::Query query;
    query.type = type;
    fhir::search::Criterion criterion;
    criterion.kind = fhir::search::CriterionKind::kId;
    criterion.values.push_back(fhir::search::TokenValue{.system = {}, .code = std::string(id)});
    query.criteria.push_back(std::move(criterion));
    GW_ASSIGN(auto found, Search(query, 1));
    return found.empty() ? std::optional<StoredResource>() : std::optional(std::move(found.front()));
  }
  const transaction::ResourceKey key(TypeCode(type), std::string(id));
  GW_ASSIGN(auto heads, transaction::ReadHeads(*session_, {key}));
  if (heads.empty() || heads.begin()->second.deleted) {
    return std::optional<StoredResource>();
  }
  return std::optional(std::move(heads.begin()->second));
}

fhir::Result<std::vector<StoredResource>> StoreUnitOfWork::Search(const fhir::search::Query& query,
                                                                  std::size_t resources_max) {
  GW_ASSIGN(const auto statement,
            search_sql::CompilePage(query, EffectiveGrants(), static_cast<int>(resources_max) + 1));
  GW_ASSIGN(const auto rows, session_->Read("search_in_transaction", statement));
  if (static_cast<std::size_t>(rows.size()) > resources_max) {
    return fhir::Fail(fhir::ErrorCode::kTooLarge, "A search inside a transaction has more matches than expected.");
  }
  std::vector<StoredResource> found;
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    StoredResource resource;
    resource.type = query.type;
    resource.id = row.String(search_sql::kPageId);
    resource.version = row.Int(search_sql::kPageVersion);
    resource.last_updated_us = row.Int(search_sql::kPageLastUpdated);
    resource.body = row.String(search_sql::kPageBody);
    found.push_back(std::move(resource));
  }
  return found;
}

fhir::Result<void> StoreUnitOfWork::Enqueue(adapters::port::OutboxMessage message) {
  pg::Parameters parameters;
  parameters.Text(message.destination)
      .Text(message.kind)
      .Text(message.order_key)
      .Text(message.cause)
      .Bytes(message.payload);
  session_->Write(kInsertOutbox, parameters);
  outbox_filled_ = true;
  return {};
}

fhir::Result<void> StoreUnitOfWork::Lock(std::string_view key) {
  pg::Parameters parameters;
  parameters.Text(key);
  // Sent with the next read, whose snapshot begins after the lock is held.
  session_->Write(kLockKey, parameters);
  return {};
}

fhir::Result<void> StoreUnitOfWork::FinishMessage(const adapters::port::MessageEnd& end) {
  session_->Write(kFinishMessage, FinishParameters(end));
  return {};
}

fhir::Result<adapters::port::ErasureOutcome> StoreUnitOfWork::Erase(const adapters::port::ErasureBatch& batch) {
  auto erased = transaction::EraseBatch(*session_, batch);
  if (!erased) {
    failed_ = true;
    return std::unexpected(std::move(erased).error());
  }
  std::vector<transaction::ParameterChange> gone;
  for (const auto& resource : erased->resources) {
    // What this node does not know yet is found by the check at the end.
    wrote_ = wrote_ || IsSearchParameter(resource.type);
    const auto of_it = std::ranges::find_if(in_force_.parameters->all(), [&](const auto& parameter) {
      return !parameter.origin.empty() && parameter.origin == resource.id && IsSearchParameter(resource.type) &&
             batch.what == adapters::port::Erased::kResources;
    });
    if (of_it != in_force_.parameters->all().end()) {
      gone.push_back({.url = of_it->definition.url, .origin = {}, .comes = std::nullopt});
    }
  }
  GW_TRY(ChangeParameters(gone));
  applied_.insert(applied_.end(), erased->resources.begin(), erased->resources.end());
  std::vector<std::string> ids;
  for (const auto& resource : erased->resources) {
    ids.push_back(resource.id);
  }
  if (auto forgotten = transaction::EraseAnswers(*session_, ids); !forgotten) {
    failed_ = true;
    return std::unexpected(std::move(forgotten).error());
  }
  erased_ids_.insert(erased_ids_.end(), ids.begin(), ids.end());
  return erased->outcome;
}

fhir::Result<void> StoreUnitOfWork::Commit() {
  if (failed_) {
    session_->Rollback();
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The change was not stored."},
                      {"commit of a unit of work in which a change had failed"});
  }
  if (!applied_.empty()) {
    in_hook_ = true;
    for (auto* hook : options_.commit_hooks) {
      if (auto done = hook->BeforeCommit(applied_, *this); !done) {
        session_->Rollback();
        return done;
      }
    }
    in_hook_ = false;
    applied_.clear();
  }
  if (wrote_) {
    transaction::CheckParameterVersion(*session_, version_);
  }
  if (auto committed = session_->Commit(); !committed) {
    if (session_->parameters_outdated()) {
      registry_.Outdated();
    }
    return committed;
  }
  if (version_ != in_force_.parameters->version()) {
    registry_.Outdated();
  }
  if (outbox_filled_ && options_.on_outbox_filled) {
    options_.on_outbox_filled();
  }
  return {};
}

}  // namespace

fhir::Result<adapters::port::ErasureOutcome> StoreUnitOfWorkFactory::Erase(const Actor& actor,
                                                                           const adapters::port::ErasureBatch& batch) {
  GW_ASSIGN(auto in_force, registry_.ForWriting());
  GW_ASSIGN(auto session, transaction::Session::Open(pool_));
  StoreUnitOfWork work(std::move(session), options_, registry_, std::move(in_force), wanted_, actor);
  GW_ASSIGN(const adapters::port::ErasureOutcome outcome, work.Erase(batch));
  GW_TRY(work.Commit());
  if (!work.erased_ids().empty()) {
    // Answers that were being made meanwhile.
    GW_ASSIGN(const auto after, transaction::Session::Open(pool_));
    GW_TRY(transaction::EraseAnswers(*after, work.erased_ids()));
    GW_TRY(after->Commit());
  }
  return outcome;
}

StoreUnitOfWorkFactory::StoreUnitOfWorkFactory(pg::Pool& pool, StoreOptions options)
    : pool_(pool),
      options_(std::move(options)),
      own_registry_(options_.search_parameters != nullptr ? nullptr
                                                          : std::make_unique<search_parameters::Registry>(pool)),
      registry_(options_.search_parameters != nullptr ? *options_.search_parameters : *own_registry_) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  for (const auto type : definitions.ResourceTypes()) {
    if (wanted_.by_type.size() <= type) {
      wanted_.by_type.resize(type + 1u);
    }
    for (auto* reaction : options_.reactions) {
      if (reaction->Wants(definitions.TypeName(type))) {
        wanted_.by_type[type].push_back(reaction);
      }
    }
  }
}

fhir::Result<std::unique_ptr<adapters::port::UnitOfWork>> StoreUnitOfWorkFactory::Begin(const Actor& actor) {
  GW_ASSIGN(auto in_force, registry_.ForWriting());
  auto session = transaction::Session::Open(pool_);
  if (!session) {
    return std::unexpected(std::move(session).error());
  }
  return std::make_unique<StoreUnitOfWork>(*std::move(session), options_, registry_, std::move(in_force), wanted_,
                                           actor);
}

}  // namespace gateway::store
