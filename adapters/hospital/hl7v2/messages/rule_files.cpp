#include "adapters/hospital/hl7v2/messages/rule_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace adapters::hospital::hl7v2::messages {

fhir::Result<std::vector<std::pair<std::string, std::string>>> ReadRuleFiles(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> texts;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".yaml") {
      std::ifstream file(entry.path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(file), {}};
      if (!file.good() && !file.eof()) {
        return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{} cannot be read", entry.path().string()));
      }
      texts.emplace_back(entry.path().string(), std::move(text));
    }
  }
  if (failure) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("the folder {} cannot be read", folder));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

fhir::Result<mapping::IncludedFile> ReadIncluded(const std::string& including, const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path asked(path);
  const bool leaves =
      asked.is_absolute() || std::any_of(asked.begin(), asked.end(), [](const fs::path& part) { return part == ".."; });
  if (leaves) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "a file beside this one, or below, is included");
  }
  const fs::path found = (fs::path(including).parent_path() / asked).lexically_normal();
  std::ifstream file(found, std::ios::binary);
  mapping::IncludedFile included{found.string(), {std::istreambuf_iterator<char>(file), {}}};
  if (!file.is_open() || (!file.good() && !file.eof())) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "the file cannot be read");
  }
  return included;
}

}  // namespace adapters::hospital::hl7v2::messages
