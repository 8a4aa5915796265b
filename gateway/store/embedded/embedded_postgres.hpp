// A private PostgreSQL, for installations with nothing to administer: started, watched and stopped by the gateway.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "fhir/base/error.hpp"
#include "gateway/store/embedded/cluster.hpp"
#include "gateway/store/embedded/directory_lock.hpp"

namespace gateway::store::embedded {

struct EmbeddedOptions {
  int start_ms_max = 10'000;         ///< without a sign of life; recovery after a crash may take as long as it takes
  int stop_ms_max = 10'000;          ///< fast shutdown; an immediate one follows
  int restart_pause_ms_max = 5'000;  ///< pauses between restarts grow up to this
  ClusterSettings cluster;
  std::filesystem::path runtime_folder;  ///< of the socket; empty: /run/passerelle or a folder of the user's
  bool stops_with_gateway = true;        ///< the kernel stops it when the gateway is killed
  /// Told of the private database's life, in words for the log: "started", "ended by signal 9", … thread-safe.
  std::function<void(std::string_view)> on_event;
  /// Asked while recovery lasts: true gives up the start. Empty: never.
  std::function<bool()> stop_wanted;
};

/// thread-safe. PostgreSQL that ends by itself is started again after a pause; connections fail meanwhile.
class EmbeddedPostgres {
 public:
  /// Makes the folder's cluster at first use, ends a PostgreSQL left over from a killed gateway, starts, and waits
  /// until it answers; as long as it says that it recovers, however long that takes. As root, PostgreSQL runs as the
  /// account postgres or nobody; see UnprivilegedAccount. Errors: kConfiguration (folder in use, out of reach, no
  /// suitable PostgreSQL; the internal text names folder and process), kUnavailable (no sign of life in time, or
  /// stop_wanted).
  static fhir::Result<std::unique_ptr<EmbeddedPostgres>> Start(const std::filesystem::path& folder,
                                                               EmbeddedOptions options = {});
  ~EmbeddedPostgres();
  EmbeddedPostgres(const EmbeddedPostgres&) = delete;
  EmbeddedPostgres& operator=(const EmbeddedPostgres&) = delete;

  /// Fast shutdown: open transactions are rolled back, the data is checkpointed. Bounded; safe to call twice.
  void Stop();

  /// libpq connection string of the gateway's database (superuser of the private cluster).
  std::string ConnInfo(std::string_view database = "passerelle") const;
  /// 0 while it is not running.
  pid_t postmaster_pid() const;
  int restarts() const;
  const std::string& account_name() const { return account_.name; }

 private:
  EmbeddedPostgres(DirectoryLock lock, Account account, Cluster cluster, EmbeddedOptions options);
  void Supervise();
  fhir::Result<void> AwaitReady();
  fhir::Result<void> MakeDatabase();
  void EndLeftovers();
  bool Pause(int pause_ms);
  void Report(std::string_view event) const;

  const DirectoryLock lock_;
  const Account account_;
  const Cluster cluster_;
  const EmbeddedOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_, as are the next two
  pid_t postmaster_ = 0;
  int starts_ = 0;
  std::thread supervisor_;
};

}  // namespace gateway::store::embedded
