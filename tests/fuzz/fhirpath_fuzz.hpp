// The property that any expression text must keep.
#pragma once

#include <string_view>

namespace fhirpath_fuzz {

/// Compiles `text`; when it compiles, evaluates it on a small patient within small budgets. Aborts when a collection is
/// larger than its limit or a computed item has no type.
void TestOne(std::string_view text);

}  // namespace fhirpath_fuzz
