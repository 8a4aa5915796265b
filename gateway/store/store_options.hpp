// What the store is told at start; gateway/settings has the values, gateway/app fills them in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "adapters/port/commit_hook.hpp"
#include "adapters/port/ports.hpp"
#include "adapters/port/resource_check.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/validation/structure.hpp"
#include "gateway/store/paging/key_ring.hpp"
#include "gateway/store/search_parameters/registry.hpp"

namespace gateway::store {

struct StoreOptions {
  std::string base_url;               ///< "https://host/fhir", without a slash at the end
  std::string zone = "Europe/Paris";  ///< of values without an offset
  /// Types whose narrative (_text) and content (_content) are indexed; "*" means all. Content costs more than all other
  /// values of a resource together, so that none is by default.
  std::vector<std::string> narrative_types = {"*"};
  std::vector<std::string> content_types = {};
  int page_size_default = 50;
  int page_size_max = 1000;
  std::int64_t includes_max = 1000;              ///< included resources of one page
  int include_depth_max = 5;                     ///< steps of _include:iterate
  std::int64_t matches_counted_max = 1'000'000;  ///< past it, no total is given
  std::int64_t estimates_counted_max = 1'000;    ///< up to it, a total that may be estimated is counted all the same
  bool patient_links_followed = false;           ///< searches by a patient find what refers to those that it replaces
  int reaction_depth_max = 8;
  std::size_t changes_max = 50'000;  ///< of one transaction, reactions included
  fhir::Limits limits;
  fhir::validation::ValidationOptions validation;        ///< of what is checked without a `check`
  const adapters::port::ResourceCheck* check = nullptr;  ///< borrowed; null: structure and closed lists alone
  bool references_checked = false;  ///< local references of what comes from outside must lead to a resource
  bool deletes_checked = false;     ///< what comes from outside deletes nothing that others refer to
  /// Types that tell what was: they may refer to what is not there, and keep nothing from being deleted.
  std::vector<std::string> referrers_ignored = {"AuditEvent", "Provenance"};
  std::int64_t cursor_lifetime_ms = 3'600'000;               ///< of a walk, from its first page
  std::int64_t repeat_lifetime_ms = 2'592'000'000;           ///< of a RepeatKey: 30 days
  search_parameters::Registry* search_parameters = nullptr;  ///< borrowed; null: the writing side has its own
  paging::KeyRing* cursor_keys = nullptr;                    ///< borrowed; null: pages have no links
  std::vector<adapters::port::Reaction*> reactions;          ///< borrowed; live as long as the store
  std::vector<adapters::port::CommitHook*> commit_hooks;     ///< borrowed; live as long as the store
  const adapters::port::Clock* clock = nullptr;              ///< borrowed
  adapters::port::IdSource* ids = nullptr;                   ///< borrowed
  /// Called after a commit that put messages into the outbox; thread-safe and quick. May be empty.
  std::function<void()> on_outbox_filled = nullptr;
};

}  // namespace gateway::store
