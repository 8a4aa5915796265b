#include "fhir/search/phonetic.hpp"

#include <cstddef>
#include <utility>

#include "fhir/base/text.hpp"

namespace fhir::search {
namespace {

bool IsVowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

bool SoftensBefore(char next) {
  return next == 'e' || next == 'i' || next == 'y';
}

/// Step 1. `next` is 0 at the end. Gives the sound of the letter at `at` and how many letters it is written with.
std::pair<char, std::size_t> SoundAt(std::string_view word, std::size_t at) {
  const std::string_view rest = word.substr(at);
  const char next = rest.size() > 1 ? rest[1] : '\0';
  if (rest.starts_with("sch")) return {'x', 3};
  switch (rest[0]) {
    case 'p':
      return next == 'h' ? std::pair{'f', std::size_t{2}} : std::pair{'p', std::size_t{1}};
    case 's':
      return next == 'h' ? std::pair{'x', std::size_t{2}} : std::pair{'s', std::size_t{1}};
    case 'c':
      if (next == 'h') return {'x', 2};
      if (next == 'k' || next == 'q') return {'k', 2};
      return {SoftensBefore(next) ? 's' : 'k', 1};
    case 'q':
      return {'k', next == 'u' ? 2 : 1};
    case 'g':
      if (next == 'n') return {'n', 2};
      return {SoftensBefore(next) ? 'j' : 'g', 1};
    case 'b':
      return next == 'v' ? std::pair{'v', std::size_t{2}} : std::pair{'b', std::size_t{1}};
    case 'm':
      return {next == 'b' || next == 'p' ? 'n' : 'm', 1};
    case 'w':
      return {'v', 1};
    case 'z':
      return {'s', 1};
    case 'y':
      return {'i', 1};
    case 'h':
      return {'\0', 1};
    default:
      return {rest[0], 1};
  }
}

/// Steps 2: "dupont" → "dupon". A word never goes below two letters.
std::string_view WithoutSilentEnd(std::string_view word) {
  while (word.size() > 2 && std::string_view("estdpxz").find(word.back()) != std::string_view::npos) {
    word.remove_suffix(1);
  }
  return word;
}

std::string KeyOf(std::string_view word) {
  word = WithoutSilentEnd(word);
  std::string key;
  char last = '\0';
  for (std::size_t at = 0; at < word.size();) {
    const auto [sound, letters] = SoundAt(word, at);
    if (sound != '\0' && sound != last) {
      if (!IsVowel(sound)) {
        key.push_back(sound);
      } else if (key.empty() && last == '\0') {
        key.push_back('a');
      }
      last = sound;
    }
    at += letters;
  }
  return key;
}

}  // namespace

std::vector<std::string> PhoneticKeys(std::string_view text) {
  std::vector<std::string> keys;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    if (std::string key = KeyOf(word); !key.empty()) keys.push_back(std::move(key));
    word.clear();
  };
  for (const char c : Fold(text)) {
    if (c >= 'a' && c <= 'z') {
      word.push_back(c);
    } else if (c != '\'') {
      end_word();
    }
  }
  end_word();
  return keys;
}

}  // namespace fhir::search
