// What the HTTP fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Takes the bytes as what a client sends: the head in two slicings, its fields and target, and the rest as a chunked
/// body in two slicings. Aborts when slicings differ, when a part lies outside the bytes it was read from, when a
/// limit is passed, or when a refusal is not an error of the client's or server's.
void TryHttp(std::string_view bytes);

}  // namespace fuzz
