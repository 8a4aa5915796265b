#include "gateway/store/embedded/directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gateway::store::embedded {

fhir::Result<DirectoryLock> DirectoryLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "gateway.lock";
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The private database's folder cannot be used."},
                      {fmt::format("cannot open {}: {}", file.string(), std::strerror(errno))});
  }
  DirectoryLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    const ssize_t got = read(descriptor, holder.data(), holder.size() - 1);
    std::string pid(holder.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    while (!pid.empty() && pid.back() == '\n') {
      pid.pop_back();
    }
    return fhir::Fail(
        fhir::ErrorCode::kConfiguration, {"The private database's folder is in use."},
        {fmt::format("{} is in use by another gateway, process {}", folder.string(), pid.empty() ? "unknown" : pid)});
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"The private database's folder cannot be used."},
                      {fmt::format("cannot write {}: {}", file.string(), std::strerror(errno))});
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) {
    close(descriptor_);  // the file stays: removing it would let two holders in
  }
}

}  // namespace gateway::store::embedded
