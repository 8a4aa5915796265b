// Single-byte character sets as tables of 256 code points, asked of ICU once each.
#include <algorithm>
#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>

#include "fhir/base/text.hpp"

namespace fhir {
namespace {

constexpr char16_t kUndefined = 0xFFFF;

struct CharsetRow {
  Charset charset;
  const char* icu_name;
  std::array<std::string_view, 4> names;  // lower case, letters and digits alone
};

constexpr CharsetRow kCharsets[] = {
    {Charset::kUtf8, nullptr, {"utf8", "unicodeutf8", "", ""}},
    {Charset::kAscii, "US-ASCII", {"usascii", "ascii", "iso646us", ""}},
    {Charset::kWindows1252, "windows-1252", {"windows1252", "cp1252", "", ""}},
    {Charset::kLatin1, "ISO-8859-1", {"iso88591", "88591", "latin1", ""}},
    {Charset::kLatin2, "ISO-8859-2", {"iso88592", "88592", "latin2", ""}},
    {Charset::kLatin3, "ISO-8859-3", {"iso88593", "88593", "latin3", ""}},
    {Charset::kLatin4, "ISO-8859-4", {"iso88594", "88594", "latin4", ""}},
    {Charset::kCyrillic, "ISO-8859-5", {"iso88595", "88595", "", ""}},
    {Charset::kArabic, "ISO-8859-6", {"iso88596", "88596", "", ""}},
    {Charset::kGreek, "ISO-8859-7", {"iso88597", "88597", "", ""}},
    {Charset::kHebrew, "ISO-8859-8", {"iso88598", "88598", "", ""}},
    {Charset::kLatin5, "ISO-8859-9", {"iso88599", "88599", "latin5", ""}},
    {Charset::kLatin6, "iso-8859_10-1998", {"iso885910", "885910", "latin6", ""}},
    {Charset::kThai, "iso-8859_11-2001", {"iso885911", "885911", "tis620", ""}},
    {Charset::kLatin7, "ISO-8859-13", {"iso885913", "885913", "latin7", ""}},
    {Charset::kLatin8, "iso-8859_14-1998", {"iso885914", "885914", "latin8", ""}},
    {Charset::kLatin9, "ISO-8859-15", {"iso885915", "885915", "latin9", ""}},
};
constexpr std::size_t kCharsetCount = std::size(kCharsets);

struct ByteTable {
  std::once_flag once;
  std::array<char16_t, 256> to_unicode{};
  std::vector<std::pair<char16_t, char>> from_unicode;  // non-ASCII, sorted
  bool loaded = false;
};

/// windows-1252 leaves five bytes undefined that ICU hands through as control characters.
bool LeftOut(Charset charset, std::size_t byte) {
  return charset == Charset::kWindows1252 &&
         (byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D);
}

void LoadTable(const CharsetRow& row, ByteTable& table) {
  UErrorCode status = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(row.icu_name, &status);
  if (U_FAILURE(status) != 0) {
    return;
  }
  ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const char source = static_cast<char>(byte);
    std::array<UChar, 4> target{};
    status = U_ZERO_ERROR;
    const std::int32_t length = ucnv_toUChars(converter, target.data(), target.size(), &source, 1, &status);
    const bool defined = U_SUCCESS(status) != 0 && length == 1 && target[0] != 0xFFFD && !LeftOut(row.charset, byte);
    table.to_unicode[byte] = defined ? target[0] : kUndefined;
    if (defined && byte >= 0x80) {
      table.from_unicode.emplace_back(target[0], source);
    }
  }
  ucnv_close(converter);
  std::sort(table.from_unicode.begin(), table.from_unicode.end());
  table.loaded = true;
}

const ByteTable* TableOf(Charset charset) {
  static std::array<ByteTable, kCharsetCount> tables;  // constant data, each filled once on first use
  const auto index = static_cast<std::size_t>(charset);
  ByteTable& table = tables[index];
  std::call_once(table.once, [&] { LoadTable(kCharsets[index], table); });
  return table.loaded ? &table : nullptr;
}

void AppendUtf8(std::string& out, char16_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::unexpected<Error> InvalidAt(std::size_t position) {
  return Fail(ErrorCode::kMalformed,
              fmt::format("the text does not fit its declared character set at byte {}", position));
}

std::unexpected<Error> NoTable() {
  return Fail(ErrorCode::kInternal, {"a character set is not available"}, {"ICU has no converter for a known set"});
}

/// Decodes the sequence at `at` of valid UTF-8 and moves past it.
char32_t NextCodePoint(std::string_view utf8, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[at + i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : (first < 0xE0 ? 2 : (first < 0xF0 ? 3 : 4));
  char32_t c = length == 1 ? first : static_cast<char32_t>(first & (0x7F >> length));
  for (std::size_t i = 1; i < length; ++i) {
    c = (c << 6) | (byte(i) & 0x3Fu);
  }
  at += length;
  return c;
}

}  // namespace

Result<Charset> FindCharset(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
      key += c;
    } else if (c >= 'A' && c <= 'Z') {
      key += static_cast<char>(c + ('a' - 'A'));
    }
  }
  for (const CharsetRow& row : kCharsets) {
    if (!key.empty() && std::find(row.names.begin(), row.names.end(), key) != row.names.end()) {
      return row.charset;
    }
  }
  return Fail(ErrorCode::kUnsupported, "the character set is not supported");
}

Result<std::string> ToUtf8(std::string_view bytes, Charset charset) {
  if (charset == Charset::kUtf8) {
    if (const auto invalid = FirstInvalidUtf8(bytes)) {
      return InvalidAt(*invalid);
    }
    return std::string(bytes);
  }
  const ByteTable* table = TableOf(charset);
  if (table == nullptr) {
    return NoTable();
  }
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char16_t c = table->to_unicode[static_cast<unsigned char>(bytes[at])];
    if (c == kUndefined) {
      return InvalidAt(at);
    }
    AppendUtf8(out, c);
  }
  return out;
}

Result<std::string> ToUtf8(std::string_view bytes, std::string_view charset_name) {
  GW_ASSIGN(const Charset charset, FindCharset(charset_name));
  return ToUtf8(bytes, charset);
}

Result<std::string> FromUtf8(std::string_view utf8, Charset charset) {
  if (const auto invalid = FirstInvalidUtf8(utf8)) {
    return InvalidAt(*invalid);
  }
  if (charset == Charset::kUtf8) {
    return std::string(utf8);
  }
  const ByteTable* table = TableOf(charset);
  if (table == nullptr) {
    return NoTable();
  }
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t start = at;
    const char32_t c = NextCodePoint(utf8, at);
    if (c < 0x80) {
      out += static_cast<char>(c);
      continue;
    }
    const auto& rows = table->from_unicode;
    const auto row = std::lower_bound(rows.begin(), rows.end(), c,
                                      [](const auto& pair, char32_t wanted) { return pair.first < wanted; });
    if (row == rows.end() || row->first != c) {
      return InvalidAt(start);
    }
    out += row->second;
  }
  return out;
}

Result<std::string> FromUtf8(std::string_view utf8, std::string_view charset_name) {
  GW_ASSIGN(const Charset charset, FindCharset(charset_name));
  return FromUtf8(utf8, charset);
}

}  // namespace fhir
