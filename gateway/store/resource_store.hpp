// The ResourceStore of adapters/port on PostgreSQL.
#pragma once

#include <optional>
#include <string_view>

#include "adapters/port/resource_store.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/search_sql/snapshot.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store {

/// thread-safe. The pool must outlive it.
class StoreResourceStore final : public adapters::port::ResourceStore {
 public:
  StoreResourceStore(pg::Pool& pool, StoreOptions options) : pool_(pool), options_(std::move(options)) {}

  /// Cost: one prepared statement without parsing for an unrestricted actor; else one compiled statement. An earlier
  /// version is granted when the current state is: what left a party's view takes its history along.
  fhir::Result<adapters::port::StoredResource> Read(const adapters::port::Actor& actor, fhir::metadata::TypeId type,
                                                    std::string_view id,
                                                    std::optional<std::int64_t> version = std::nullopt) override;
  /// Cost: one statement for the page; one for the total where asked and not free, two for an estimate of many; one per
  /// include and step; those of FollowPatientLinks where links are followed and a patient is named. When these are
  /// several, or the page is not the first, they share a read-only transaction: one more round trip.
  fhir::Result<adapters::port::SearchPage> Search(const adapters::port::Actor& actor,
                                                  const fhir::search::Query& query) override;
  /// Newest first. Cost: one statement for the page, one for the total on the first page when there are more.
  fhir::Result<adapters::port::HistoryPage> History(const adapters::port::Actor& actor,
                                                    const adapters::port::HistoryQuery& query) override;

 private:
  fhir::Result<adapters::port::StoredResource> ReadGranted(const adapters::port::Grants& grants,
                                                           fhir::metadata::TypeId type, std::string_view id,
                                                           std::optional<std::int64_t> version);
  fhir::Result<std::optional<std::int64_t>> CountMatches(pg::Connection& connection,
                                                         const adapters::port::Grants& grants,
                                                         const fhir::search::Query& query,
                                                         const search_sql::Snapshot* as_of, std::int64_t matches_max);
  fhir::Result<std::optional<std::int64_t>> EstimateMatches(pg::Connection& connection,
                                                            const adapters::port::Grants& grants,
                                                            const fhir::search::Query& query,
                                                            const search_sql::Snapshot* as_of, bool& estimated);
  fhir::Result<void> AddIncludes(pg::Connection& connection, const adapters::port::Grants& grants,
                                 const fhir::search::Query& query, const search_sql::Snapshot* as_of,
                                 adapters::port::SearchPage& page);

  pg::Pool& pool_;
  const StoreOptions options_;
};

}  // namespace gateway::store
