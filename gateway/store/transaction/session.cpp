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
  return lease_->ExecuteAdHoc(name, statement.text, search_sql::Bound(statement.values),
                              statement.plan_by_values ? pg::Plan::kOnce : pg::Plan::kKept);
}

fhir::Result<pg::Rows> Session::ReadAdHoc(std::string_view name, const std::string& sql,
                                          const pg::Parameters& parameters) {
  GW_TRY(Flush());
  return lease_->ExecuteAdHoc(name, sql, parameters, pg::Plan::kKept);
}

fhir::Result<std::pair<pg::Rows, pg::Rows>> Session::ReadTwo(const pg::Statement& first,
                                                             const pg::Parameters& first_parameters,
                                                             const pg::Statement& second,
                                                             const pg::Parameters& second_parameters) {
  Write(first, first_parameters);
  pending_->Add(second, second_parameters);
  auto rows = pending_->Run();
  pending_.reset();
  if (!rows) {
    return std::unexpected(Mapped(std::move(rows).error()));
  }
  pg::Rows of_second = std::move(rows->back());
  rows->pop_back();
  return std::pair(std::move(rows->back()), std::move(of_second));
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
  constexpr std::string_view kDivisionByZero = "22012";
  const auto& failure = lease_->last_failure();
  if (failure.sqlstate == kDivisionByZero) {
    error.code = fhir::ErrorCode::kConflict;
    error.public_text.text = "Another worker has done it meanwhile.";
  }
  constexpr std::string_view kInvalidLogarithm = "2201E";
  if (failure.sqlstate == kInvalidLogarithm) {
    error.code = fhir::ErrorCode::kConflict;
    error.public_text.text = "The search parameters in use changed meanwhile.";
    error.retry = fhir::Retry::kLater;
    parameters_outdated_ = true;
  }
  if (failure.sqlstate == "23505" && failure.constraint.starts_with("resource_version")) {
    error.retry = fhir::Retry::kLater;
  }
  return error;
}

}  // namespace gateway::store::transaction
