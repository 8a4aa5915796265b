// What the XML fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Reads the text. What is read without an issue must be written so that reading it again, as XML and as JSON, gives
/// the same tree; aborts when it does not.
void TryXml(std::string_view text);

}  // namespace fuzz
