// $expunge in the background (Prefer: respond-async): the same operation again and again, a bounded part at a time,
// until nothing is left of what it was asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/jobs.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest {

inline constexpr std::string_view kExpungeJob = "expunge";

struct ExpungeOrder {
  std::string path;                ///< "/fhir/Patient/1/$expunge"
  std::vector<std::string> flags;  ///< the parameters that were true
  std::int64_t rows_max = 0;       ///< versions that may go
};

std::string WriteExpungeOrder(const ExpungeOrder& order);

struct ExpungeJobOptions {
  std::int64_t step_rows = 2'000;  ///< of one step, in transactions of their own
};

/// The service is kept alive. What a step erased is gone even where its node ended before it could say so, so that the
/// next step goes on by itself; what such a step erased is missing in the count. Rights are those of the moment.
/// The result is the answer of the operation, over all steps.
std::unique_ptr<adapters::port::JobKind> MakeExpungeJob(std::shared_ptr<const Service> service,
                                                        adapters::port::ActorOfOwner actor_of,
                                                        const ExpungeJobOptions& options = {});

}  // namespace gateway::rest
