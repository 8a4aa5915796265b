// The fuzzer's seeds, run once each as an ordinary test.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/fuzz/packages_fuzz.hpp"

namespace {

TEST(PackagesFuzz, EverySeed_Holds) {
  int seeds = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(GW_SOURCE_DIR) + "/tests/data/fuzz/packages")) {
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string whole = bytes.str();
    fuzz::TryPackage(whole);
    for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 400) {
      fuzz::TryPackage(std::string_view(whole).substr(0, length));
    }
    ++seeds;
  }
  EXPECT_GE(seeds, 6);
}

}  // namespace
