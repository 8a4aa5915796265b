// Finds the parts of JSON text without reading their values: a Bundle is taken apart and put together again with the
// bytes of its resources as they are. Whether a part is valid, its reader says.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fhir::json {

/// One past the last byte of the value that begins at `at`; npos when the text ends before it does. Cost: O(value).
std::size_t JsonValueEnd(std::string_view text, std::size_t at);

std::size_t SkipJsonSpace(std::string_view text, std::size_t at);

struct JsonMember {
  std::string_view name;   ///< without quotes, escapes as they are
  std::string_view value;  ///< as in the text, strings with their quotes
};

/// The members of an object that fills the text but for white space and a byte order mark; nullopt for anything else.
std::optional<std::vector<JsonMember>> JsonMembers(std::string_view text);

/// The elements of an array; nullopt for anything else.
std::optional<std::vector<std::string_view>> JsonElements(std::string_view text);

/// The value of that name; empty without one.
std::string_view FindJson(const std::vector<JsonMember>& members, std::string_view name);

/// What a string value means; empty for anything but a string.
std::string JsonText(std::string_view value);

}  // namespace fhir::json
