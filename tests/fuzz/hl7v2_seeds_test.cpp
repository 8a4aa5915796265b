// The messages of tests/data/hl7v2 and what the fuzzer found as seeds, and each of them cut short and with one byte
// changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/hl7v2_fuzz.hpp"

namespace {

TEST(Hl7v2Fuzz, Seeds_AndTheirDamagedForms_Hold) {
  int seeds = 0;
  std::vector<std::filesystem::path> paths;
  for (const char* folder : {GW_SOURCE_DIR "/tests/data/hl7v2", GW_SOURCE_DIR "/tests/data/fuzz/hl7v2"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".hl7") {
        paths.push_back(entry.path());
      }
    }
  }
  for (const auto& path : paths) {
    ++seeds;
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    fuzz::TryHl7v2(text);
    fuzz::TryHl7v2("\x0B" + text + "\x1C\r");
    for (std::size_t at = 0; at < text.size(); at += 13) {
      fuzz::TryHl7v2(std::string_view(text).substr(0, at));
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x51);
      fuzz::TryHl7v2(damaged);
    }
  }
  EXPECT_GE(seeds, 30);
}

}  // namespace
