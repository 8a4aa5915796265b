// Reading resources outside a transaction of one's own: each call is one statement or one short read transaction, with
// the actor's grants inside the SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"

namespace adapters::port {

struct SearchHit {
  StoredResource resource;
  bool included = false;  ///< search.mode include
  /// Of a contained resource: "MedicationRequest/23", what it stands in. `resource` then has its own type, id and text,
  /// and the version and time of its container.
  std::string container = {};
};

struct SearchPage {
  std::vector<SearchHit> hits;
  std::optional<std::int64_t> total;  ///< unset when not asked for and not free
  bool total_estimated = false;       ///< `total` is what the database expects, not counted
  std::string next_cursor;            ///< empty on the last page
  std::string previous_cursor;        ///< empty on the first page
  std::string first_cursor;           ///< the first page of the same walk; empty on the first page itself
  int page_size = 0;                  ///< matches that a page of this query holds, after default and maximum
  bool includes_truncated = false;
};

struct HistoryQuery {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;  ///< kNoType: whole system
  std::string id;                                         ///< empty: whole type
  std::optional<std::int64_t> since_us;
  std::optional<fhir::UsRange> at = std::nullopt;  ///< versions that were current at some moment of it
  bool oldest_first = false;
  int count = 0;  ///< 0: default
  std::string cursor;
};

struct HistoryPage {
  std::vector<StoredResource> versions;  ///< newest first, unless asked otherwise
  std::int64_t total = 0;
  std::string next_cursor;  ///< as in SearchPage, and so are the others
  std::string previous_cursor;
  std::string first_cursor;
  int page_size = 0;
};

/// Pages of one walk show the state as of its first page, whatever is written meanwhile; expunge is the exception.
/// Errors of a cursor: kMalformed when it is not one of this query and party, kGone when the walk is too old.
/// thread-safe.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;
  /// kNotFound when absent or not granted (the two cannot be told apart); kGone when deleted.
  virtual fhir::Result<StoredResource> Read(const Actor& actor, fhir::metadata::TypeId type, std::string_view id,
                                            std::optional<std::int64_t> version = std::nullopt) = 0;
  virtual fhir::Result<SearchPage> Search(const Actor& actor, const fhir::search::Query& query) = 0;
  virtual fhir::Result<HistoryPage> History(const Actor& actor, const HistoryQuery& query) = 0;
};

}  // namespace adapters::port
