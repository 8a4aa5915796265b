#include "gateway/store/pg/pipeline.hpp"

#include <libpq-fe.h>

#include <chrono>
#include <numeric>
#include <optional>

#include "gateway/store/pg/wire_parameters.hpp"

namespace gateway::store::pg {
namespace {

constexpr int kPipelineResultsBinary = 1;
// libpq holds what is not sent yet; a large transaction would stand in memory twice.
constexpr std::size_t kUnsentBytesMax = 256 * 1024;
constexpr Parameters kNoParameters() {
  return {};
}

std::int64_t PipelineClockUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Pipeline::Pipeline(Connection& connection) : connection_(connection) {}

Pipeline::~Pipeline() {
  if (entered_) {
    (void)Run();
  }
}

void Pipeline::Enter() {
  if (entered_) {
    return;
  }
  entered_ = true;
  started_us_ = PipelineClockUs();
  send_failed_ = PQenterPipelineMode(connection_.handle_) == 0;
  if (connection_.begin_pending_ != nullptr) {
    Send("begin", nullptr, std::exchange(connection_.begin_pending_, nullptr), kNoParameters(), /*internal=*/true);
  }
}

void Pipeline::Send(std::string_view name, const char* prepared, const char* sql, const Parameters& parameters,
                    bool internal) {
  const Connection::Wire wire(parameters);
  const int sent = prepared != nullptr
                       ? PQsendQueryPrepared(connection_.handle_, prepared, wire.count(), wire.values.data(),
                                             wire.lengths.data(), wire.formats.data(), kPipelineResultsBinary)
                       : PQsendQueryParams(connection_.handle_, sql, wire.count(), nullptr, wire.values.data(),
                                           wire.lengths.data(), wire.formats.data(), kPipelineResultsBinary);
  if (sent == 0) {
    send_failed_ = true;
    return;
  }
  unsent_bytes_ += std::accumulate(wire.lengths.begin(), wire.lengths.end(), std::size_t{0});
  if (unsent_bytes_ >= kUnsentBytesMax) {
    unsent_bytes_ = 0;
    PQsendFlushRequest(connection_.handle_);  // the server answers so far, which shows that it is at work
    connection_.SendAll();
  }
  expected_.push_back({name, internal, /*parse=*/false});
  internal_ += internal ? 1 : 0;
}

void Pipeline::Add(const Statement& statement, const Parameters& parameters) {
  Enter();
  if (send_failed_) {
    return;
  }
  if (!connection_.prepared_.contains(statement.name)) {
    if (PQsendPrepare(connection_.handle_, statement.name, statement.sql, 0, nullptr) == 0) {
      send_failed_ = true;
      return;
    }
    expected_.push_back({statement.name, /*internal=*/true, /*parse=*/true});
    ++internal_;
    connection_.prepared_.insert(statement.name);  // taken back in Run if the Parse does not succeed
  }
  Send(statement.label(), statement.name, nullptr, parameters, /*internal=*/false);
}

fhir::Result<std::vector<Rows>> Pipeline::Run() {
  if (!entered_) {
    return std::vector<Rows>();
  }
  std::vector<Rows> all;
  all.reserve(size());
  std::optional<fhir::Error> failure;
  if (PQpipelineSync(connection_.handle_) == 0) {
    send_failed_ = true;
  }
  for (const Expected& expected : expected_) {
    pg_result* result = connection_.NextResult();
    bool ok = false;
    if (result != nullptr && PQresultStatus(result) == PGRES_PIPELINE_ABORTED && failure) {
      PQclear(result);
    } else {
      auto rows = connection_.Check(expected.name, result);
      ok = rows.has_value();
      if (ok && !expected.internal) {
        all.push_back(*std::move(rows));
      } else if (!ok && !failure) {
        failure = std::move(rows).error();
      }
    }
    if (expected.parse && !ok) {
      connection_.prepared_.erase(expected.name);
    }
    if (!expected.internal) {
      connection_.Observe(expected.name, started_us_, ok);
    }
    if (connection_.broken_ && connection_.Lost()) {
      break;
    }
    PQclear(connection_.NextResult());  // the null that ends each statement's results
  }
  // The last result is the Sync's own.
  if (!connection_.Lost()) {
    PQclear(connection_.NextResult());
    if (PQexitPipelineMode(connection_.handle_) == 0) {
      connection_.broken_ = true;
    }
  }
  entered_ = false;
  expected_.clear();
  internal_ = 0;
  if (send_failed_ && !failure) {
    connection_.broken_ = true;
    failure = connection_.Failure("pipeline", nullptr);
  }
  if (failure) {
    return std::unexpected(*std::move(failure));
  }
  return all;
}

}  // namespace gateway::store::pg
