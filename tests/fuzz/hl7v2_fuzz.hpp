// What the HL7 v2 fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Takes the bytes as an MLLP stream in two slicings, which must give the same frames, and as a message, of which every
/// cell is read; aborts when slicings differ or when an escaped value does not come back.
void TryHl7v2(std::string_view bytes);

}  // namespace fuzz
