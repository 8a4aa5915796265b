#include "gateway/store/transaction/session.hpp"

#include <utility>

#include "gateway/store/search_sql/bind.hpp"

namespace gateway::store::transaction {

fhir::Result<std::unique_ptr<Session>> Session::Open(pg::Pool& pool) {
  auto lease = pool.Acquire();
  if (!lease) {
    return std::unexpected(std::move(lease).error());
  }
  return std::make_unique<Session>(*std::move(lease));
}

Session::Session(pg::Pool::Lease lease) : lease_(std::move(lease)), transaction_(*lease_) {}

void Session::Write(const pg::Statement& statement, const pg::Parameters& parameters) {
  if (!pending_) {
    pending_.emplace(*lease_);
  }
  pending_->Add(statement, parameters);
}

fhir::Result<pg::Rows> Session::Read(const pg::Statement& statement, const pg::Parameters& parameters) {
  if (!pending_) {
    return lease_->Execute(statement, parameters);
  }
  pending_->Add(statement, parameters);
  auto rows = pending_->Run();
  pending_.reset();
  if (!rows) {
    return std::unexpected(Mapped(std::move(rows).error()));
  }
  return std::move(rows->back());
}

fhir::Result<pg::Rows> Session::Read(std::string_view name, const search_sql::SearchStatement& statement) {
  GW_TRY(Flush());
  return lease_->ExecuteAdHoc(name, statement.text, search_sql::Bound(statement.values), pg::Plan::kKept);
}

fhir::Result<void> Session::Flush() {
  if (!pending_) {
    return {};
  }
  auto rows = pending_->Run();
  pending_.reset();
  if (!rows) {
    return std::unexpected(Mapped(std::move(rows).error()));
  }
  return {};
}

fhir::Result<void> Session::Commit() {
  if (!pending_) {
    return transaction_.Commit();
  }
  auto rows = transaction_.CommitWith(*pending_);
  pending_.reset();
  if (!rows) {
    return std::unexpected(Mapped(std::move(rows).error()));
  }
  return {};
}

void Session::Rollback() {
  pending_.reset();
  transaction_.Rollback();
}

// Two writers that both found no resource of an id and insert it: the second one repeats and finds the first's.
fhir::Error Session::Mapped(fhir::Error error) {
  const auto& failure = lease_->last_failure();
  if (failure.sqlstate == "23505" && failure.constraint.starts_with("resource_version")) {
    error.retry = fhir::Retry::kLater;
  }
  return error;
}

}  // namespace gateway::store::transaction
