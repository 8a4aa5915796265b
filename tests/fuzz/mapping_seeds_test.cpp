// The shipped rule files and small ones as seeds, each of them cut short and with one byte changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/mapping_fuzz.hpp"

namespace {

std::vector<std::string> Texts(const char* folder) {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") {
      std::ifstream file(entry.path(), std::ios::binary);
      texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  return texts;
}

TEST(MappingFuzz, SmallFiles_AndTheirDamagedForms_Hold) {
  const auto seeds = Texts(GW_SOURCE_DIR "/tests/data/fuzz/mapping");
  EXPECT_GE(seeds.size(), 4u);
  for (const auto& text : seeds) {
    fuzz::TryMapping(text);
    for (std::size_t at = 0; at < text.size(); at += 7) {
      fuzz::TryMapping(std::string_view(text).substr(0, at));
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x51);
      fuzz::TryMapping(damaged);
    }
  }
}

TEST(MappingFuzz, ShippedFiles_CutShort_Hold) {
  const auto files = Texts(GW_SOURCE_DIR "/config/mappings/hl7v2");
  EXPECT_GE(files.size(), 8u);
  for (const auto& text : files) {
    for (std::size_t at = 0; at < text.size(); at += 1 + text.size() / 7) {
      fuzz::TryMapping(std::string_view(text).substr(0, at));
    }
  }
}

}  // namespace
