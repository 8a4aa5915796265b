#include "gateway/app/validation/file_list.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace gateway::app {
namespace {

void AddDirectory(const std::string& directory, FileFilter filter, FileList& list) {
  std::vector<std::string> inside;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
    if (std::error_code ignored; filter(at->path().string()) && !at->is_directory(ignored)) {
      inside.push_back(at->path().string());
    }
  }
  if (failed) {
    list.problems.push_back(fmt::format("{} in {}: {}", inside.empty() ? "no file to read" : "not all files found",
                                        directory, failed.message()));
  } else if (inside.empty()) {
    list.problems.push_back(fmt::format("no file to read in {}", directory));
  }
  std::ranges::sort(inside);
  list.files.insert(list.files.end(), inside.begin(), inside.end());
}

}  // namespace

bool IsResourceFile(std::string_view path) {
  const std::filesystem::path name(path);
  std::string extension = name.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return !name.filename().string().starts_with('.') &&
         (extension == ".json" || extension == ".ndjson" || extension == ".xml");
}

FileList ListFiles(const std::vector<std::string>& operands, FileFilter filter) {
  FileList list;
  for (const std::string& operand : operands) {
    if (std::error_code failed; std::filesystem::is_directory(operand, failed)) {
      AddDirectory(operand, filter, list);
    } else {
      list.files.push_back(operand);
    }
  }
  return list;
}

}  // namespace gateway::app
