// The operating-system account that PostgreSQL runs as: it refuses to run as root.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::store::embedded {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name;
  bool change = false;  ///< a child process must change to it: this process is root
};

/// This process's own account or, for root, `postgres` where it exists (Debian's package makes it), else `nobody`.
/// Errors: kConfiguration for root on a system with neither.
fhir::Result<Account> UnprivilegedAccount();

/// Whether the account may enter the folder and all its parents; asks the kernel, in a short child process.
/// Errors: kConfiguration, naming the first folder that shuts the account out.
fhir::Result<void> CheckReachable(const Account& account, const std::filesystem::path& folder);

/// Takes the account's identity on. For use between fork and exec: async-signal-safe. False when refused.
bool Become(const Account& account);

}  // namespace gateway::store::embedded
