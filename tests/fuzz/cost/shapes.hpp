// Inputs of about one megabyte that are the worst of their kind, and the check of what they cost.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

inline constexpr std::size_t kShapeBytes = 1024 * 1024;

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

/// Fails the test when `work` on a shape costs more than an input of that size may, and prints what each one cost. What
/// is too much the first time is measured once more, so that tables made once do not count. `other_bytes` is the size of
/// what else comes from outside: the resource that a patch is for.
void ExpectWithinCost(const std::vector<Shape>& shapes, const std::function<void(std::string_view)>& work,
                      std::size_t other_bytes = 0);

}  // namespace fuzz
