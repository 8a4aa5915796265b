// One gateway per folder: a lock that the kernel releases when its holder ends, however it ends.
#pragma once

#include <filesystem>

#include "fhir/base/error.hpp"

namespace gateway::store::embedded {

class DirectoryLock {
 public:
  /// Takes the lock file gateway.lock in `folder` and writes this process's id into it.
  /// Errors: kConfiguration, naming the process that holds it.
  static fhir::Result<DirectoryLock> Take(const std::filesystem::path& folder);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace gateway::store::embedded
