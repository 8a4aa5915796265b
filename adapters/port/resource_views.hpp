// Views of the record that operations need beside read, search and history. Each is one statement, with the actor's
// grants inside it: what a party may not read is in none of them, and leads to nothing that is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/actor.hpp"
#include "adapters/port/resource_store.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"

namespace adapters::port {

/// The current state of a resource without its body.
struct ResourceHead {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string id;
  std::int64_t version = 0;
  std::int64_t last_updated_us = 0;
};

struct ResourceKey {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string id;
  auto operator<=>(const ResourceKey&) const = default;
};

/// A compartment with what its resources refer to outside of it, as $everything wants it.
/// Source: https://hl7.org/fhir/R4/compartmentdefinition.html
struct CompartmentQuery {
  fhir::metadata::TypeId compartment = fhir::metadata::kNoType;  ///< Patient, Encounter …
  std::string id;                                                ///< empty: the compartments of all resources of it
  std::vector<std::string> also = {};                            ///< with `id`: the compartments of these count as its
  std::vector<fhir::metadata::TypeId> types;                     ///< only these come back; empty: all
  std::vector<fhir::metadata::TypeId> left_out;                  ///< these do not, and lead to nothing
  std::optional<std::int64_t> since_us;                          ///< changed at or after
  std::optional<std::int64_t> start_us;                          ///< care that ended before is left out
  std::optional<std::int64_t> end_us;                            ///< care that began at or after is left out
  std::optional<int> count;                                      ///< page size; unset: as many as a page may hold
  std::string cursor;
};

/// The most recent resources of each group.
struct LatestQuery {
  fhir::search::Query query;                                  ///< what is looked at; its sort and count play no part
  const fhir::metadata::SearchParameter* group_by = nullptr;  ///< a token; resources that share a value are a group
  const fhir::metadata::SearchParameter* order_by = nullptr;  ///< a date
  int per_group = 1;
  int resources_max = 1000;
};

/// Profiles, tags and security labels that resources carry.
struct MetaInUse {
  using Label = std::pair<std::string, std::string>;  ///< system and code
  std::vector<std::string> profiles;
  std::vector<Label> tags;
  std::vector<Label> security;
  bool truncated = false;  ///< there are more
};

/// thread-safe.
class ResourceViews {
 public:
  virtual ~ResourceViews() = default;
  /// What meets one of the queries, at most `heads_max`; includes, sort and paging of the queries play no part.
  virtual fhir::Result<std::vector<ResourceHead>> FindHeads(const Actor& actor,
                                                            std::span<const fhir::search::Query> queries,
                                                            std::size_t heads_max) = 0;
  /// Those of the resources that are there and granted, in the order asked for.
  virtual fhir::Result<std::vector<StoredResource>> ReadMany(const Actor& actor, std::span<const ResourceKey> keys) = 0;
  /// A page: the compartment's own resource first, `included` set for what stands outside the compartment.
  /// Errors: kInvalid for a foreign cursor.
  virtual fhir::Result<SearchPage> Compartment(const Actor& actor, const CompartmentQuery& query) = 0;
  /// Keys of the compartment's resources that are in no other one of its kind, without its own resource: what is about
  /// this patient alone. Only id, compartment and left_out of the query play a part. At most `keys_max`.
  virtual fhir::Result<std::vector<ResourceKey>> FindOwnMembers(const Actor& actor, const CompartmentQuery& query,
                                                                std::size_t keys_max) = 0;
  /// Newest first within each group. Errors: kTooCostly past resources_max.
  virtual fhir::Result<std::vector<StoredResource>> Latest(const Actor& actor, const LatestQuery& query) = 0;
  /// Of the resources of a type, of all with kNoType.
  virtual fhir::Result<MetaInUse> FindMetaInUse(const Actor& actor, fhir::metadata::TypeId type) = 0;
};

}  // namespace adapters::port
