// What the primitives fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Asks of every primitive type whether the text is a value of it. Types that are narrower than others must accept no
/// more than these, and what is accepted must be readable by what works with it; aborts when not.
void TryPrimitives(std::string_view text);

}  // namespace fuzz
