#include "tests/fuzz/cost/shapes.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/fuzz/cost/meter.hpp"

namespace fuzz {

std::string Repeated(std::string_view head, std::string_view unit, std::string_view tail, std::size_t bytes) {
  std::string text(head);
  text.reserve(bytes + unit.size() + tail.size());
  while (text.size() + unit.size() + tail.size() <= bytes) {
    text += unit;
  }
  text += tail;
  return text;
}

std::string Numbered(std::string_view head, std::string_view unit, std::string_view tail, std::size_t bytes) {
  const std::size_t place = unit.find("{}");
  std::string text(head);
  for (std::size_t number = 0; text.size() + unit.size() + tail.size() + 8 <= bytes; ++number) {
    text += unit.substr(0, place);
    text += std::to_string(number);
    text += unit.substr(place + 2);
  }
  text += tail;
  return text;
}

std::string Nested(std::string_view open, std::string_view middle, std::string_view close, std::size_t bytes) {
  const std::size_t levels = (bytes - middle.size()) / (open.size() + close.size());
  std::string text;
  text.reserve(bytes);
  for (std::size_t i = 0; i < levels; ++i) {
    text += open;
  }
  text += middle;
  for (std::size_t i = 0; i < levels; ++i) {
    text += close;
  }
  return text;
}

void ExpectWithinCost(const std::vector<Shape>& shapes, const std::function<void(std::string_view)>& work,
                      const CostBound& bound) {
  constexpr double kBusyMachine = 4;
  for (const Shape& shape : shapes) {
    const std::size_t bytes = shape.text.size() + bound.other_bytes;
    const CostLimits limits{
        .heap_bytes = bound.heap == HeapBound::kInProportion
                          ? (kHeapBytesPerByte + kHeapBytesPerByte / 4) * std::max(bytes, kShapeBytes)
                          : HeapBytesMax(bytes),
        .processor_s = kBusyMachine * kSlowdown};
    Cost cost = Measure([&] { work(shape.text); });
    if (!Excess(cost, bytes, limits).empty()) {
      cost = Measure([&] { work(shape.text); });
    }
    fmt::print("{:>8} bytes {:>8.2f} MB {:>8.3f} s  {}\n", bytes, static_cast<double>(cost.heap_bytes) / 1048576.0,
               cost.processor_s, shape.name);
    (void)std::fflush(stdout);  // one that hangs is the one behind the last line
    EXPECT_EQ(Excess(cost, bytes, limits), "") << shape.name;
  }
}

}  // namespace fuzz
