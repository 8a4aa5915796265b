// The place of one row in the order of a query: where a page ends and the next one begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store::search_sql {

struct Position {
  std::vector<std::optional<std::string>> keys;  ///< a value per sort key, unset where the resource has none
  std::string id;

  bool operator==(const Position&) const = default;
};

enum class Direction : std::uint8_t { kAfter, kBefore };

}  // namespace gateway::store::search_sql
