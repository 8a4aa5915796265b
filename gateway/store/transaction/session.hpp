// A transaction on a pooled connection whose writes wait until something must be read: BEGIN, the writes and the next
// read, or COMMIT, then share one round trip.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/pipeline.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/search_sql/page.hpp"

namespace gateway::store::transaction {

/// thread-compatible. Destroyed without Commit, it rolls back.
class Session {
 public:
  static fhir::Result<std::unique_ptr<Session>> Open(pg::Pool& pool);
  explicit Session(pg::Pool::Lease lease);

  /// Sends a statement whose rows nobody needs. A failure shows at the next Read or Commit.
  void Write(const pg::Statement& statement, const pg::Parameters& parameters);
  /// Runs what has been sent, and the statement. Errors: those of all of them; a lost race for a new resource is
  /// kConflict with Retry::kLater; a statement that divides by the number of its rows, because it must have one, and
  /// has none is kConflict; one that takes the logarithm of that number is kConflict with Retry::kLater.
  fhir::Result<pg::Rows> Read(const pg::Statement& statement, const pg::Parameters& parameters);
  fhir::Result<pg::Rows> Read(std::string_view name, const search_sql::SearchStatement& statement);
  /// SQL that was put together of constants.
  fhir::Result<pg::Rows> ReadAdHoc(std::string_view name, const std::string& sql, const pg::Parameters& parameters);
  /// Two statements, in one round trip.
  fhir::Result<std::pair<pg::Rows, pg::Rows>> ReadTwo(const pg::Statement& first,
                                                      const pg::Parameters& first_parameters,
                                                      const pg::Statement& second,
                                                      const pg::Parameters& second_parameters);
  fhir::Result<void> Flush();
  fhir::Result<void> Commit();
  void Rollback();
  /// What failed was the check of search_parameter_rows.hpp.
  bool parameters_outdated() const { return parameters_outdated_; }

 private:
  fhir::Error Mapped(fhir::Error error);

  pg::Pool::Lease lease_;
  pg::Transaction transaction_;
  bool parameters_outdated_ = false;
  std::optional<pg::Pipeline> pending_;  // declared last: what was sent is read before the transaction ends
};

}  // namespace gateway::store::transaction
