#include "gateway/store/search_sql/cursor.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "fhir/base/base64.hpp"

namespace gateway::store::search_sql {
namespace {

constexpr std::size_t kCursorBytesMax = 8192;
constexpr std::size_t kMacBytes = 8;
constexpr CursorKey kFingerprintKey{0x70, 0x61, 0x73, 0x73, 0x65, 0x72, 0x65, 0x6c,
                                    0x6c, 0x65, 0x2d, 0x71, 0x75, 0x65, 0x72, 0x79};

std::uint64_t LittleEndian(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= std::uint64_t{bytes[i]} << (8 * i);
  }
  return value;
}

std::string BytesOf(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;
  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
};

void AppendSized(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

// Reads "5:hello" off the front; nullopt when it does not stand there.
std::optional<std::string> TakeSized(std::string_view& rest) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != ':') {
    return std::nullopt;
  }
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  if (size > rest.size()) {
    return std::nullopt;
  }
  std::string text(rest.substr(0, size));
  rest.remove_prefix(size);
  return text;
}

std::unexpected<fhir::Error> ForeignCursor() {
  return fhir::Fail(fhir::ErrorCode::kInvalid, "The page link is not one that this server made for this query.");
}

}  // namespace

std::uint64_t SipHash(std::string_view bytes, const CursorKey& key) {
  const std::uint64_t k0 = LittleEndian(key.data(), 8);
  const std::uint64_t k1 = LittleEndian(key.data() + 8, 8);
  SipState state{k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                 k1 ^ 0x7465646279746573u};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) {
    const std::uint64_t word = LittleEndian(data + at, 8);
    state.v3 ^= word;
    state.Round();
    state.Round();
    state.v0 ^= word;
  }
  const std::uint64_t last = LittleEndian(data + whole, bytes.size() - whole) | (std::uint64_t{bytes.size()} << 56);
  state.v3 ^= last;
  state.Round();
  state.Round();
  state.v0 ^= last;
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) {
    state.Round();
  }
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t Fingerprint(const SqlText& sql) {
  std::string all = sql.text();
  for (const auto& value : sql.values()) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      AppendSized(all, std::to_string(*number));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      AppendSized(all, *text);
    } else if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value)) {
      for (const auto item : *numbers) {
        AppendSized(all, std::to_string(item));
      }
    } else {
      for (const auto& item : std::get<std::vector<std::string>>(value)) {
        AppendSized(all, item);
      }
    }
  }
  return SipHash(all, kFingerprintKey);
}

std::string WriteCursor(const Position& position, std::uint64_t fingerprint, const CursorKey& key) {
  std::string plain;
  AppendSized(plain, position.id);
  for (const auto& value : position.keys) {
    plain += value ? 'v' : 'n';
    if (value) {
      AppendSized(plain, *value);
    }
  }
  std::string text = fhir::EncodeBase64(BytesOf(SipHash(plain + BytesOf(fingerprint), key)) + plain);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

fhir::Result<Position> ReadCursor(std::string_view text, std::uint64_t fingerprint, const CursorKey& key) {
  if (text.size() > kCursorBytesMax || text.find_first_of("+/= \t\r\n") != std::string_view::npos) {
    return ForeignCursor();
  }
  std::string base64(text);
  std::replace(base64.begin(), base64.end(), '-', '+');
  std::replace(base64.begin(), base64.end(), '_', '/');
  base64.append((4 - base64.size() % 4) % 4, '=');
  const auto bytes = fhir::DecodeBase64(base64);
  if (!bytes || bytes->size() < kMacBytes) {
    return ForeignCursor();
  }
  std::string_view rest = std::string_view(*bytes).substr(kMacBytes);
  const std::uint64_t expected = SipHash(std::string(rest) + BytesOf(fingerprint), key);
  if (LittleEndian(reinterpret_cast<const unsigned char*>(bytes->data()), kMacBytes) != expected) {
    return ForeignCursor();
  }
  Position position;
  auto id = TakeSized(rest);
  if (!id) {
    return ForeignCursor();
  }
  position.id = *std::move(id);
  while (!rest.empty()) {
    const char tag = rest.front();
    rest.remove_prefix(1);
    if (tag == 'n') {
      position.keys.emplace_back();
      continue;
    }
    auto value = TakeSized(rest);
    if (tag != 'v' || !value) {
      return ForeignCursor();
    }
    position.keys.push_back(std::move(value));
  }
  return position;
}

}  // namespace gateway::store::search_sql
