#include "fhir/validation/families/snomed.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

namespace fhir::validation {
namespace {

constexpr std::size_t kIdentifierMin = 6;
constexpr std::size_t kIdentifierMax = 18;
constexpr int kEclNestingMax = 50;

/// The dihedral group of ten and the permutation that Verhoeff's check digit is made with.
constexpr std::array<std::array<std::uint8_t, 10>, 10> kDihedral = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                                                     {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                                                     {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
                                                                     {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                                                     {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
                                                                     {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                                                     {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
                                                                     {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                                                     {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
                                                                     {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}};
constexpr std::array<std::uint8_t, 10> kPermutation = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

bool IsDecimalDigit(char byte) {
  return byte >= '0' && byte <= '9';
}

/// Reads an expression from left to right; `at` stays at the first byte that does not fit.
class EclReader {
 public:
  explicit EclReader(std::string_view text) : text_(text) {}

  bool Whole() { return Expression(0) && (Space(), at_ == text_.size()); }
  std::size_t at() const { return at_; }

 private:
  void Space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
      ++at_;
    }
  }

  bool Take(std::string_view token) {
    Space();
    if (!text_.substr(at_).starts_with(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }

  /// AND, OR, MINUS in any case, ended by something that is no letter.
  bool Word(std::string_view word) {
    Space();
    const std::string_view rest = text_.substr(at_);
    if (rest.size() <= word.size() || std::isalpha(static_cast<unsigned char>(rest[word.size()])) != 0 ||
        !std::equal(word.begin(), word.end(), rest.begin(),
                    [](char upper, char byte) { return upper == std::toupper(static_cast<unsigned char>(byte)); })) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  bool Expression(int depth) {
    if (depth > kEclNestingMax || !Operand(depth)) {
      return false;
    }
    while (true) {
      if (Take(":")) {
        return Refinement(depth);
      }
      if (Take("{{")) {
        const std::size_t end = text_.find("}}", at_);
        if (end == std::string_view::npos) {
          return false;
        }
        at_ = end + 2;
        continue;
      }
      if (!Word("AND") && !Word("OR") && !Word("MINUS") && !Take(",") && !Take(".")) {
        return true;
      }
      if (!Operand(depth)) {
        return false;
      }
    }
  }

  bool Operand(int depth) {
    constexpr std::string_view kConstraints[] = {"<<!", ">>!", "!!>", "!!<", "<!", "<<", "<", ">!", ">>", ">"};
    for (const std::string_view constraint : kConstraints) {
      if (Take(constraint)) {
        break;
      }
    }
    (void)Take("^");
    if (Take("(")) {
      return Expression(depth + 1) && Take(")");
    }
    return Take("*") || Concept();
  }

  bool Concept() {
    Space();
    const std::size_t first = at_;
    std::size_t end = first;
    while (end < text_.size() && IsDecimalDigit(text_[end])) {
      ++end;
    }
    if (end - first < kIdentifierMin || end - first > kIdentifierMax) {
      return false;
    }
    at_ = end;
    if (!Take("|")) {
      return true;
    }
    const std::size_t close = text_.find('|', at_);
    at_ = close == std::string_view::npos ? at_ : close + 1;
    return close != std::string_view::npos;
  }

  bool Refinement(int depth) {
    do {
      if (depth > kEclNestingMax || !Part(depth)) {
        return false;
      }
    } while (Take(",") || Word("AND") || Word("OR"));
    return true;
  }

  bool Part(int depth) {
    if (Take("[")) {
      const std::size_t close = text_.find(']', at_);
      if (close == std::string_view::npos) {
        return false;
      }
      at_ = close + 1;
    }
    if (Take("{")) {
      return Refinement(depth + 1) && Take("}");
    }
    if (Take("(")) {
      return Refinement(depth + 1) && Take(")");
    }
    (void)Word("R");
    return Operand(depth) && Comparison(depth);
  }

  bool Comparison(int depth) {
    if (!Take("!=") && !Take("<=") && !Take(">=") && !Take("=") && !Take("<") && !Take(">")) {
      return false;
    }
    if (Take("#")) {
      while (at_ < text_.size() &&
             (IsDecimalDigit(text_[at_]) || text_[at_] == '.' || text_[at_] == '-' || text_[at_] == '+')) {
        ++at_;
      }
      return true;
    }
    if (Take("\"")) {
      const std::size_t close = text_.find('"', at_);
      at_ = close == std::string_view::npos ? at_ : close + 1;
      return close != std::string_view::npos;
    }
    return Word("TRUE") || Word("FALSE") || Operand(depth);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool IsSnomedIdentifier(std::string_view text) {
  if (text.size() < kIdentifierMin || text.size() > kIdentifierMax || text.front() == '0' ||
      !std::all_of(text.begin(), text.end(), IsDecimalDigit)) {
    return false;
  }
  std::uint8_t check = 0;
  for (std::size_t place = 0; place < text.size(); ++place) {
    auto digit = static_cast<std::uint8_t>(text[text.size() - 1 - place] - '0');
    for (std::size_t round = 0; round < place % 8; ++round) {
      digit = kPermutation[digit];
    }
    check = kDihedral[check][digit];
  }
  return check == 0;
}

std::optional<std::size_t> FirstEclError(std::string_view text) {
  EclReader reader(text);
  return reader.Whole() ? std::nullopt : std::optional(reader.at());
}

}  // namespace fhir::validation
