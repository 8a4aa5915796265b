#include "gateway/app/validation/resource_lines.hpp"

#include <algorithm>
#include <utility>

namespace gateway::app {
namespace {

constexpr std::size_t kPieceBytes = 256u * 1024;

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

bool IsNdjson(std::string_view path) {
  constexpr std::string_view kEnding = ".ndjson";
  return path.size() >= kEnding.size() &&
         std::ranges::equal(path.substr(path.size() - kEnding.size()), kEnding,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// Whether there is anything left to give.
bool ResourceLines::Fill() {
  if (at_ < piece_.size()) {
    return true;
  }
  if (!from_) {
    return false;
  }
  piece_.resize(kPieceBytes);
  from_.read(piece_.data(), static_cast<std::streamsize>(kPieceBytes));
  piece_.resize(static_cast<std::size_t>(from_.gcount()));
  at_ = 0;
  return !piece_.empty();
}

std::optional<ResourceLine> ResourceLines::Next() {
  ResourceLine line;
  bool begun = false;
  while (Fill()) {
    if (!begun) {
      begun = true;
      line = {.number = ++number_, .text = {}, .too_long = false};
    }
    const std::string_view rest = std::string_view(piece_).substr(at_);
    const std::string_view part = rest.substr(0, rest.find('\n'));
    const bool ends = part.size() < rest.size();
    at_ += part.size() + (ends ? 1 : 0);
    if (line.too_long || part.size() > bytes_max_ - line.text.size()) {
      line.too_long = true;
      line.text = {};
    } else {
      line.text += part;
    }
    if (ends) {
      if (line.too_long || !IsBlank(line.text)) {
        return line;
      }
      begun = false;
    }
  }
  return begun && (line.too_long || !IsBlank(line.text)) ? std::optional(std::move(line)) : std::nullopt;
}

}  // namespace gateway::app
