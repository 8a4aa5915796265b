// The ResourceViews of adapters/port on PostgreSQL.
#pragma once

#include <span>
#include <vector>

#include "adapters/port/resource_views.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store {

/// thread-safe. The pool must outlive it. Every call is one statement, but for Latest, which is two.
class StoreResourceViews final : public adapters::port::ResourceViews {
 public:
  StoreResourceViews(pg::Pool& pool, StoreOptions options) : pool_(pool), options_(std::move(options)) {}

  fhir::Result<std::vector<adapters::port::ResourceHead>> FindHeads(const adapters::port::Actor& actor,
                                                                    std::span<const fhir::search::Query> queries,
                                                                    std::size_t heads_max) override;
  fhir::Result<std::vector<adapters::port::StoredResource>> ReadMany(
      const adapters::port::Actor& actor, std::span<const adapters::port::ResourceKey> keys) override;
  fhir::Result<adapters::port::SearchPage> Compartment(const adapters::port::Actor& actor,
                                                       const adapters::port::CompartmentQuery& query) override;
  fhir::Result<std::vector<adapters::port::ResourceKey>> FindOwnMembers(const adapters::port::Actor& actor,
                                                                        const adapters::port::CompartmentQuery& query,
                                                                        std::size_t keys_max) override;
  fhir::Result<std::vector<adapters::port::StoredResource>> Latest(const adapters::port::Actor& actor,
                                                                   const adapters::port::LatestQuery& query) override;
  fhir::Result<adapters::port::MetaInUse> FindMetaInUse(const adapters::port::Actor& actor,
                                                        fhir::metadata::TypeId type) override;

 private:
  pg::Pool& pool_;
  const StoreOptions options_;
};

}  // namespace gateway::store
