// The fuzzer's seeds as an ordinary test: each whole, cut short everywhere, and with one byte changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/patch_fuzz.hpp"

namespace {

TEST(PatchFuzz, Seeds_AndTheirDamagedForms_Hold) {
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GW_SOURCE_DIR "/tests/data/fuzz/patch")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    fuzz::TryPatch(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
      fuzz::TryPatch(std::string_view(text).substr(0, at));
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x11);
      fuzz::TryPatch(damaged);
    }
    ++seeds;
  }
  EXPECT_GE(seeds, 6);
}

}  // namespace
