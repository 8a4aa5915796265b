// What the patch fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Takes the text as a JSON Patch, and as a Parameters with a FHIRPath Patch, on one resource. Aborts when a refusal
/// has no text, when the resource was changed by a refused patch, or when a result does not read as what it is written
/// as.
void TryPatch(std::string_view text);

}  // namespace fuzz
