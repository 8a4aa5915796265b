#include <fmt/format.h>

#include <cstdint>

#include "fhir/fhirpath/token.hpp"

namespace fhir::fhirpath {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code >= 0x10000) {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      GW_TRY(SkipSpace());
      Token token;
      token.offset = at_;
      if (at_ >= text_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      GW_TRY(Next(token));
      tokens.push_back(std::move(token));
    }
  }

 private:
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::unexpected<Error> Bad(std::string_view what) const {
    return Fail(ErrorCode::kInvalid, fmt::format("FHIRPath, byte {}: {}", at_, what));
  }

  Result<void> SkipSpace() {
    while (at_ < text_.size()) {
      if (IsSpace(Peek())) {
        ++at_;
      } else if (Peek() == '/' && Peek(1) == '/') {
        while (at_ < text_.size() && Peek() != '\n') ++at_;
      } else if (Peek() == '/' && Peek(1) == '*') {
        const std::size_t close = text_.find("*/", at_ + 2);
        if (close == std::string_view::npos) return Bad("comment without end");
        at_ = close + 2;
      } else {
        return {};
      }
    }
    return {};
  }

  Result<void> Next(Token& token) {
    const char c = Peek();
    if (IsLetter(c)) {
      token.kind = TokenKind::kWord;
      while (IsLetter(Peek()) || IsDigit(Peek())) token.text.push_back(text_[at_++]);
      return {};
    }
    if (IsDigit(c)) return Number(token);
    if (c == '\'') return Quoted(token, TokenKind::kString);
    if (c == '`') return Quoted(token, TokenKind::kDelimited);
    if (c == '@') return DateOrTime(token);
    if (c == '$' || c == '%') {
      ++at_;
      if (c == '%' && (Peek() == '\'' || Peek() == '`' || Peek() == '"')) {
        return Quoted(token, TokenKind::kExternal);
      }
      token.kind = c == '$' ? TokenKind::kVariable : TokenKind::kExternal;
      // NB: R4 texts write %vs-name and %ext-name without quotes; N1 wants them delimited. Both are read.
      while (IsLetter(Peek()) || IsDigit(Peek()) || (c == '%' && Peek() == '-' && IsLetter(Peek(1)))) {
        token.text.push_back(text_[at_++]);
      }
      if (token.text.empty()) return Bad("name expected");
      return {};
    }
    return Symbol(token);
  }

  Result<void> Number(Token& token) {
    token.kind = TokenKind::kInteger;
    while (IsDigit(Peek())) token.text.push_back(text_[at_++]);
    if (Peek() == '.' && IsDigit(Peek(1))) {
      token.kind = TokenKind::kDecimal;
      token.text.push_back(text_[at_++]);
      while (IsDigit(Peek())) token.text.push_back(text_[at_++]);
    }
    return {};
  }

  Result<void> Quoted(Token& token, TokenKind kind) {
    token.kind = kind;
    const char quote = text_[at_++];
    while (Peek() != quote || at_ >= text_.size()) {
      if (at_ >= text_.size()) return Bad("quoted text without end");
      const char c = text_[at_++];
      if (c != '\\') {
        token.text.push_back(c);
        continue;
      }
      GW_TRY(Escape(token.text));
    }
    ++at_;
    return {};
  }

  Result<void> Escape(std::string& out) {
    const char c = Peek();
    ++at_;
    switch (c) {
      case 'n':
        out.push_back('\n');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case 'f':
        out.push_back('\f');
        return {};
      case '\\':
      case '/':
      case '\'':
      case '"':
      case '`':
        out.push_back(c);
        return {};
      case 'u': {
        GW_ASSIGN(std::uint32_t code, FourHexDigits());
        if (code >= 0xD800 && code <= 0xDBFF && Peek() == '\\' && Peek(1) == 'u') {
          at_ += 2;
          GW_ASSIGN(const std::uint32_t low, FourHexDigits());
          if (low < 0xDC00 || low > 0xDFFF) return Bad("a surrogate is not a character");
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        if (code >= 0xD800 && code <= 0xDFFF) return Bad("a surrogate is not a character");
        AppendUtf8(code, out);
        return {};
      }
      default:
        return Bad("unknown escape");
    }
  }

  Result<std::uint32_t> FourHexDigits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char digit = Peek();
      std::uint32_t value = 0;
      if (IsDigit(digit))
        value = static_cast<std::uint32_t>(digit - '0');
      else if (digit >= 'a' && digit <= 'f')
        value = static_cast<std::uint32_t>(digit - 'a' + 10);
      else if (digit >= 'A' && digit <= 'F')
        value = static_cast<std::uint32_t>(digit - 'A' + 10);
      else
        return Bad("four hexadecimal digits expected after \\u");
      code = code * 16 + value;
      ++at_;
    }
    return code;
  }

  void Digits(Token& token) {
    while (IsDigit(Peek())) token.text.push_back(text_[at_++]);
  }

  Result<void> TimeOfDay(Token& token) {
    Digits(token);
    while (Peek() == ':' && IsDigit(Peek(1))) {
      token.text.push_back(text_[at_++]);
      Digits(token);
    }
    if (Peek() == '.' && IsDigit(Peek(1))) {
      token.text.push_back(text_[at_++]);
      Digits(token);
    }
    return {};
  }

  Result<void> DateOrTime(Token& token) {
    ++at_;
    if (Peek() == 'T') {
      ++at_;
      token.kind = TokenKind::kTime;
      if (!IsDigit(Peek())) return Bad("time expected");
      return TimeOfDay(token);
    }
    token.kind = TokenKind::kDate;
    const std::size_t start = at_;
    Digits(token);
    if (at_ - start != 4) return Bad("year of four digits expected");
    while (Peek() == '-' && IsDigit(Peek(1))) {
      token.text.push_back(text_[at_++]);
      Digits(token);
    }
    if (Peek() != 'T') return {};
    token.kind = TokenKind::kDateTime;
    ++at_;
    if (!IsDigit(Peek())) return {};  // "@2014-01T": a dateTime of that precision
    token.text.push_back('T');
    GW_TRY(TimeOfDay(token));
    if (Peek() == 'Z') {
      token.text.push_back(text_[at_++]);
    } else if ((Peek() == '+' || Peek() == '-') && IsDigit(Peek(1)) && IsDigit(Peek(2)) && Peek(3) == ':') {
      for (int i = 0; i < 6 && at_ < text_.size(); ++i) token.text.push_back(text_[at_++]);
    }
    return {};
  }

  Result<void> Symbol(Token& token) {
    token.kind = TokenKind::kSymbol;
    static constexpr std::string_view kTwo[] = {"<=", ">=", "!=", "!~"};
    for (const std::string_view symbol : kTwo) {
      if (text_.substr(at_, 2) == symbol) {
        token.text = symbol;
        at_ += 2;
        return {};
      }
    }
    if (std::string_view(".[](){},+-*/&|<>=~").find(Peek()) == std::string_view::npos)
      return Bad("unexpected character");
    token.text.assign(1, text_[at_++]);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text) {
  return Lexer(text).Run();
}

}  // namespace fhir::fhirpath
