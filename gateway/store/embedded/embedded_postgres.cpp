#include "gateway/store/embedded/embedded_postgres.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

#include "gateway/store/embedded/process.hpp"
#include "gateway/store/pg/connection.hpp"

namespace gateway::store::embedded {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr int kReadyPollMs = 20;
constexpr int kRecoveryReportMs = 10'000;
constexpr int kRestartPauseMsMin = 100;
constexpr int kStableRunMs = 10'000;  // a run of this length makes the next pause short again
constexpr pg::Statement kSelectDatabase{"embedded_select_database",
                                        "SELECT 1 FROM pg_database WHERE datname = 'passerelle'"};

std::string EndingText(int status) {
  return WIFSIGNALED(status) ? fmt::format("ended by signal {}", WTERMSIG(status))
                             : fmt::format("ended with status {}", WEXITSTATUS(status));
}

pid_t ReadPostmasterPid(const fs::path& data) {
  std::ifstream in(data / "postmaster.pid");
  pid_t pid = 0;
  in >> pid;
  return pid;
}

std::string QuoteConnInfo(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') {
      quoted.push_back('\\');
    }
    quoted.push_back(c);
  }
  return quoted + "'";
}

int MsSince(SteadyClock::time_point start) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start).count());
}

}  // namespace

fhir::Result<std::unique_ptr<EmbeddedPostgres>> EmbeddedPostgres::Start(const fs::path& folder,
                                                                        EmbeddedOptions options) {
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path absolute = error ? fs::path() : fs::canonical(folder, error);
  if (error) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The private database's folder cannot be used."},
                      {fmt::format("cannot make {}: {}", folder.string(), error.message())});
  }
  GW_ASSIGN(DirectoryLock lock, DirectoryLock::Take(absolute));
  GW_ASSIGN(Account account, UnprivilegedAccount());
  GW_ASSIGN(Cluster cluster, PrepareCluster(absolute, options.runtime_folder, account, options.cluster));
  std::unique_ptr<EmbeddedPostgres> started(
      new EmbeddedPostgres(std::move(lock), std::move(account), std::move(cluster), std::move(options)));
  started->supervisor_ = std::thread([raw = started.get()] { raw->Supervise(); });
  GW_TRY(started->AwaitReady());
  GW_TRY(started->MakeDatabase());
  return started;
}

EmbeddedPostgres::EmbeddedPostgres(DirectoryLock lock, Account account, Cluster cluster, EmbeddedOptions options)
    : lock_(std::move(lock)),
      account_(std::move(account)),
      cluster_(std::move(cluster)),
      options_(std::move(options)) {}

EmbeddedPostgres::~EmbeddedPostgres() {
  Stop();
}

void EmbeddedPostgres::Report(std::string_view event) const {
  if (options_.on_event) {
    options_.on_event(event);
  }
}

std::string EmbeddedPostgres::ConnInfo(std::string_view database) const {
  return fmt::format("host={} port=5432 user=passerelle dbname={}", QuoteConnInfo(cluster_.socket_folder.string()),
                     QuoteConnInfo(database));
}

pid_t EmbeddedPostgres::postmaster_pid() const {
  const std::lock_guard guard(mutex_);
  return postmaster_;
}

int EmbeddedPostgres::restarts() const {
  const std::lock_guard guard(mutex_);
  return std::max(0, starts_ - 1);
}

/// True when the pause passed undisturbed; false when it is time to stop.
bool EmbeddedPostgres::Pause(int pause_ms) {
  std::unique_lock guard(mutex_);
  return !changed_.wait_for(guard, std::chrono::milliseconds(pause_ms), [this] { return stopping_; });
}

/// Ends PostgreSQL processes that a killed gateway or a killed postmaster left in the data folder. The lock on the
/// folder is ours, so nobody else can want them.
void EmbeddedPostgres::EndLeftovers() {
  const auto start = SteadyClock::now();
  std::vector<pid_t> left = ClusterProcesses(cluster_.data);
  const pid_t postmaster = ReadPostmasterPid(cluster_.data);
  if (postmaster > 0 && std::find(left.begin(), left.end(), postmaster) == left.end()) {
    // The number in the file is nobody's or another program's, which PostgreSQL would take for a postmaster. Backends
    // that outlived their postmaster it recognises by their shared memory.
    std::error_code ignored;
    fs::remove(cluster_.data / "postmaster.pid", ignored);
  }
  if (left.empty()) {
    return;
  }
  Report("ending a database left over from a killed gateway");
  bool asked = false;
  bool urged = false;
  while (!left.empty() && MsSince(start) < options_.stop_ms_max) {
    const bool has_postmaster = std::find(left.begin(), left.end(), postmaster) != left.end();
    if (has_postmaster && !asked) {
      kill(postmaster, SIGINT);
      asked = true;
    } else if (!urged && (!has_postmaster || MsSince(start) > options_.stop_ms_max / 2)) {
      for (const pid_t pid : left) {
        kill(pid, SIGQUIT);
      }
      urged = true;
    }
    if (!Pause(kReadyPollMs)) {
      return;
    }
    left = ClusterProcesses(cluster_.data);
  }
}

