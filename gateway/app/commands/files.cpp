#include "gateway/app/commands/files.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <istream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace gateway::app {

namespace {

constexpr std::size_t kPieceBytes = 256u * 1024;

fhir::Result<std::string> ReadToEnd(std::istream& from, const std::string& path, std::size_t bytes_max) {
  std::string text;
  std::size_t read = 0;
  while (from) {
    text.resize(read + kPieceBytes);
    from.read(text.data() + read, static_cast<std::streamsize>(kPieceBytes));
    read += static_cast<std::size_t>(from.gcount());
    if (read > bytes_max) {
      return fhir::Fail(fhir::ErrorCode::kTooLarge,
                        fmt::format("{}: is larger than {} bytes, the most that is read of one file", path, bytes_max));
    }
  }
  text.resize(read);
  return text;
}

}  // namespace

fhir::Result<std::string> ReadWholeFile(const std::string& path, std::size_t bytes_max) {
  if (path == "-") {
    return ReadToEnd(std::cin, path, bytes_max);
  }
  if (std::error_code failed; std::filesystem::is_directory(path, failed)) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, fmt::format("{}: a file is expected, not a directory", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const std::string reason = std::generic_category().message(errno);
    return fhir::Fail(fhir::ErrorCode::kNotFound, fmt::format("{}: cannot be read: {}", path, reason));
  }
  GW_ASSIGN(std::string text, ReadToEnd(file, path, bytes_max));
  if (text.empty()) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, fmt::format("{}: is empty", path));
  }
  return text;
}

fhir::Result<void> WriteOutput(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, "standard output cannot be written");
  }
  return {};
}

fhir::Result<void> FlushOutput() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, "standard output cannot be written");
  }
  return {};
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
