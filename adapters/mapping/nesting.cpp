#include "adapters/mapping/nesting.hpp"

#include <algorithm>

namespace adapters::mapping {

bool Nesting::Names(std::uint32_t group, std::uint32_t owner) const {
  const auto found = owners_.find(group);
  return found != owners_.end() && std::find(found->second.begin(), found->second.end(), owner) != found->second.end();
}

bool Nesting::CanStandBelow(std::uint32_t group, std::uint32_t owner) const {
  return CanStandBelow(group, owner, owners_.size());
}

// `steps` bounds a chain of owners that a rule file closes to a circle.
bool Nesting::CanStandBelow(std::uint32_t group, std::uint32_t owner, std::size_t steps) const {
  const auto found = owners_.find(group);
  if (found == owners_.end() || steps == 0) {
    return false;
  }
  return std::any_of(found->second.begin(), found->second.end(), [&](std::uint32_t between) {
    return between == owner || CanStandBelow(between, owner, steps - 1);
  });
}

std::optional<Occurrence> Nesting::OwnerOf(const Source& source, const Occurrence& at) const {
  const auto found = owners_.find(at.group);
  if (found == owners_.end()) {
    return std::nullopt;
  }
  const std::size_t place = source.Position(at.group, at.number);
  std::optional<Occurrence> nearest;
  std::size_t nearest_place = 0;
  for (const std::uint32_t owner : found->second) {
    // The last occurrence before `place`: positions of a group grow with its occurrences.
    std::size_t first = 0;
    std::size_t last = source.Groups(owner);
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      if (source.Position(owner, static_cast<std::uint16_t>(middle)) < place) {
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    if (first == 0) {
      continue;
    }
    const auto number = static_cast<std::uint16_t>(first - 1);
    const std::size_t owner_place = source.Position(owner, number);
    if (!nearest || owner_place > nearest_place) {
      nearest = Occurrence{owner, number};
      nearest_place = owner_place;
    }
  }
  return nearest;
}

std::optional<Occurrence> Nesting::Above(const Source& source, const Occurrence& at, std::uint32_t group) const {
  for (auto owner = OwnerOf(source, at); owner; owner = OwnerOf(source, *owner)) {  // each stands before the last
    if (owner->group == group) {
      return owner;
    }
  }
  return std::nullopt;
}

bool Nesting::Reads(const Source& source, const Occurrence& at, const Occurrence& other) const {
  if (at.group == other.group) {
    return at.number == other.number;
  }
  const bool can_be_above = CanStandBelow(at.group, other.group);
  if (can_be_above) {
    if (const auto above = Above(source, at, other.group)) {
      return *above == other;
    }
  }
  for (auto owner = can_be_above ? OwnerOf(source, at) : std::optional(at); owner; owner = OwnerOf(source, *owner)) {
    if (Names(other.group, owner->group)) {
      return OwnerOf(source, other) == owner;
    }
    if (CanStandBelow(other.group, owner->group)) {
      return Above(source, other, owner->group) == owner;
    }
  }
  return !can_be_above;
}

}  // namespace adapters::mapping
