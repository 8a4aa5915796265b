#include "fhir/packages/version.hpp"

#include <algorithm>
#include <cstddef>

namespace fhir::packages {
namespace {

std::string_view NextPart(std::string_view& rest) {
  const std::size_t end = rest.find('.');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

bool IsNumber(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

int ComparePart(std::string_view a, std::string_view b) {
  if (IsNumber(a) && IsNumber(b)) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) {
      return a.size() < b.size() ? -1 : 1;
    }
  } else if (IsNumber(a) != IsNumber(b)) {
    return IsNumber(a) ? -1 : 1;
  }
  return a.compare(b);
}

int CompareDotted(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (const int order = ComparePart(NextPart(a), NextPart(b)); order != 0) {
      return order;
    }
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace

int CompareVersions(std::string_view a, std::string_view b) {
  const std::size_t a_label = std::min(a.find('-'), a.size());
  const std::size_t b_label = std::min(b.find('-'), b.size());
  if (const int order = CompareDotted(a.substr(0, a_label), b.substr(0, b_label)); order != 0) {
    return order;
  }
  const bool a_final = a_label == a.size();
  const bool b_final = b_label == b.size();
  if (a_final || b_final) {
    return static_cast<int>(a_final) - static_cast<int>(b_final);
  }
  return CompareDotted(a.substr(a_label + 1), b.substr(b_label + 1));
}

bool VersionMatches(std::string_view version, std::string_view wanted) {
  if (wanted.ends_with(".x")) {
    wanted.remove_suffix(2);
  }
  return version.starts_with(wanted) &&
         (wanted.empty() || version.size() == wanted.size() || version[wanted.size()] == '.');
}

}  // namespace fhir::packages
