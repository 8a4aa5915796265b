// Source: http://hl7.org/fhirpath/N1/#string-manipulation
// Positions and lengths count characters (code points), not bytes.
// matches() and its kin are in pattern.cpp, encode() and its kin in encoding.cpp.
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/letter_case.hpp"
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/functions/text_input.hpp"

namespace fhir::fhirpath {
namespace {

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::int64_t CountCharacters(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += IsContinuation(c) ? 0 : 1;
  return count;
}

/// Byte position of a character, or the size.
std::size_t BytePosition(std::string_view text, std::int64_t character) {
  std::size_t at = 0;
  while (at < text.size() && character > 0) {
    ++at;
    while (at < text.size() && IsContinuation(text[at])) ++at;
    --character;
  }
  return at;
}

/// Input and first argument, both present: calls act(text, argument).
template <typename Act>
bool WithArgument(Evaluator& evaluator, const Call& call, Act&& act) {
  std::optional<std::string_view> text;
  std::optional<std::string_view> argument;
  if (!InputString(evaluator, call, text) || !evaluator.StringArgument(call.arguments[0], call.frame, argument))
    return false;
  return !text || !argument || act(*text, *argument);
}

bool IndexOfFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return WithArgument(evaluator, call, [&](std::string_view text, std::string_view part) {
    const std::size_t found = text.find(part);
    return evaluator.Add(out,
                         Item::Integer(found == std::string_view::npos ? -1 : CountCharacters(text.substr(0, found))));
  });
}

bool SubstringFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  std::optional<std::int64_t> start;
  std::optional<std::int64_t> length;
  if (!InputString(evaluator, call, text) || !evaluator.IntegerArgument(call.arguments[0], call.frame, start))
    return false;
  if (call.arguments.size() > 1 && !evaluator.IntegerArgument(call.arguments[1], call.frame, length)) return false;
  if (!text || !start || *start < 0 || *start >= CountCharacters(*text)) return true;
  const std::string_view rest = text->substr(BytePosition(*text, *start));
  return AddText(evaluator, length ? rest.substr(0, BytePosition(rest, *length)) : rest, out);
}

bool StartsWithFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return WithArgument(evaluator, call, [&](std::string_view text, std::string_view part) {
    return evaluator.Add(out, Item::Boolean(text.starts_with(part)));
  });
}

bool EndsWithFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return WithArgument(evaluator, call, [&](std::string_view text, std::string_view part) {
    return evaluator.Add(out, Item::Boolean(text.ends_with(part)));
  });
}

bool ContainsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return WithArgument(evaluator, call, [&](std::string_view text, std::string_view part) {
    return evaluator.Add(out, Item::Boolean(text.find(part) != std::string_view::npos));
  });
}

template <std::string (*change)(std::string_view)>
bool ChangeCase(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  if (!InputString(evaluator, call, text)) return false;
  if (!text) return true;
  return AddText(evaluator, change(*text), out);
}

bool ReplaceFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> with;
  if (!evaluator.StringArgument(call.arguments[1], call.frame, with)) return false;
  return WithArgument(evaluator, call, [&](std::string_view text, std::string_view pattern) {
    if (!with) return true;
    std::string result;
    std::size_t at = 0;
    if (pattern.empty()) {  // around every character
      if (!evaluator.Spend(text.size() * (with->size() + 1) / 64)) return false;
      result = *with;
      while (at < text.size()) {
        const std::size_t next = at + BytePosition(text.substr(at), 1);
        result.append(text.substr(at, next - at)).append(*with);
        at = next;
      }
      return AddText(evaluator, result, out);
    }
    for (std::size_t found = text.find(pattern); found != std::string_view::npos; found = text.find(pattern, at)) {
      if (!evaluator.Spend(1 + with->size() / 64)) return false;
      result.append(text.substr(at, found - at)).append(*with);
      at = found + pattern.size();
    }
    return AddText(evaluator, result.append(text.substr(at)), out);
  });
}

bool LengthFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  if (!InputString(evaluator, call, text)) return false;
  return !text || evaluator.Add(out, Item::Integer(CountCharacters(*text)));
}

bool ToCharsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  if (!InputString(evaluator, call, text)) return false;
  std::string_view rest = text.value_or("");
  while (!rest.empty()) {
    const std::size_t size = BytePosition(rest, 1);
    if (!evaluator.Add(out, Item::Text(ItemKind::kString, rest.substr(0, size)))) return false;
    rest.remove_prefix(size);
  }
  return true;
}

bool TrimFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> text;
  if (!InputString(evaluator, call, text)) return false;
  if (!text) return true;
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return AddText(evaluator, "", out);
  return AddText(evaluator, text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1), out);
}

bool SplitFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return WithArgument(evaluator, call, [&](std::string_view text, std::string_view separator) {
    if (separator.empty()) return AddText(evaluator, text, out);
    std::size_t at = 0;
    while (true) {
      const std::size_t found = text.find(separator, at);
      if (!AddText(evaluator, text.substr(at, found == std::string_view::npos ? found : found - at), out)) return false;
      if (found == std::string_view::npos) return true;
      at = found + separator.size();
    }
  });
}

bool JoinFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> separator;
  if (!call.arguments.empty() && !evaluator.StringArgument(call.arguments[0], call.frame, separator)) return false;
  if (call.input.empty()) return true;
  std::string joined;
  bool first = true;
  for (const Item& item : call.input) {
    const Item value = evaluator.ToValue(item);
    if (value.kind != ItemKind::kString) return evaluator.FailWith("strings are expected as input");
    if (!first) joined += separator.value_or("");
    joined += value.text;
    first = false;
  }
  return AddText(evaluator, joined, out);
}

constexpr FunctionRow kString[] = {
    {"indexOf", 1, 1, IndexOfFunction, Answer::kInteger, Input::kString},
    {"substring", 1, 2, SubstringFunction, Answer::kString, Input::kString},
    {"startsWith", 1, 1, StartsWithFunction, Answer::kBoolean, Input::kString},
    {"endsWith", 1, 1, EndsWithFunction, Answer::kBoolean, Input::kString},
    {"contains", 1, 1, ContainsFunction, Answer::kBoolean, Input::kString},
    {"upper", 0, 0, ChangeCase<ToUpperCase>, Answer::kString, Input::kString},
    {"lower", 0, 0, ChangeCase<ToLowerCase>, Answer::kString, Input::kString},
    {"replace", 2, 2, ReplaceFunction, Answer::kString, Input::kString},
    {"length", 0, 0, LengthFunction, Answer::kInteger, Input::kString},
    {"toChars", 0, 0, ToCharsFunction, Answer::kString, Input::kString},
    {"trim", 0, 0, TrimFunction, Answer::kString, Input::kString},
    {"split", 1, 1, SplitFunction, Answer::kString, Input::kString},
    {"join", 0, 1, JoinFunction, Answer::kString, Input::kString},
};

}  // namespace

std::span<const FunctionRow> StringFunctions() {
  return kString;
}

}  // namespace fhir::fhirpath
