// What the package fuzzer does with one input; an ordinary test runs it over the seeds as well.
#pragma once

#include <string_view>

namespace fuzz {

/// Loads the bytes as a package, as they are and as the archive within one (a fuzzer does not guess checksums of gzip).
/// What is loaded must be found again under its name; aborts when it is not.
void TryPackage(std::string_view bytes);

}  // namespace fuzz