void EmbeddedPostgres::Supervise() {
  int pause_ms = kRestartPauseMsMin;
  const Command command{
      .arguments = {(cluster_.binaries / "postgres").string(), "-D", cluster_.data.string()},
      .log_file = cluster_.log_file,
      .signal_on_parent_death = options_.stops_with_gateway ? SIGINT : 0,
  };
  for (;;) {
    EndLeftovers();
    const auto run_start = SteadyClock::now();
    int status = 0;
    {
      // Under the lock, so that Stop either finds the process or keeps it from being started.
      std::unique_lock guard(mutex_);
      if (stopping_) {
        return;
      }
      auto child = Spawn(command, account_);
      if (child) {
        postmaster_ = *child;
        ++starts_;
        guard.unlock();
        AwaitEndUnreaped(*child);
        guard.lock();
        status = AwaitEnd(*child);
        postmaster_ = 0;
        changed_.notify_all();
        if (stopping_) {
          return;
        }
      }
    }
    Report(EndingText(status));
    pause_ms = MsSince(run_start) > kStableRunMs ? kRestartPauseMsMin : pause_ms;
    if (!Pause(pause_ms)) {
      return;
    }
    pause_ms = std::min(pause_ms * 2, options_.restart_pause_ms_max);
  }
}

fhir::Result<void> EmbeddedPostgres::AwaitReady() {
  const auto start = SteadyClock::now();
  auto heard = start;
  auto told = start;
  const pg::ConnectionOptions options{.conninfo = ConnInfo("postgres")};
  for (;;) {
    // A left-over database answers on the same socket until it has ended; ours is there once it has a process.
    fhir::Result<std::unique_ptr<pg::Connection>> connection = fhir::Fail(fhir::ErrorCode::kUnavailable, "no process");
    if (postmaster_pid() != 0) {
      connection = pg::Connection::Open(options);
    }
    if (connection) {
      Report("started");
      return {};
    }
    // Stopping it while it recovers would only make the next start recover from the beginning.
    if (postmaster_pid() != 0 && pg::IsStartingUp(options.conninfo)) {
      heard = SteadyClock::now();
      if (MsSince(told) > kRecoveryReportMs) {
        Report("recovering after a crash");
        told = heard;
      }
      if (options_.stop_wanted && options_.stop_wanted()) {
        return fhir::Fail(fhir::ErrorCode::kUnavailable, {"The private database was still recovering."},
                          {fmt::format("told to stop after {} s of recovery in {}; the next start recovers again",
                                       MsSince(start) / 1000, cluster_.data.string())},
                          fhir::Retry::kLater);
      }
    }
    if (MsSince(heard) > options_.start_ms_max) {
      return fhir::Fail(
          fhir::ErrorCode::kUnavailable, {"The private database does not answer."},
          {fmt::format("PostgreSQL in {} did not answer within {} ms ({}); see {}", cluster_.data.string(),
                       options_.start_ms_max, connection.error().internal_text.text, cluster_.log_file.string())},
          fhir::Retry::kLater);
    }
    Pause(kReadyPollMs);
  }
}

fhir::Result<void> EmbeddedPostgres::MakeDatabase() {
  const pg::ConnectionOptions options{.conninfo = ConnInfo("postgres")};
  GW_ASSIGN(const auto connection, pg::Connection::Open(options));
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectDatabase));
  if (rows.empty()) {
    GW_TRY(connection->ExecuteScript("embedded_create_database", "CREATE DATABASE passerelle"));
  }
  return {};
}

void EmbeddedPostgres::Stop() {
  if (!supervisor_.joinable()) {
    return;
  }
  const auto start = SteadyClock::now();
  {
    std::unique_lock guard(mutex_);
    stopping_ = true;
    changed_.notify_all();
    // Signals go out under the lock: the supervisor has not reaped the process while its number stands here.
    const struct {
      int signal_number;
      int until_ms;
    } steps[] = {{SIGINT, options_.stop_ms_max * 8 / 10}, {SIGQUIT, options_.stop_ms_max}, {SIGKILL, 0}};
    for (const auto& [signal_number, until_ms] : steps) {
      if (postmaster_ == 0) {
        break;
      }
      kill(postmaster_, signal_number);
      const auto until = start + std::chrono::milliseconds(until_ms);
      changed_.wait_until(guard, until, [this] { return postmaster_ == 0; });
    }
  }
  supervisor_.join();
  std::error_code ignored;
  fs::remove(cluster_.socket_folder, ignored);  // when empty
  Report("stopped");
}

}  // namespace gateway::store::embedded
