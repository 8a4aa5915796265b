#include "gateway/store/embedded/account.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace gateway::store::embedded {
namespace {

constexpr const char* kAccountNames[] = {"postgres", "nobody"};

}  // namespace

fhir::Result<Account> UnprivilegedAccount() {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (geteuid() != 0) {
    getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found);
    return Account{.uid = geteuid(),
                   .gid = getegid(),
                   .groups = {},
                   .name = found != nullptr ? found->pw_name : std::to_string(geteuid()),
                   .change = false};
  }
  for (const char* name : kAccountNames) {
    if (getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr && found->pw_uid != 0) {
      std::array<gid_t, 64> groups;
      int count = static_cast<int>(groups.size());
      if (getgrouplist(name, found->pw_gid, groups.data(), &count) < 0) {
        count = 1;
        groups[0] = found->pw_gid;
      }
      return Account{.uid = found->pw_uid,
                     .gid = found->pw_gid,
                     .groups = {groups.begin(), groups.begin() + count},
                     .name = name,
                     .change = true};
    }
  }
  return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The private database cannot be started."},
                    {"PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it as"});
}

bool Become(const Account& account) {
  return !account.change || (setgroups(account.groups.size(), account.groups.data()) == 0 && setgid(account.gid) == 0 &&
                             setuid(account.uid) == 0);
}

fhir::Result<void> CheckReachable(const Account& account, const std::filesystem::path& folder) {
  std::vector<std::string> steps;
  std::filesystem::path step;
  for (const auto& part : folder) {
    step /= part;
    steps.push_back(step.string());
  }
  constexpr int kReachable = 255;
  constexpr int kRefused = 254;
  const pid_t child = fork();
  if (child < 0) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The private database cannot be started."}, {"fork failed"});
  }
  if (child == 0) {
    if (!Become(account)) {
      _exit(kRefused);
    }
    for (std::size_t i = 0; i < steps.size() && i < kRefused; ++i) {
      if (access(steps[i].c_str(), X_OK) != 0) {
        _exit(static_cast<int>(i));
      }
    }
    _exit(kReachable);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kRefused;
  if (code == kReachable) {
    return {};
  }
  if (code == kRefused) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The private database cannot be started."},
                      {fmt::format("this process may not change to the account {}", account.name)});
  }
  return fhir::Fail(
      fhir::ErrorCode::kConfiguration, {"The private database's folder cannot be reached."},
      {fmt::format("the account {}, which runs PostgreSQL, may not enter {}; choose another folder for --embedded, or "
                   "give others the right to pass (chmod o+x {})",
                   account.name, steps[static_cast<std::size_t>(code)], steps[static_cast<std::size_t>(code)])});
}

}  // namespace gateway::store::embedded
