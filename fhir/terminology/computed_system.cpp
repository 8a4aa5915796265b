#include "fhir/terminology/computed_system.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "fhir/terminology/ascii.hpp"
#include "fhir/ucum/ucum.hpp"

namespace fhir::terminology {
namespace {

bool IsLetter(char c) {
  return AsciiLower(c) >= 'a' && AsciiLower(c) <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsAlphanumeric(char c) {
  return IsLetter(c) || IsDigit(c);
}

bool Letters(std::string_view text, std::size_t from, std::size_t to) {
  return text.size() >= from && text.size() <= to && std::ranges::all_of(text, IsLetter);
}
bool Alphanumerics(std::string_view text, std::size_t from, std::size_t to) {
  return text.size() >= from && text.size() <= to && std::ranges::all_of(text, IsAlphanumeric);
}

/// The subtags of a tag, one at a time.
class Subtags {
 public:
  explicit Subtags(std::string_view tag) : rest_(tag) { Next(); }
  bool at_end() const { return at_end_; }
  std::string_view current() const { return current_; }
  void Next() {
    at_end_ = exhausted_;
    const std::size_t end = rest_.find('-');
    current_ = exhausted_ ? std::string_view() : rest_.substr(0, end);
    exhausted_ = end == std::string_view::npos;
    rest_ = exhausted_ ? std::string_view() : rest_.substr(end + 1);
  }
  /// Goes on when the current subtag is as wanted.
  template <typename Wanted>
  bool Take(const Wanted& wanted) {
    if (at_end_ || !wanted(current_)) {
      return false;
    }
    Next();
    return true;
  }

 private:
  std::string_view rest_;
  std::string_view current_;
  bool exhausted_ = false;
  bool at_end_ = false;
};

// Registered before the grammar was made, and not of its form: RFC 5646 section 2.2.8.
constexpr std::array<std::string_view, 17> kGrandfathered = {
    "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak",     "i-klingon", "i-lux",    "i-mingo",
    "i-navajo",  "i-pwn", "i-tao", "i-tay",     "i-tsu",      "sgn-be-fr", "sgn-be-nl", "sgn-ch-de"};

bool IsVariant(std::string_view subtag) {
  return Alphanumerics(subtag, 5, 8) || (Alphanumerics(subtag, 4, 4) && IsDigit(subtag.front()));
}

bool IsTokenCharacter(char c) {
  return IsAlphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Takes a token from the front of `text`; false when there is none.
bool TakeToken(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, IsTokenCharacter);
  const auto length = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(length);
  return length > 0;
}

/// Takes a quoted string, whose first character is the quote.
bool TakeQuoted(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

void SkipSpace(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// scheme ":" and what follows, without white space. Source: https://www.rfc-editor.org/rfc/rfc3986#section-3.1
bool IsUri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsLetter(text.front())) {
    return false;
  }
  const auto scheme = text.substr(0, colon);
  return std::ranges::all_of(scheme, [](char c) { return IsAlphanumeric(c) || c == '+' || c == '-' || c == '.'; }) &&
         std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > ' '; });
}

struct Rule {
  std::string_view system;
  bool (*holds)(std::string_view code);
};
/// NB: the standard writes its own formats without the media type, e.g. in CapabilityStatement.format.
/// Source: https://hl7.org/fhir/R4/http.html#mime-type
bool IsFormat(std::string_view text) {
  return text == "json" || text == "xml" || text == "ttl" || IsMediaType(text);
}

constexpr std::array<Rule, 4> kRules = {{{"urn:ietf:bcp:47", IsLanguageTag},
                                         {"urn:ietf:bcp:13", IsFormat},
                                         {ucum::kSystem, ucum::IsUnit},
                                         {"urn:ietf:rfc:3986", IsUri}}};

const Rule* RuleOf(std::string_view system) {
  const auto* found = std::ranges::find(kRules, system, &Rule::system);
  return found == kRules.end() ? nullptr : found;
}

}  // namespace

bool IsLanguageTag(std::string_view tag) {
  if (std::ranges::find(kGrandfathered, AsciiLower(tag)) != kGrandfathered.end()) {
    return true;
  }
  Subtags subtags(tag);
  const auto part = [](std::string_view subtag) { return Alphanumerics(subtag, 2, 8); };
  const auto private_part = [](std::string_view subtag) { return Alphanumerics(subtag, 1, 8); };
  const auto is_x = [](std::string_view subtag) { return subtag == "x" || subtag == "X"; };
  if (!is_x(subtags.current())) {
    const bool short_language = subtags.current().size() <= 3;
    if (!subtags.Take([](std::string_view subtag) { return Letters(subtag, 2, 8); })) {
      return false;
    }
    for (int i = 0; short_language && i < 3; ++i) {
      subtags.Take([](std::string_view subtag) { return Letters(subtag, 3, 3); });
    }
    subtags.Take([](std::string_view subtag) { return Letters(subtag, 4, 4); });
    subtags.Take([](std::string_view subtag) {
      return Letters(subtag, 2, 2) || (subtag.size() == 3 && std::ranges::all_of(subtag, IsDigit));
    });
    while (subtags.Take(IsVariant)) {
    }
    while (subtags.Take([&](std::string_view subtag) { return Alphanumerics(subtag, 1, 1) && !is_x(subtag); })) {
      if (!subtags.Take(part)) {
        return false;
      }
      while (subtags.Take(part)) {
      }
    }
  }
  if (subtags.Take(is_x)) {
    if (!subtags.Take(private_part)) {
      return false;
    }
    while (subtags.Take(private_part)) {
    }
  }
  return subtags.at_end();
}

bool IsMediaType(std::string_view text) {
  if (!TakeToken(text) || !text.starts_with('/')) {
    return false;
  }
  text.remove_prefix(1);
  if (!TakeToken(text)) {
    return false;
  }
  SkipSpace(text);
  while (text.starts_with(';')) {
    text.remove_prefix(1);
    SkipSpace(text);
    if (!TakeToken(text) || !text.starts_with('=')) {
      return false;
    }
    text.remove_prefix(1);
    if (text.starts_with('"') ? !TakeQuoted(text) : !TakeToken(text)) {
      return false;
    }
    SkipSpace(text);
  }
  return text.empty();
}

std::optional<bool> InComputedSystem(std::string_view system, std::string_view code) {
  const Rule* rule = RuleOf(system);
  return rule == nullptr ? std::nullopt : std::optional(rule->holds(code));
}

bool IsComputedSystem(std::string_view system) {
  return RuleOf(system) != nullptr;
}

}  // namespace fhir::terminology
