#include "gateway/store/search_sql/index_text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace gateway::store::search_sql {
namespace {

constexpr std::size_t kHashedPrefixBytes = 700;

std::size_t CharacterBoundary(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) {
    --at;
  }
  return at;
}

// FNV-1a. The numbers stand in the database: another function here means reindexing.
std::uint64_t StableHash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char byte : text) {
    hash = (hash ^ byte) * 1099511628211u;
  }
  return hash;
}

}  // namespace

std::string PlainText(std::string_view text) {
  std::string result(text);
  for (std::size_t at = result.find('\0'); at != std::string::npos; at = result.find('\0', at)) {
    result.replace(at, 1, "\xEF\xBF\xBD");
  }
  return result;
}

std::string EqualityText(std::string_view text) {
  if (text.size() <= kIndexTextBytesMax) {
    return PlainText(text);
  }
  return PlainText(
      fmt::format("{}#{:016x}", text.substr(0, CharacterBoundary(text, kHashedPrefixBytes)), StableHash(text)));
}

std::string PrefixText(std::string_view text) {
  if (text.size() > kIndexTextBytesMax) {
    text = text.substr(0, CharacterBoundary(text, kIndexTextBytesMax));
  }
  return PlainText(text);
}

}  // namespace gateway::store::search_sql
