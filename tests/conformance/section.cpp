#include "tests/conformance/section.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace fhir::conformance {

std::string CheckSection(std::string_view name, std::string_view text, std::string_view page) {
  const std::string path = fmt::format("{}/{}", GW_SOURCE_DIR, page);
  std::stringstream read;
  read << std::ifstream(path, std::ios::binary).rdbuf();
  std::string report = read.str();
  const std::string begin = fmt::format("<!-- {}:begin -->\n", name);
  const std::string end = fmt::format("<!-- {}:end -->\n", name);
  const std::size_t from = report.find(begin);
  const std::size_t to = report.find(end);
  if (from == std::string::npos || to == std::string::npos) {
    return fmt::format("{} has no section {}", page, name);
  }
  const std::size_t first = from + begin.size();
  if (report.compare(first, to - first, text) == 0) {
    return {};
  }
  if (std::getenv("GW_UPDATE_GOLDEN") == nullptr) {
    return fmt::format("{}, section {}, is not what this test found; GW_UPDATE_GOLDEN=1 writes it", page, name);
  }
  report.replace(first, to - first, text);
  std::ofstream(path, std::ios::binary) << report;
  return {};
}

}  // namespace fhir::conformance
