// How much memory a private server may take for its pages.
#pragma once

#include <cstdint>
#include <filesystem>

namespace gateway::store::embedded {

/// What this process may use at most, in MB: the machine's memory, or less where a control group allows less.
/// `limit_file`: the limit of the group, in bytes or "max"; need not be there.
/// Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
std::int64_t UsableMemoryMb(const std::filesystem::path& limit_file = "/sys/fs/cgroup/memory.max");

/// An eighth of it, from 128 to 1024: the index pages that every search and write touches should stay.
int SharedBuffersMb(std::int64_t usable_mb);

}  // namespace gateway::store::embedded
