#include "gateway/store/page_walk.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "gateway/store/paging/closed_rows.hpp"
#include "gateway/store/pg/pipeline.hpp"

namespace gateway::store {

using search_sql::Direction;
using search_sql::Position;

fhir::Result<PageWalk> PageWalk::Begin(const StoreOptions& options, const adapters::port::Actor& actor,
                                       std::string_view cursor, FingerprintOf fingerprint) {
  // Kind and name: an open actor may be called as a party is.
  PageWalk walk(options, std::to_string(static_cast<int>(actor.kind)) + actor.party, std::move(fingerprint));
  if (cursor.empty()) {
    return walk;
  }
  if (options.cursor_keys == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "This server gives no page links.");
  }
  GW_ASSIGN(const std::string print, walk.fingerprint_());
  GW_ASSIGN(walk.begun_, paging::ReadCursor(cursor, {.fingerprint = print, .party = walk.party_}, *options.cursor_keys,
                                            options.clock->NowUs(), options.cursor_lifetime_ms));
  walk.total_ = walk.begun_->total;
  return walk;
}

search_sql::PagePlace PageWalk::Place() const {
  if (!begun_) {
    return {};
  }
  return {.as_of = &begun_->snapshot,
          .position = begun_->position ? &*begun_->position : nullptr,
          .direction = begun_->direction};
}

std::vector<int> PageWalk::Arrange(int rows, int page_size) {
  more_ = rows > page_size;
  std::vector<int> order(static_cast<std::size_t>(std::min(rows, page_size)));
  std::iota(order.begin(), order.end(), 0);
  if (Place().direction == Direction::kBefore) {
    std::reverse(order.begin(), order.end());
  }
  return order;
}

fhir::Result<PageWalk::Links> PageWalk::MakeLinks(std::string_view snapshot, std::optional<Position> first,
                                                  std::optional<Position> last) const {
  Links links;
  const bool back = Place().direction == Direction::kBefore;
  const bool has_next = back || more_;
  const bool has_previous = back ? more_ : Place().position != nullptr;
  if (options_->cursor_keys == nullptr || (fresh() && !has_next)) {
    return links;
  }
  paging::Cursor cursor;
  cursor.total = total_;
  if (begun_) {
    cursor.snapshot = begun_->snapshot;
    cursor.begun_us = begun_->begun_us;
  } else {
    GW_ASSIGN(cursor.snapshot, search_sql::ParseSnapshot(snapshot));
    cursor.begun_us = options_->clock->NowUs();
  }
  GW_ASSIGN(const std::string print, fingerprint_());
  const auto write = [&](std::optional<Position> position, Direction direction) {
    cursor.position = std::move(position);
    cursor.direction = direction;
    return paging::WriteCursor(cursor, {.fingerprint = print, .party = party_}, *options_->cursor_keys);
  };
  if (has_next && last) {
    GW_ASSIGN(links.next, write(std::move(last), Direction::kAfter));
  }
  if (has_previous && first) {
    GW_ASSIGN(links.previous, write(std::move(first), Direction::kBefore));
  }
  if (begun_) {
    GW_ASSIGN(links.first, write(std::nullopt, Direction::kAfter));
  }
  return links;
}

fhir::Result<void> PageWalk::Finish(pg::Connection& connection, pg::Transaction& transaction) const {
  if (fresh()) {
    return transaction.Commit();
  }
  pg::Pipeline pipeline(connection);
  pipeline.Add(paging::kSelectHorizon);
  GW_ASSIGN(const std::vector<pg::Rows> rows, transaction.CommitWith(pipeline));
  const bool swept = rows.front().empty() || paging::SweptBefore(begun_->snapshot, rows.front()[0].Text(0));
  return swept ? paging::CursorExpired() : fhir::Result<void>();
}

}  // namespace gateway::store
