// Child processes: started in a session of their own, as another account, with nothing of ours left open.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/embedded/account.hpp"

namespace gateway::store::embedded {

struct Command {
  std::vector<std::string> arguments;  ///< the first is the program's full path
  std::filesystem::path log_file;      ///< standard output and error are appended here
  int signal_on_parent_death = 0;      ///< sent to the child when the calling thread ends; 0: none
};

/// Starts a program. It does not get the terminal's signals. The caller waits for it.
fhir::Result<pid_t> Spawn(const Command& command, const Account& account);

/// Blocks until the child has ended, and leaves its number taken until AwaitEnd.
void AwaitEndUnreaped(pid_t child);

/// Blocks until the child has ended; its status as of waitpid.
int AwaitEnd(pid_t child);

/// Starts a program and waits. Errors: kInternal, with the exit status and the log's path.
fhir::Result<void> RunToEnd(const Command& command, const Account& account);

/// PostgreSQL's processes that work in a data folder, whoever started them; the postmaster among them.
std::vector<pid_t> ClusterProcesses(const std::filesystem::path& data_folder);

}  // namespace gateway::store::embedded
