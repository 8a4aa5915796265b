// Inputs of a quarter of a megabyte that are the worst of their kind, and the check of what they cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

/// Long enough that what grows with the square shows, short enough for a build that is not optimised.
inline constexpr std::size_t kShapeBytes = 256 * 1024;

struct Shape {
  std::string name;  ///< for people, in the test's output
  std::string text;
};

/// head, then unit again and again, then tail: about `bytes` in all.
std::string Repeated(std::string_view head, std::string_view unit, std::string_view tail,
                     std::size_t bytes = kShapeBytes);

/// The same where every unit has its number: "{}" in it is replaced.
std::string Numbered(std::string_view head, std::string_view unit, std::string_view tail,
                     std::size_t bytes = kShapeBytes);

/// open as often as close, around middle.
std::string Nested(std::string_view open, std::string_view middle, std::string_view close,
                   std::size_t bytes = kShapeBytes);

/// How the heap may grow.
enum class HeapBound : std::uint8_t {
  kMegabytesBegun,  ///< 64 MB for each MB begun: where a budget of the work itself is the larger part
  kInProportion,    ///< 80 times the input: 64, and a quarter since arenas grow by blocks of several sizes
};

struct CostBound {
  HeapBound heap = HeapBound::kMegabytesBegun;
  std::size_t other_bytes = 0;  ///< what else comes from outside: the resource that a patch is for
};

/// Fails the test when `work` on a shape costs more than an input of that size may, and prints what each one cost. What
/// is too much the first time is measured once more, so that tables made once do not count. Processor time is bounded
/// so generously that a slow or busy machine passes, and what hangs does not.
void ExpectWithinCost(const std::vector<Shape>& shapes, const std::function<void(std::string_view)>& work,
                      const CostBound& bound = {});

}  // namespace fuzz
