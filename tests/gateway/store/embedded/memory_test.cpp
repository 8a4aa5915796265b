// What a private server takes for its pages.
#include "gateway/store/embedded/memory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace {

using gateway::store::embedded::SharedBuffersMb;
using gateway::store::embedded::UsableMemoryMb;

TEST(Memory, SharedBuffers_AreAnEighth_WithinBounds) {
  EXPECT_EQ(SharedBuffersMb(0), 128);
  EXPECT_EQ(SharedBuffersMb(1024), 128);
  EXPECT_EQ(SharedBuffersMb(1032), 129);
  EXPECT_EQ(SharedBuffersMb(8191), 1023);
  EXPECT_EQ(SharedBuffersMb(8192), 1024);
  EXPECT_EQ(SharedBuffersMb(1'000'000), 1024);
}

TEST(Memory, Usable_IsTheLesserOfMachineAndGroup) {
  const auto file = std::filesystem::path(testing::TempDir()) / "memory.max";
  const std::int64_t machine_mb = UsableMemoryMb("/does/not/exist");
  EXPECT_GT(machine_mb, 0);
  std::ofstream(file) << "max\n";
  EXPECT_EQ(UsableMemoryMb(file), machine_mb);
  std::ofstream(file) << 64LL * 1024 * 1024 << '\n';
  EXPECT_EQ(UsableMemoryMb(file), 64);
  std::ofstream(file) << 9'000'000'000'000'000LL << '\n';
  EXPECT_EQ(UsableMemoryMb(file), machine_mb);
}

}  // namespace
