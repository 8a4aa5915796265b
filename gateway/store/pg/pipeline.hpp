// Several statements in one round trip (libpq's pipeline mode).
#pragma once

#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/connection.hpp"

namespace gateway::store::pg {

/// Sends statements as they are added and collects all answers in Run. Outside a transaction the statements form one
/// implicit transaction. The connection must not be used otherwise between the first Add and Run.
/// Destroyed without Run, it waits for what it has sent and drops the answers.
/// Source: https://www.postgresql.org/docs/15/libpq-pipeline-mode.html
class Pipeline {
 public:
  explicit Pipeline(Connection& connection);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Parameters are copied to the wire: they may be gone afterwards.
  void Add(const Statement& statement, const Parameters& parameters = {});
  std::size_t size() const { return expected_.size() - internal_; }

  /// One Rows per Add, in order.
  /// Errors: that of the first statement that failed; those after it did not run.
  fhir::Result<std::vector<Rows>> Run();

 private:
  struct Expected {
    std::string_view name;
    bool internal;  // BEGIN or Parse: no Rows for the caller
    bool parse;
  };
  void Send(std::string_view name, const char* prepared, const char* sql, const Parameters& parameters, bool internal);
  void Enter();

  Connection& connection_;
  bool entered_ = false;
  bool send_failed_ = false;
  std::size_t internal_ = 0;
  std::size_t unsent_bytes_ = 0;
  std::int64_t started_us_ = 0;
  std::vector<Expected> expected_;
};

}  // namespace gateway::store::pg
