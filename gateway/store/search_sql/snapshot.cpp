#include "gateway/store/search_sql/snapshot.hpp"

#include <charconv>
#include <optional>

namespace gateway::store::search_sql {
namespace {

// Takes a number and the separator after it off the front; nullopt when they do not stand there.
std::optional<std::uint64_t> TakeNumber(std::string_view& rest, char separator) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.empty() && rest.front() == separator) {
    rest.remove_prefix(1);
  } else if (separator == ':' || !rest.empty()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

fhir::Result<Snapshot> ParseSnapshot(std::string_view text) {
  const auto unreadable = [] {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"the server's snapshot is not readable"});
  };
  Snapshot snapshot;
  const auto xmin = TakeNumber(text, ':');
  const auto xmax = xmin ? TakeNumber(text, ':') : std::nullopt;
  if (!xmax || *xmax < *xmin) {
    return unreadable();
  }
  snapshot.xmin = *xmin;
  snapshot.xmax = *xmax;
  std::uint64_t least = *xmin;
  while (!text.empty()) {
    const auto number = TakeNumber(text, ',');
    if (!number || *number < least || *number >= *xmax) {
      return unreadable();
    }
    if (snapshot.in_progress.size() == kInProgressMax) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"Too many changes are under way to page through them."},
                        {"more transactions in progress than a cursor can carry"}, fhir::Retry::kLater);
    }
    snapshot.in_progress.push_back(*number);
    least = *number + 1;
  }
  return snapshot;
}

}  // namespace gateway::store::search_sql
