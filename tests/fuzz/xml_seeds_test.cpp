// The fuzzer's seeds, run once each as an ordinary test.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/fuzz/xml_fuzz.hpp"

namespace {

TEST(XmlFuzz, EverySeed_Holds) {
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(GW_SOURCE_DIR) + "/tests/data/fuzz/xml")) {
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string whole = text.str();
    fuzz::TryXml(whole);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
      fuzz::TryXml(std::string_view(whole).substr(0, bytes));
    }
    ++seeds;
  }
  EXPECT_GE(seeds, 10);
}

}  // namespace
