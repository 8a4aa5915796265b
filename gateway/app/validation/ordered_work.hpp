// Works on numbered pieces with several threads and hands the results on in order, with a bounded number waiting.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace gateway::app {

struct OrderedWork {
  std::size_t pieces = 0;
  std::size_t threads = 1;
  std::size_t waiting_max = 1;  ///< results that may wait for an earlier one, so that memory stays bounded
};

/// Calls `work`, which must be thread-safe, for 0 … pieces-1 on the threads and `take` with each result, in order, on
/// the calling thread, until `take` answers false. What either throws leaves this function once the threads have ended.
/// Returns whether every result was taken.
bool RunInOrder(const OrderedWork& order, const std::function<std::string(std::size_t)>& work,
                const std::function<bool(std::string)>& take);

}  // namespace gateway::app
