#include "fhir/json/parts.hpp"

#include "fhir/json/value.hpp"

namespace fhir::json {
namespace {

constexpr auto kNowhere = std::string_view::npos;
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kMark = "\xEF\xBB\xBF";

/// `at` is that of the opening quote.
std::size_t StringEnd(std::string_view text, std::size_t at) {
  for (at = text.find_first_of("\"\\", at + 1); at != kNowhere; at = text.find_first_of("\"\\", at + 2)) {
    if (text[at] == '"') {
      return at + 1;
    }
  }
  return kNowhere;
}

/// Of an object or array: where the brackets that `at` opens are closed.
std::size_t NestedEnd(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    at = text.find_first_of("\"{}[]", at);
    if (at == kNowhere) {
      return kNowhere;
    }
    switch (text[at]) {
      case '"':
        at = StringEnd(text, at);
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      default:
        if (--depth == 0) {
          return at + 1;
        }
    }
    ++at;
  }
  return kNowhere;
}

/// Past one comma, or `at` itself before `close`; npos where neither stands.
std::size_t PastComma(std::string_view text, std::size_t at, char close) {
  at = SkipJsonSpace(text, at);
  if (at < text.size() && text[at] == ',') {
    return SkipJsonSpace(text, at + 1);
  }
  return at < text.size() && text[at] == close ? at : kNowhere;
}

/// Whether nothing but white space follows.
bool EndsAfter(std::string_view text, std::size_t at) {
  return SkipJsonSpace(text, at) == text.size();
}

}  // namespace

std::size_t SkipJsonSpace(std::string_view text, std::size_t at) {
  const std::size_t found = text.find_first_not_of(kSpace, at);
  return found == kNowhere ? text.size() : found;
}

std::size_t JsonValueEnd(std::string_view text, std::size_t at) {
  if (at >= text.size()) {
    return kNowhere;
  }
  if (text[at] == '"') {
    return StringEnd(text, at);
  }
  if (text[at] == '{' || text[at] == '[') {
    return NestedEnd(text, at);
  }
  // A number or a word: only what follows shows that it has ended.
  return text.find_first_not_of("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", at);
}

std::optional<std::vector<JsonMember>> JsonMembers(std::string_view text) {
  if (text.starts_with(kMark)) {
    text.remove_prefix(kMark.size());
  }
  std::size_t at = SkipJsonSpace(text, 0);
  if (at >= text.size() || text[at] != '{') {
    return std::nullopt;
  }
  std::vector<JsonMember> members;
  at = SkipJsonSpace(text, at + 1);
  while (at < text.size() && text[at] == '"') {
    const std::size_t name_end = StringEnd(text, at);
    if (name_end == kNowhere) {
      return std::nullopt;
    }
    const std::string_view name = text.substr(at + 1, name_end - at - 2);
    at = SkipJsonSpace(text, name_end);
    if (at >= text.size() || text[at] != ':') {
      return std::nullopt;
    }
    at = SkipJsonSpace(text, at + 1);
    const std::size_t end = JsonValueEnd(text, at);
    if (end == kNowhere || end == at) {
      return std::nullopt;
    }
    members.push_back({name, text.substr(at, end - at)});
    at = PastComma(text, end, '}');
  }
  if (at >= text.size() || text[at] != '}' || !EndsAfter(text, at + 1)) {
    return std::nullopt;
  }
  return members;
}

std::optional<std::vector<std::string_view>> JsonElements(std::string_view text) {
  if (!text.starts_with('[')) {
    return std::nullopt;
  }
  std::vector<std::string_view> elements;
  std::size_t at = SkipJsonSpace(text, 1);
  while (at < text.size() && text[at] != ']') {
    const std::size_t end = JsonValueEnd(text, at);
    if (end == kNowhere || end == at) {
      return std::nullopt;
    }
    elements.push_back(text.substr(at, end - at));
    at = PastComma(text, end, ']');
  }
  if (at >= text.size() || !EndsAfter(text, at + 1)) {
    return std::nullopt;
  }
  return elements;
}

std::string_view FindJson(const std::vector<JsonMember>& members, std::string_view name) {
  for (const JsonMember& member : members) {
    if (member.name == name) {
      return member.value;
    }
  }
  return {};
}

std::string JsonText(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') {
    return {};
  }
  if (value.find('\\') == std::string_view::npos) {
    return std::string(value.substr(1, value.size() - 2));
  }
  const auto read = ReadValue(value);
  return read ? read->text() : std::string();
}

}  // namespace fhir::json
