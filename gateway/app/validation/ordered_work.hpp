// Works on pieces with several threads and hands the results on in order, with a bounded number waiting.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace gateway::app {

struct OrderedWork {
  std::size_t threads = 1;
  std::size_t waiting_max = 1;  ///< results that may wait for an earlier one, so that memory stays bounded
};

/// What makes one result, on any thread; pieces run at the same time.
using Piece = std::function<std::string()>;
/// Gives the pieces in order, an empty one at the end. Called from any of the threads, but by one at a time.
using NextPiece = std::function<Piece()>;

/// Runs the pieces on the threads and calls `take` with each result, in order, on the calling thread, until `take`
/// answers false. What any of them throws leaves this function once the threads have ended. Returns whether every
/// result was taken.
bool RunInOrder(const OrderedWork& order, const NextPiece& next, const std::function<bool(std::string)>& take);

}  // namespace gateway::app
