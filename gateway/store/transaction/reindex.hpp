// Index rows of resources that are there already, made anew out of their bodies: a bounded part of a type at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/search/extractor.hpp"
#include "gateway/store/store_options.hpp"
#include "gateway/store/transaction/session.hpp"
#include "gateway/store/transaction/versions.hpp"

namespace gateway::store::transaction {

/// How rows are made.
struct ReindexContext {
  Session& session;
  const StoreOptions& options;
  fhir::search::Extractor& extractor;
  std::optional<std::vector<std::uint16_t>> only;  ///< parameters whose rows are made; unset: all
};

/// The next resources of a type, deleted ones among them, in the order of ids.
struct ReindexPart {
  std::int16_t type = 0;
  std::string after;  ///< the last id that has been done; empty: from the first
  std::string until;  ///< no id beyond this one; empty: to the last
  int resources_max = 100;
  std::size_t bytes_max = 8 * 1024 * 1024;  ///< of bodies, but for a single one that is larger
};

struct PartDone {
  std::int64_t resources = 0;
  std::int64_t unreadable = 0;  ///< of them: bodies that cannot be read; their rows stay as they are
  std::string last_id;          ///< empty when there was no resource
  bool more = false;            ///< there may be others after it
};

/// The ids of a part, within its limits. Cost: one statement.
fhir::Result<std::vector<std::string>> NextIds(Session& session, const ReindexPart& part, bool& more);

/// Locks the resources, reads them, and makes their rows what their bodies say, at the next read or commit of the
/// session; those of what they contain too, unless certain parameters are wanted. Cost: a round trip for the bodies,
/// one for what is contained, and a statement per index table. Errors: those of LockAndReadHeads.
fhir::Result<PartDone> ReindexResources(const ReindexContext& context, std::int16_t type,
                                        std::span<const std::string> ids);

/// NextIds and ReindexResources.
fhir::Result<PartDone> ReindexNext(const ReindexContext& context, const ReindexPart& part);

}  // namespace gateway::store::transaction
