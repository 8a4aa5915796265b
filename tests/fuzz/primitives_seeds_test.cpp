// The fuzzer's seeds, each line run once as an ordinary test, whole and cut everywhere.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/fuzz/primitives_fuzz.hpp"

namespace {

TEST(PrimitivesFuzz, EverySeed_Holds) {
  int seeds = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(GW_SOURCE_DIR) + "/tests/data/fuzz/primitives")) {
    std::ifstream file(entry.path(), std::ios::binary);
    for (std::string line; std::getline(file, line); ++seeds) {
      for (std::size_t bytes = 0; bytes <= line.size(); ++bytes) {
        fuzz::TryPrimitives(std::string_view(line).substr(0, bytes));
      }
    }
  }
  EXPECT_GE(seeds, 40);
}

}  // namespace
