#include "gateway/store/pg/transaction.hpp"

#include <libpq-fe.h>

namespace gateway::store::pg {
namespace {

constexpr Statement kCommit{"commit", "COMMIT"};

const char* BeginText(Isolation isolation) {
  switch (isolation) {
    case Isolation::kReadCommitted:
      return "BEGIN ISOLATION LEVEL READ COMMITTED";
    case Isolation::kRepeatableRead:
      return "BEGIN ISOLATION LEVEL REPEATABLE READ";
    case Isolation::kSerializable:
      return "BEGIN ISOLATION LEVEL SERIALIZABLE";
    case Isolation::kRepeatableReadReadOnly:
      return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  }
  return "BEGIN";
}

/// COMMIT of a transaction in which a statement failed answers ROLLBACK, without an error.
fhir::Result<void> CheckCommitted(const Rows& rows) {
  if (rows.command() != "COMMIT") {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The database failed."},
                      {"commit of a transaction that had failed before"});
  }
  return {};
}

}  // namespace

Transaction::Transaction(Connection& connection, Isolation isolation) : connection_(&connection) {
  connection.begin_pending_ = BeginText(isolation);
}

Transaction::~Transaction() {
  Rollback();
}

fhir::Result<void> Transaction::Commit() {
  if (!open_ || connection_->begin_pending_ != nullptr) {
    Rollback();  // nothing was sent
    return {};
  }
  auto rows = connection_->Check("commit", connection_->Answer(PQsendQuery(connection_->handle_, "COMMIT")));
  open_ = PQtransactionStatus(connection_->handle_) != PQTRANS_IDLE;
  if (!rows) {
    return std::unexpected(std::move(rows).error());
  }
  return CheckCommitted(*rows);
}

fhir::Result<std::vector<Rows>> Transaction::CommitWith(Pipeline& pipeline) {
  pipeline.Add(kCommit);
  GW_ASSIGN(std::vector<Rows> all, pipeline.Run());
  open_ = PQtransactionStatus(connection_->handle_) != PQTRANS_IDLE;
  GW_TRY(CheckCommitted(all.back()));
  all.pop_back();
  return all;
}

void Transaction::Rollback() {
  if (!open_) {
    return;
  }
  open_ = false;
  if (connection_->begin_pending_ != nullptr) {
    connection_->begin_pending_ = nullptr;
    return;
  }
  if (!connection_->broken_ && PQtransactionStatus(connection_->handle_) != PQTRANS_IDLE) {
    (void)connection_->Check("rollback", connection_->Answer(PQsendQuery(connection_->handle_, "ROLLBACK")));
  }
}

}  // namespace gateway::store::pg
