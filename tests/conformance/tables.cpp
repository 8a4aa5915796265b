#include "tests/conformance/tables.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace fhir::conformance {
namespace {

constexpr std::size_t kPlacesShown = 3;
constexpr std::size_t kCellBytes = 150;

/// The text of an issue without the place inside a narrative, which no two of them share.
std::string KindOf(const std::string& text) {
  return text.ends_with(" of the narrative)") ? text.substr(0, text.rfind(" (")) : text;
}

}  // namespace

bool ErrorTable::Add(const std::string& resource, const IssueList& issues) {
  bool any = false;
  for (const Issue& issue : issues.issues()) {
    if (issue.severity == Severity::kError || issue.severity == Severity::kFatal) {
      any = true;
      places_[KindOf(issue.text)].push_back(fmt::format("{} {}", resource, issue.expression));
    }
  }
  return any;
}

std::string ErrorTable::Text(Reasons& reasons) const {
  std::vector<std::pair<std::string, std::vector<std::string>>> rows(places_.begin(), places_.end());
  std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
    return std::pair(right.second.size(), std::string_view(left.first)) <
           std::pair(left.second.size(), std::string_view(right.first));
  });
  std::string text = "| error | times | where | why |\n| --- | --- | --- | --- |\n";
  for (const auto& [error, places] : rows) {
    std::string shown;
    for (std::size_t at = 0; at < std::min(places.size(), kPlacesShown); ++at) {
      shown += (at == 0 ? "" : "; ") + places[at];
    }
    text += fmt::format("| {} | {} | {}{} | {} |\n", Cell(error), places.size(), Cell(shown),
                        places.size() > kPlacesShown ? "; …" : "", reasons.Find(error));
  }
  return text;
}

std::string Cell(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() <= kCellBytes) {
    return text;
  }
  std::size_t end = kCellBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "…";
}

std::string Percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? "–" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace fhir::conformance
