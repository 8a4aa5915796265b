// JSON Pointer: the paths of a JSON Patch.
// Source: RFC 6901
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json/value.hpp"

namespace fhir::patch {

/// The tokens of a pointer, unescaped ("~1" is "/", "~0" is "~"); none at all is the whole document.
using Pointer = std::vector<std::string>;

/// Nothing when text is no pointer: it does not begin with '/', or a '~' stands before something else than 0 or 1.
std::optional<Pointer> ReadPointer(std::string_view text);

/// A token as the index of an array: digits without a leading zero. Nothing for others, "-" included.
std::optional<std::size_t> ArrayIndex(std::string_view token);

/// What the first `count` tokens lead to, or nullptr.
json::Value* Find(json::Value& document, const Pointer& pointer, std::size_t count);

}  // namespace fhir::patch
