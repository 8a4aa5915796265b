// What the search fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Takes the text as a search on four resource types, strict and lenient, and as a condition. Aborts when what was
/// understood is not understood from its own link again, when a limit is passed, or when a refusal has no text.
void TrySearch(std::string_view text);

}  // namespace fuzz
