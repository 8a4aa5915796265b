// Files of a test, in a folder of its own that goes with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace gateway::app::test {

class ImportFiles : public ::testing::Test {
 protected:
  ImportFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "passerelle-import-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ImportFiles() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string Write(const std::string& name, std::string_view text) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

}  // namespace gateway::app::test
