#include "tests/fuzz/cost/meter.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

namespace fuzz {
namespace {

constexpr std::size_t kMegabyte = 1024 * 1024;
constexpr double kProcessorSeconds = 1;

double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

Cost Measure(const std::function<void()>& work) {
  heap::Watch();
  heap::ResetPeak();
  const std::int64_t live_before = heap::LiveBytes();
  const double start_s = ThreadSeconds();
  work();
  const double processor_s = ThreadSeconds() - start_s;
  return {.heap_bytes = static_cast<std::size_t>(heap::PeakBytes() - live_before), .processor_s = processor_s};
}

std::size_t HeapBytesMax(std::size_t input_bytes) {
  return kHeapBytesPerByte * kMegabyte * std::max<std::size_t>(1, (input_bytes + kMegabyte - 1) / kMegabyte);
}

std::string Excess(const Cost& cost, std::size_t input_bytes, const CostLimits& limits) {
  if (cost.heap_bytes > limits.heap_bytes) {
    return fmt::format("{} bytes of input took {} kB of heap; {} kB are allowed", input_bytes, cost.heap_bytes / 1024,
                       limits.heap_bytes / 1024);
  }
  if (cost.processor_s > limits.processor_s) {
    return fmt::format("{} bytes of input took {:.2f} s of processor time; {:.0f} s are allowed in this build",
                       input_bytes, cost.processor_s, limits.processor_s);
  }
  return {};
}

void WithinCost(std::string_view input, void (*work)(std::string_view)) {
  const CostLimits limits{.heap_bytes = HeapBytesMax(input.size()), .processor_s = kProcessorSeconds * kSlowdown};
  std::string excess = Excess(Measure([&] { work(input); }), input.size(), limits);
  if (excess.empty()) {
    return;
  }
  excess = Excess(Measure([&] { work(input); }), input.size(), limits);
  if (!excess.empty()) {
    fmt::print(stderr, "too costly: {}\n", excess);
    std::abort();
  }
}

}  // namespace fuzz
