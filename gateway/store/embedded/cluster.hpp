// A PostgreSQL data folder: made once, configured at every start.
#pragma once

#include <filesystem>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/store/embedded/account.hpp"

namespace gateway::store::embedded {

struct ClusterSettings {
  int connections_max = 100;
  int shared_buffers_mb = 0;  ///< 0: by what memory there is (memory.hpp)
  bool durable = true;
};

struct Cluster {
  std::filesystem::path binaries;  ///< folder of initdb and postgres
  std::filesystem::path data;      ///< PGDATA
  std::filesystem::path log_file;
  std::filesystem::path socket_folder;  ///< mode 0700
};

/// Makes folders, runs initdb at first use, writes the settings. `folder` is absolute.
/// Errors: kConfiguration (no PostgreSQL of 15 or newer; folder made by a major version that is not installed; a parent
/// folder that shuts the account out), kInternal (initdb failed).
fhir::Result<Cluster> PrepareCluster(const std::filesystem::path& folder, const std::filesystem::path& runtime_folder,
                                     const Account& account, const ClusterSettings& settings);

}  // namespace gateway::store::embedded
