#include "fhir/json/lookahead.hpp"

#include <algorithm>

namespace fhir::json {
namespace {

constexpr std::string_view kJsonSpaces = " \t\r\n";

/// The content of the string whose opening quote is at `at`, escapes as they stand; `at` moves behind it.
std::string_view TakeString(std::string_view text, std::size_t& at) {
  const std::size_t begin = ++at;
  while (at < text.size() && text[at] != '"') {
    at += text[at] == '\\' ? 2 : 1;
  }
  const std::size_t end = std::min(at, text.size());
  at = std::min(end + 1, text.size());
  return text.substr(begin, end - begin);
}

void SkipSpaces(std::string_view text, std::size_t& at) {
  at = std::min(text.find_first_not_of(kJsonSpaces, at), text.size());
}

}  // namespace

Lookahead FindResourceType(std::string_view text, std::size_t start) {
  std::size_t depth = 1;
  bool at_key = true;
  std::size_t at = start;
  while (at < text.size() && depth > 0) {
    const char c = text[at];
    if (c == '"') {
      const bool is_type = at_key && TakeString(text, at) == "resourceType";
      if (!at_key) {
        TakeString(text, at);
      }
      at_key = false;
      if (!is_type) {
        continue;
      }
      SkipSpaces(text, at);
      if (at < text.size() && text[at] == ':') {
        SkipSpaces(text, ++at);
        const bool is_string = at < text.size() && text[at] == '"';
        return {is_string ? TakeString(text, at) : std::string_view{}, at - start};
      }
      continue;
    }
    depth += c == '{' || c == '[' ? 1 : 0;
    depth -= c == '}' || c == ']' ? 1 : 0;
    at_key = c == ',' && depth == 1 ? true : (kJsonSpaces.find(c) == std::string_view::npos ? false : at_key);
    ++at;
  }
  return {{}, at - start};
}

}  // namespace fhir::json
