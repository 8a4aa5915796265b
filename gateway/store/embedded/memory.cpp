#include "gateway/store/embedded/memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace gateway::store::embedded {

std::int64_t UsableMemoryMb(const std::filesystem::path& limit_file) {
  constexpr std::int64_t kMb = 1024 * 1024;
  std::int64_t usable_mb = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE) / kMb;
  std::ifstream limit(limit_file);
  if (std::int64_t bytes = 0; limit >> bytes) {
    usable_mb = std::min(usable_mb, bytes / kMb);
  }
  return usable_mb;
}

int SharedBuffersMb(std::int64_t usable_mb) {
  return static_cast<int>(std::clamp<std::int64_t>(usable_mb / 8, 128, 1024));
}

}  // namespace gateway::store::embedded
