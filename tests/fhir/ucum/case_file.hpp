// Lines of a data file under tests/data/ucum, without comments.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace ucum_test {

inline std::vector<std::string> CaseLines(const std::string& name) {
  std::ifstream file(std::string(GW_SOURCE_DIR "/tests/data/ucum/") + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') {
      lines.push_back(line);
    }
  }
  return lines;
}

/// "value unit" → both; the value is what stands before the first blank.
struct ValueAndUnit {
  std::string value;
  std::string unit;
};
inline ValueAndUnit SplitQuantity(std::string_view text) {
  const std::size_t blank = text.find(' ');
  return {std::string(text.substr(0, blank)), std::string(text.substr(blank + 1))};
}

/// "left = right" → both.
struct Sides {
  std::string left;
  std::string right;
};
inline Sides SplitEquation(std::string_view line) {
  const std::size_t sign = line.find(" = ");
  EXPECT_NE(sign, std::string_view::npos) << line;
  return {std::string(line.substr(0, sign)), std::string(line.substr(sign + 3))};
}

}  // namespace ucum_test
