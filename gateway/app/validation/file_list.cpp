#include "gateway/app/validation/file_list.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace gateway::app {

std::vector<std::string> ListFiles(const std::vector<std::string>& operands) {
  std::vector<std::string> files;
  for (const std::string& operand : operands) {
    std::error_code unreadable;
    if (!std::filesystem::is_directory(operand, unreadable)) {
      files.push_back(operand);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(operand, unreadable)) {
      const std::filesystem::path& path = entry.path();
      const bool hidden = path.filename().string().starts_with('.');
      if (!hidden && (path.extension() == ".json" || path.extension() == ".xml")) {
        inside.push_back(path.string());
      }
    }
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace gateway::app
