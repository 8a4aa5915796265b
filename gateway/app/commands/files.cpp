#include "gateway/app/commands/files.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace gateway::app {

fhir::Result<std::string> ReadWholeFile(const std::string& path) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, fmt::format("{}: cannot be read, or is empty", path));
  }
  return std::move(text).str();
}

std::vector<std::string> SplitMessages(std::string bytes) {
  constexpr char kStart = '\x0b';
  constexpr char kEnd = '\x1c';
  std::vector<std::string> messages;
  for (auto start = bytes.find(kStart); start != std::string::npos; start = bytes.find(kStart, start + 1)) {
    const auto end = bytes.find(kEnd, start);
    messages.push_back(bytes.substr(start + 1, end == std::string::npos ? end : end - start - 1));
  }
  if (messages.empty()) {
    messages.push_back(std::move(bytes));
  }
  return messages;
}

}  // namespace gateway::app
