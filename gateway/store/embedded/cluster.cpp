#include "gateway/store/embedded/cluster.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>

#include "gateway/store/embedded/memory.hpp"
#include "gateway/store/embedded/process.hpp"

namespace gateway::store::embedded {
namespace {

namespace fs = std::filesystem;

constexpr int kMajorMin = 15;
constexpr std::size_t kSocketPathBytesMax = 107;  // sockaddr_un.sun_path, without its end
constexpr std::string_view kSocketName = "/.s.PGSQL.5432";
constexpr std::uintmax_t kLogBytesMax = 16u * 1024 * 1024;
constexpr std::string_view kInclude = "include_if_exists = 'passerelle.conf'";

std::unexpected<fhir::Error> ClusterFailure(std::string detail) {
  return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The private database cannot be started."}, {std::move(detail)});
}

int ReadMajor(const fs::path& version_file) {
  std::ifstream in(version_file);
  int major = 0;
  in >> major;
  return major;
}

/// Debian installs each major version in a folder of its own. `major` 0: the newest.
fhir::Result<fs::path> FindBinaries(int major) {
  int newest = 0;
  std::error_code ignored;
  for (fs::directory_iterator entry("/usr/lib/postgresql", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    int found = 0;
    std::from_chars(name.data(), name.data() + name.size(), found);
    if (found >= kMajorMin && (major == 0 || found == major) && fs::exists(entry->path() / "bin/postgres", ignored)) {
      newest = std::max(newest, found);
    }
  }
  if (newest == 0) {
    return ClusterFailure(major == 0 ? fmt::format("no PostgreSQL {} or newer under /usr/lib/postgresql; install the "
                                                   "package postgresql",
                                                   kMajorMin)
                                     : fmt::format("the data folder was made by PostgreSQL {}, which is not installed; "
                                                   "install postgresql-{} or convert the folder with pg_upgrade",
                                                   major, major));
  }
  return fs::path(fmt::format("/usr/lib/postgresql/{}/bin", newest));
}

/// A folder that only the account may enter. An existing one must be its own: others may write beside it in /tmp.
fhir::Result<void> MakePrivateFolder(const fs::path& folder, const Account& account) {
  if (mkdir(folder.c_str(), 0700) == 0) {
    if (account.change && chown(folder.c_str(), account.uid, account.gid) != 0) {
      return ClusterFailure(
          fmt::format("cannot give {} to {}: {}", folder.string(), account.name, std::strerror(errno)));
    }
    return {};
  }
  struct stat status{};
  if (errno != EEXIST || lstat(folder.c_str(), &status) != 0) {
    return ClusterFailure(fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)));
  }
  if (!S_ISDIR(status.st_mode) || status.st_uid != account.uid) {
    return ClusterFailure(
        fmt::format("{} exists, but is not a folder of the account {}", folder.string(), account.name));
  }
  return chmod(folder.c_str(), 0700) == 0
             ? fhir::Result<void>()
             : ClusterFailure(fmt::format("cannot protect {}: {}", folder.string(), std::strerror(errno)));
}

/// A folder that the account may pass through and this process owns.
fhir::Result<void> MakePassableFolder(const fs::path& folder) {
  struct stat status{};
  if (mkdir(folder.c_str(), 0711) != 0 && errno != EEXIST) {
    return ClusterFailure(fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)));
  }
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid()) {
    return ClusterFailure(fmt::format("{} exists, but is not a folder of this process's account", folder.string()));
  }
  if (chmod(folder.c_str(), 0711) != 0) {
    return ClusterFailure(fmt::format("cannot protect {}: {}", folder.string(), std::strerror(errno)));
  }
  return {};
}

/// /run/passerelle for root, $XDG_RUNTIME_DIR/passerelle for others, or a folder of ours in /tmp where those are absent
/// or too long.
fs::path RuntimeFolder() {
  constexpr std::size_t kLongestBelow = 40;
  const char* const session = std::getenv("XDG_RUNTIME_DIR");
  const fs::path preferred = geteuid() == 0 ? "/run" : session != nullptr ? session : "";
  if (!preferred.empty() && access(preferred.c_str(), W_OK | X_OK) == 0 &&
      preferred.string().size() + kLongestBelow < kSocketPathBytesMax) {
    return preferred / "passerelle";
  }
  return fmt::format("/tmp/passerelle-{}", geteuid());
}

fhir::Result<fs::path> MakeSocketFolder(const fs::path& folder, const fs::path& runtime_folder,
                                        const Account& account) {
  const fs::path parent = runtime_folder.empty() ? RuntimeFolder() : runtime_folder;
  const fs::path socket_folder = parent / fmt::format("{:016x}", std::hash<std::string>{}(folder.string()));
  if (socket_folder.string().size() + kSocketName.size() > kSocketPathBytesMax) {
    return ClusterFailure(fmt::format("the path of a socket in {} would be longer than {} bytes",
                                      socket_folder.string(), kSocketPathBytesMax));
  }
  GW_TRY(MakePassableFolder(parent));
  GW_TRY(CheckReachable(account, parent));
  GW_TRY(MakePrivateFolder(socket_folder, account));
  return socket_folder;
}

