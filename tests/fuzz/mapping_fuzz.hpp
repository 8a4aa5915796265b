// What the fuzzer of the mapping loader does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Takes the bytes as a rule file of HL7 v2 that may include itself; aborts when a refusal names no file and line. A
/// file that loads is run over a message, which must end and make no more than the engine allows.
void TryMapping(std::string_view bytes);

}  // namespace fuzz
