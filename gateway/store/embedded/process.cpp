#include "gateway/store/embedded/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace gateway::store::embedded {
namespace {

// The private database's environment: nothing of ours, in particular no PG* variable.
constexpr const char* kChildEnvironment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", nullptr};
constexpr int kReportDescriptor = 3;

/// Runs in the child, between fork and exec: async-signal-safe calls only. Returns the errno of what failed.
int BecomeProgram(const char* const* arguments, int log, int report, int signal_on_parent_death, pid_t parent,
                  const Account& account) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2}) {
    signal(number, SIG_DFL);
  }
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
    return errno;
  }
  // Set after dup2, which would clear it. A report descriptor of 3 is left where it is.
  if ((report != kReportDescriptor && dup2(report, kReportDescriptor) < 0) ||
      fcntl(kReportDescriptor, F_SETFD, FD_CLOEXEC) < 0) {
    return errno;
  }
  close_range(kReportDescriptor + 1, ~0u, 0);
  if (setsid() < 0 || chdir("/") < 0 || !Become(account)) {
    return errno;
  }
  umask(077);
  // After the change of account, which clears it.
  if (signal_on_parent_death != 0) {
    if (prctl(PR_SET_PDEATHSIG, signal_on_parent_death) < 0) {
      return errno;
    }
    if (getppid() != parent) {
      return ESRCH;
    }
  }
  execve(arguments[0], const_cast<char* const*>(arguments), const_cast<char* const*>(kChildEnvironment));
  return errno;
}

std::unexpected<fhir::Error> SpawnFailure(const Command& command, int error) {
  return fhir::Fail(fhir::ErrorCode::kInternal, {"The private database cannot be started."},
                    {fmt::format("cannot run {}: {}", command.arguments.front(), std::strerror(error))});
}

}  // namespace

fhir::Result<pid_t> Spawn(const Command& command, const Account& account) {
  std::vector<const char*> arguments;
  arguments.reserve(command.arguments.size() + 1);
  for (const std::string& argument : command.arguments) {
    arguments.push_back(argument.c_str());
  }
  arguments.push_back(nullptr);
  const int log = open(command.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (log < 0) {
    return SpawnFailure(command, errno);
  }
  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) < 0) {
    const int error = errno;
    close(log);
    return SpawnFailure(command, error);
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    const int error = BecomeProgram(arguments.data(), log, report[1], command.signal_on_parent_death, parent, account);
    (void)!write(kReportDescriptor, &error, sizeof error);
    _exit(127);
  }
  const int fork_error = errno;
  close(log);
  close(report[1]);
  int error = 0;
  ssize_t got = 0;
  if (child > 0) {
    while ((got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) {
    }
  }
  close(report[0]);
  if (child < 0) {
    return SpawnFailure(command, fork_error);
  }
  if (got != 0) {  // exec closes the pipe without a word
    AwaitEnd(child);
    return SpawnFailure(command, error);
  }
  return child;
}

void AwaitEndUnreaped(pid_t child) {
  siginfo_t ignored;
  while (waitid(P_PID, static_cast<id_t>(child), &ignored, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
}

int AwaitEnd(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return -1;
    }
  }
  return status;
}

fhir::Result<void> RunToEnd(const Command& command, const Account& account) {
  GW_ASSIGN(const pid_t child, Spawn(command, account));
  const int status = AwaitEnd(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fhir::Fail(
        fhir::ErrorCode::kInternal, {"The private database cannot be started."},
        {fmt::format("{} ended with {} {}; see {}", command.arguments.front(), WIFEXITED(status) ? "status" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), command.log_file.string())});
  }
  return {};
}

std::vector<pid_t> ClusterProcesses(const std::filesystem::path& data_folder) {
  std::vector<pid_t> found;
  std::error_code ignored;
  // PostgreSQL's processes all work in the data folder, and nothing else has a reason to.
  for (std::filesystem::directory_iterator entry("/proc", ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || rest != name.data() + name.size()) {
      continue;
    }
    std::error_code unreadable;
    if (std::filesystem::read_symlink(entry->path() / "cwd", unreadable) == data_folder &&
        std::filesystem::read_symlink(entry->path() / "exe", unreadable).filename().string().starts_with("postgres")) {
      found.push_back(pid);
    }
  }
  return found;
}

}  // namespace gateway::store::embedded
