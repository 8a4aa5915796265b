// The UnitOfWork of adapters/port on PostgreSQL.
#pragma once

#include <memory>
#include <vector>

#include "adapters/port/erasure.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store {

/// thread-safe. Begins transactions at READ COMMITTED with explicit locks: conditions first, then heads in the order of
/// (type, id). The pool and what the options borrow must outlive it.
class StoreUnitOfWorkFactory final : public adapters::port::UnitOfWorkFactory, public adapters::port::Eraser {
 public:
  /// `options.clock` and `options.ids` must be set.
  StoreUnitOfWorkFactory(pg::Pool& pool, StoreOptions options);

  /// Takes a connection of the pool until the unit of work ends. The actor is copied.
  /// Errors: kUnavailable with Retry::kLater when no connection comes free.
  fhir::Result<std::unique_ptr<adapters::port::UnitOfWork>> Begin(const adapters::port::Actor& actor) override;

  fhir::Result<adapters::port::ErasureOutcome> Erase(const adapters::port::Actor& actor,
                                                     const adapters::port::ErasureBatch& batch) override;

  /// The reactions that want changes of a type, in the order of registration.
  struct WantedReactions {
    std::vector<std::vector<adapters::port::Reaction*>> by_type;  ///< indexed by TypeId
  };

 private:
  pg::Pool& pool_;
  const StoreOptions options_;
  std::unique_ptr<search_parameters::Registry> own_registry_;  // where the options have none
  search_parameters::Registry& registry_;
  WantedReactions wanted_;
};

}  // namespace gateway::store
