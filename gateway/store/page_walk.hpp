// One page on a walk through the results of a search or a history: where it stands, and the links to its neighbours.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/paging/cursor.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store {

/// thread-compatible; one per request. The options are borrowed.
class PageWalk {
 public:
  using FingerprintOf = std::function<fhir::Result<std::string>()>;

  /// A first page when `cursor` is empty. `fingerprint` is asked for when it is needed.
  /// Errors: kMalformed and kGone, see paging/cursor.hpp; those of `fingerprint`.
  static fhir::Result<PageWalk> Begin(const StoreOptions& options, const adapters::port::Actor& actor,
                                      std::string_view cursor, FingerprintOf fingerprint);

  /// The first page of a walk is of the current state; the others are of the first one's.
  bool fresh() const { return !begun_; }
  /// Borrows from this object.
  search_sql::PagePlace Place() const;
  const search_sql::Snapshot* as_of() const { return begun_ ? &begun_->snapshot : nullptr; }
  const std::optional<std::int64_t>& total() const { return total_; }
  void SetTotal(std::optional<std::int64_t> total) { total_ = total; }

  /// The rows of a result that asked for one row more than the page holds, in the order of the walk: positions among
  /// the rows, the first row to show first.
  std::vector<int> Arrange(int rows, int page_size);

  struct Links {
    std::string next;
    std::string previous;
    std::string first;
  };
  /// After Arrange. `snapshot` is what a row of a first page names. Positions: of the first and last row shown; unset
  /// when there is none. Errors: kUnavailable when the snapshot is too large for a cursor.
  fhir::Result<Links> MakeLinks(std::string_view snapshot, std::optional<search_sql::Position> first,
                                std::optional<search_sql::Position> last) const;

  /// Ends the transaction of the page's statements, and makes sure that none of the rows it needed had been swept.
  /// Errors: kGone.
  fhir::Result<void> Finish(pg::Connection& connection, pg::Transaction& transaction) const;

 private:
  PageWalk(const StoreOptions& options, std::string party, FingerprintOf fingerprint)
      : options_(&options), party_(std::move(party)), fingerprint_(std::move(fingerprint)) {}

  const StoreOptions* options_;
  std::string party_;
  FingerprintOf fingerprint_;
  std::optional<paging::Cursor> begun_;  // what the link said
  std::optional<std::int64_t> total_;
  bool more_ = false;  // further on in the direction of this page
};

}  // namespace gateway::store
