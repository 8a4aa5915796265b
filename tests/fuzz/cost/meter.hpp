// What one piece of work costs: heap and processor time, and the bounds that hold for every reader of outside input.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "tests/fuzz/cost/heap.hpp"

namespace fuzz {

struct Cost {
  std::size_t heap_bytes = 0;  ///< the most that was allocated at one time beyond what was before
  double processor_s = 0;      ///< of the calling thread, so that other programs do not count
};

/// Runs `work` and tells its cost. Allocations of all threads count; one measurement at a time.
Cost Measure(const std::function<void()>& work);

/// How many times slower than optimised code this build may be.
#if defined(GW_SANITIZED)
inline constexpr double kSlowdown = 5;
#elif defined(GW_DEBUG)
inline constexpr double kSlowdown = 5;
#else
inline constexpr double kSlowdown = 1;
#endif

struct CostLimits {
  std::size_t heap_bytes = 0;
  double processor_s = 0;
};

inline constexpr std::size_t kHeapBytesPerByte = 64;
/// 64 MB for each MB begun of input.
std::size_t HeapBytesMax(std::size_t input_bytes);

/// Why the cost is too much for an input of that size, or nothing.
std::string Excess(const Cost& cost, std::size_t input_bytes, const CostLimits& limits);

/// Runs `work` on the input and ends the process with a line on standard error when it costs too much: HeapBytesMax,
/// and one second times kSlowdown. What costs too much is run once more, and only the second cost counts: tables made
/// once for the process are no cost of an input.
void WithinCost(std::string_view input, void (*work)(std::string_view));

}  // namespace fuzz
