// An explicit transaction that rolls back unless it is committed.
#pragma once

#include <cstdint>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/connection.hpp"
#include "gateway/store/pg/pipeline.hpp"

namespace gateway::store::pg {

enum class Isolation : std::uint8_t { kReadCommitted, kRepeatableRead, kSerializable, kRepeatableReadReadOnly };

/// BEGIN costs no round trip: it travels with the first statement. thread-compatible.
/// A failed Commit whose connection broke has an unknown outcome (kUnavailable): the caller's repeat must be
/// idempotent.
class Transaction {
 public:
  explicit Transaction(Connection& connection, Isolation isolation = Isolation::kReadCommitted);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Errors: kConflict with Retry::kLater for a serialisation failure; kInternal when a statement had failed before.
  fhir::Result<void> Commit();
  /// Runs the pipeline's statements and the commit in one round trip. If a statement fails, nothing is committed.
  fhir::Result<std::vector<Rows>> CommitWith(Pipeline& pipeline);
  void Rollback();
  Connection& connection() { return *connection_; }

 private:
  Connection* connection_;
  bool open_ = true;
};

}  // namespace gateway::store::pg
