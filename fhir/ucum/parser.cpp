// Reads unit expressions: recursive descent over the syntax of UCUM, one function per rule.
// Source: https://ucum.org/ucum#section-Syntax-Rules
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fhir/ucum/term.hpp"

namespace fhir::ucum {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
/// Characters of a unit symbol outside of square brackets.
bool IsSymbolCharacter(char c) {
  return c > ' ' && c < 0x7F && !IsDigit(c) && std::string_view("+-./()[]{}=\"").find(c) == std::string_view::npos;
}

Ratio RatioOf(const UnitRow& row) {
  const auto natural = [](LimbSlice slice) { return Natural(kTable.limbs.subspan(slice.offset, slice.length)); };
  return {natural(row.numerator), natural(row.denominator), row.exponent};
}

class UnitParser {
 public:
  explicit UnitParser(std::string_view text) : text_(text) {}

  std::optional<SyntaxError> Parse(Term* term) {
    if (text_.size() > kUnitBytesMax) {
      return SyntaxError{kUnitBytesMax, fmt::format("a unit of at most {} bytes is expected", kUnitBytesMax)};
    }
    const bool reciprocal = Skip('/');
    Term product;
    if (!ReadProduct(term != nullptr ? &product : nullptr, reciprocal)) {
      return std::move(error_);
    }
    if (at_ != text_.size()) {
      return SyntaxError{at_, "'.', '/' or the end of the unit is expected"};
    }
    if (term != nullptr) {
      *term = product;
    }
    return std::nullopt;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Skip(char c) {
    if (Peek() != c || at_ == text_.size()) {
      return false;
    }
    ++at_;
    return true;
  }
  bool Expected(std::size_t offset, std::string what) {
    error_ = SyntaxError{offset, std::move(what)};
    return false;
  }

  /// term = component { ('.' | '/') component }; operators have one rank and go from left to right.
  bool ReadProduct(Term* product, bool divide) {
    for (;;) {
      if (product == nullptr) {
        if (!ReadComponent(nullptr)) {
          return false;
        }
      } else {
        Term component;
        if (!ReadComponent(&component)) {
          return false;
        }
        product->Combine(component, divide);
      }
      if (Skip('.')) {
        divide = false;
      } else if (Skip('/')) {
        divide = true;
      } else {
        return true;
      }
    }
  }

  /// component = unit [exponent] [annotation] | annotation | number | '(' term ')'
  /// NB: an annotation may follow any component, as the widely used libraries have it ("10*3{cells}", "(m/s){peak}").
  bool ReadComponent(Term* term) {
    bool something = false;
    if (Peek() == '(') {
      if (!ReadParentheses(term)) {
        return false;
      }
      something = true;
    } else if (IsDigit(Peek()) && !StartsTen()) {
      if (!ReadNumber(term)) {
        return false;
      }
      something = true;
    } else if (Peek() != '{') {
      if (!ReadUnit(term)) {
        return false;
      }
      something = true;
    }
    while (Peek() == '{') {
      if (!SkipAnnotation()) {
        return false;
      }
      something = true;
    }
    return something;
  }

  bool ReadParentheses(Term* term) {
    const std::size_t start = at_++;
    if (++depth_ > kUnitDepthMax) {
      return Expected(start, fmt::format("at most {} nested parentheses are expected", kUnitDepthMax));
    }
    if (!ReadProduct(term, false)) {
      return false;
    }
    if (!Skip(')')) {
      return Expected(at_, "')' is expected");
    }
    --depth_;
    return true;
  }

  bool ReadNumber(Term* term) {
    const std::size_t start = at_;
    while (IsDigit(Peek())) {
      ++at_;
    }
    if (at_ - start > kValueDigitsMax) {
      return Expected(start, fmt::format("a number of at most {} digits is expected", kValueDigitsMax));
    }
    Natural number(0);
    for (const char c : text_.substr(start, at_ - start)) {
      if (!number.MultiplyAdd(10, static_cast<std::uint64_t>(c - '0'))) {
        return Expected(start, "a smaller number is expected");
      }
    }
    if (number.IsZero()) {
      return Expected(start, "a number above 0 is expected");
    }
    if (term != nullptr) {
      term->ratio = Ratio(number, Natural(1), 0);
    }
    return true;
  }

  bool SkipAnnotation() {
    const std::size_t start = at_++;
    // NB: the standard leaves blanks out, the widely used libraries do not.
    while (at_ < text_.size() && text_[at_] >= ' ' && text_[at_] < 0x7F && text_[at_] != '{' && text_[at_] != '}') {
      ++at_;
    }
    if (at_ == text_.size()) {
      return Expected(start, "a '}' is expected for this '{'");
    }
    return Skip('}') || Expected(at_, "printable ASCII without braces is expected in an annotation");
  }

  /// "10*" and "10^", whose symbols begin like a number.
  bool StartsTen() const {
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with("10*") || rest.starts_with("10^");
  }

  bool ReadUnit(Term* term) {
    const std::size_t start = at_;
    if (StartsTen()) {
      at_ += 3;
    } else {
      for (;;) {
        if (IsSymbolCharacter(Peek())) {
          ++at_;
        } else if (Peek() == '[') {
          const std::size_t end = text_.find(']', at_);
          if (end == std::string_view::npos) {
            return Expected(at_, "a ']' is expected for this '['");
          }
          at_ = end + 1;
        } else {
          break;
        }
      }
    }
    const std::string_view symbol = text_.substr(start, at_ - start);
    if (symbol.empty()) {
      return Expected(start, "a unit is expected");
    }
    const PrefixRow* prefix = nullptr;
    const UnitRow* row = FindUnit(symbol);
    for (std::size_t i = 0; row == nullptr && i < kTable.prefixes.size(); ++i) {
      prefix = &kTable.prefixes[i];
      const std::string_view code = kTable.Text(prefix->code);
      if (symbol.starts_with(code)) {
        row = FindUnit(symbol.substr(code.size()));
        row = row != nullptr && (row->flags & kUnitMetric) != 0 ? row : nullptr;
      }
    }
    if (row == nullptr) {
      return Expected(start, "a unit of UCUM is expected");
    }
    int exponent = 1;
    if (!ReadExponent(exponent)) {
      return false;
    }
    if (term != nullptr) {
      Fill(*term, *row, prefix, exponent);
    }
    return true;
  }

  bool ReadExponent(int& exponent) {
    const std::size_t start = at_;
    const bool negative = Peek() == '-';
    const bool sign = negative || Peek() == '+';
    at_ += sign ? 1 : 0;
    if (!IsDigit(Peek())) {
      return !sign || Expected(at_, "digits of an exponent are expected");
    }
    exponent = 0;
    for (; IsDigit(Peek()); ++at_) {
      exponent = exponent * 10 + (Peek() - '0');
      if (exponent > kExponentMax) {
        return Expected(start, fmt::format("an exponent of at most {} is expected", kExponentMax));
      }
    }
    exponent = negative ? -exponent : exponent;
    return true;
  }

  static void Fill(Term& term, const UnitRow& row, const PrefixRow* prefix, int exponent) {
    Ratio scale(1);
    if (prefix != nullptr) {
      scale = Ratio(Natural(prefix->factor), Natural(1), prefix->exponent);
    }
    term.ratio = RatioOf(row);
    if (row.function != static_cast<std::uint8_t>(SpecialFunction::kNone)) {
      term.special = &row;
      term.special_scale = scale;
      term.special_in_product = exponent != 1;
      exponent = 1;
    } else {
      if (prefix != nullptr) {
        term.ratio.Multiply(scale);
      }
      if (exponent != 1) {
        term.ratio.Raise(exponent);
      }
    }
    for (const DimensionRow& dimension : kTable.dimensions.subspan(row.first_dimension, row.dimension_count)) {
      term.dimensions.exponents[dimension.base] = dimension.exponent * exponent;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::optional<SyntaxError> error_;
};

}  // namespace

std::optional<SyntaxError> ReadTerm(std::string_view text, Term* term) {
  return UnitParser(text).Parse(term);
}

}  // namespace fhir::ucum
