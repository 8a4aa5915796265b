#include "fhir/base/source_position.hpp"

#include <algorithm>
#include <iterator>

namespace fhir {
namespace {

/// Start of the line after the one at `start`, or npos.
std::size_t NextLine(std::string_view text, std::size_t start) {
  const std::size_t end = text.find_first_of("\r\n", start);
  if (end == std::string_view::npos) {
    return end;
  }
  return end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
}

std::size_t Column(std::string_view line_before) {
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return 1 + static_cast<std::size_t>(std::count_if(line_before.begin(), line_before.end(), is_first_byte));
}

/// Moves back to the first byte of the character that `offset` lies in.
std::size_t CharacterStart(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  while (offset > 0 && offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) {
    --offset;
  }
  return offset;
}

}  // namespace

SourcePosition PositionOf(std::string_view text, std::size_t offset) {
  offset = CharacterStart(text, offset);
  std::size_t line = 1;
  std::size_t start = 0;
  for (std::size_t next = NextLine(text, 0); next <= offset; next = NextLine(text, start)) {
    start = next;
    ++line;
  }
  return {line, Column(text.substr(start, offset - start))};
}

LineIndex::LineIndex(std::string_view text) : text_(text) {
  for (std::size_t start = 0; start != std::string_view::npos; start = NextLine(text, start)) {
    starts_.push_back(start);
  }
}

SourcePosition LineIndex::Find(std::size_t offset) const {
  offset = CharacterStart(text_, offset);
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const std::size_t start = *std::prev(after);
  return {static_cast<std::size_t>(after - starts_.begin()), Column(text_.substr(start, offset - start))};
}

}  // namespace fhir
