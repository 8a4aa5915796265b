// How texts are cut to fit an index entry: the same on the way in and in a search.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::store::search_sql {

inline constexpr std::size_t kIndexTextBytesMax = 800;

/// Text that is compared for equality: as it is up to 800 bytes, else its first 700 bytes, '#' and a 64-bit hash.
/// NUL characters, which PostgreSQL cannot hold, become U+FFFD.
std::string EqualityText(std::string_view text);

/// Text that is compared by its beginning: cut to 800 bytes at a character.
std::string PrefixText(std::string_view text);

/// Text that is only carried along (not in an index): without NUL characters.
std::string PlainText(std::string_view text);

}  // namespace gateway::store::search_sql