fhir::Result<void> Initialise(const Cluster& cluster, const Account& account, bool durable) {
  // initdb works beside the final place: a start that was cut short leaves nothing that looks finished.
  const fs::path unfinished = cluster.data.string() + ".unfinished";
  std::error_code error;
  fs::remove_all(unfinished, error);
  GW_TRY(MakePrivateFolder(unfinished, account));
  Command command{
      .arguments = {(cluster.binaries / "initdb").string(), "--pgdata=" + unfinished.string(), "--username=passerelle",
                    "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"},
      .log_file = cluster.log_file};
  if (!durable) {
    command.arguments.emplace_back("--no-sync");
  }
  GW_TRY(RunToEnd(command, account));
  fs::rename(unfinished, cluster.data, error);
  if (error) {
    return ClusterFailure(fmt::format("cannot rename {}: {}", unfinished.string(), error.message()));
  }
  return {};
}

/// Logging is chosen so that no statement, parameter or DETAIL, which may carry values of patients, gets into the log.
std::string SettingsText(const Cluster& cluster, const ClusterSettings& settings) {
  const std::string_view durable = settings.durable ? "on" : "off";
  return fmt::format(
      "# Written by passerelle at every start. Settings of your own: ALTER SYSTEM, or below the include line of\n"
      "# postgresql.conf.\n"
      "listen_addresses = ''\n"
      "port = 5432\n"
      "unix_socket_directories = '{}'\n"
      "unix_socket_permissions = 0700\n"
      "max_connections = {}\n"
      "shared_buffers = {}MB\n"
      "fsync = {}\n"
      "full_page_writes = {}\n"
      "synchronous_commit = on\n"
      "wal_compression = lz4\n"
      "max_wal_size = 2GB\n"
      "checkpoint_timeout = 15min\n"
      "jit = off\n"
      "timezone = 'UTC'\n"
      "logging_collector = off\n"
      "log_destination = 'stderr'\n"
      "log_line_prefix = '%m [%p] '\n"
      "log_timezone = 'UTC'\n"
      "log_checkpoints = off\n"
      "log_min_messages = log\n"
      "log_min_error_statement = panic\n"
      "log_error_verbosity = terse\n"
      "log_parameter_max_length = 0\n"
      "log_parameter_max_length_on_error = 0\n"
      "log_autovacuum_min_duration = -1\n"
      // A young database gets its first statistics within seconds: until then the planner guesses badly.
      "autovacuum_naptime = 5s\n"
      "log_lock_waits = off\n",
      cluster.socket_folder.string(), settings.connections_max,
      settings.shared_buffers_mb > 0 ? settings.shared_buffers_mb : SharedBuffersMb(UsableMemoryMb()), durable,
      durable);
}

fhir::Result<void> WriteFile(const fs::path& file, const std::string& text, std::ios::openmode mode,
                             const Account& account) {
  std::ofstream out(file, std::ios::binary | mode);
  out << text;
  out.close();
  if (!out || (account.change && chown(file.c_str(), account.uid, account.gid) != 0)) {
    return ClusterFailure(fmt::format("cannot write {}", file.string()));
  }
  return {};
}

fhir::Result<void> Configure(const Cluster& cluster, const Account& account, const ClusterSettings& settings) {
  const fs::path main_file = cluster.data / "postgresql.conf";
  std::ifstream in(main_file);
  bool included = false;
  for (std::string line; std::getline(in, line);) {
    included = included || line == kInclude;
  }
  if (!included) {
    GW_TRY(WriteFile(main_file, fmt::format("\n{}\n", kInclude), std::ios::app, account));
  }
  return WriteFile(cluster.data / "passerelle.conf", SettingsText(cluster, settings), std::ios::trunc, account);
}

}  // namespace

fhir::Result<Cluster> PrepareCluster(const fs::path& folder, const fs::path& runtime_folder, const Account& account,
                                     const ClusterSettings& settings) {
  Cluster cluster;
  cluster.data = folder / "postgres";
  cluster.log_file = folder / "postgres.log";
  GW_TRY(CheckReachable(account, folder));
  std::error_code error;
  const bool initialised = fs::exists(cluster.data / "PG_VERSION", error);
  GW_ASSIGN(cluster.binaries, FindBinaries(initialised ? ReadMajor(cluster.data / "PG_VERSION") : 0));
  GW_TRY(CheckReachable(account, cluster.binaries));
  if (const auto bytes = fs::file_size(cluster.log_file, error); !error && bytes > kLogBytesMax) {
    fs::rename(cluster.log_file, cluster.log_file.string() + ".1", error);
  }
  GW_ASSIGN(cluster.socket_folder, MakeSocketFolder(folder, runtime_folder, account));
  if (!initialised) {
    GW_TRY(Initialise(cluster, account, settings.durable));
  }
  GW_TRY(Configure(cluster, account, settings));
  return cluster;
}

}  // namespace gateway::store::embedded
