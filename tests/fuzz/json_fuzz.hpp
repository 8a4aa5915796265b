// What the JSON fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Reads the text both ways. Whatever is accepted must be written so that reading it again gives the same bytes; aborts
/// when it is not.
void TryJson(std::string_view text);

}  // namespace fuzz
