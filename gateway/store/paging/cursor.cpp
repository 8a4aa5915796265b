#include "gateway/store/paging/cursor.hpp"

#include <algorithm>
#include <utility>

#include "fhir/base/base64.hpp"

namespace gateway::store::paging {
namespace {

using search_sql::Direction;
using search_sql::Position;

constexpr std::size_t kCursorCharsMax = 15'000;  // a request line of 16,384 bytes holds it
constexpr char kFormat = 1;                      // of what follows; another release may write another one

enum CursorFlag : unsigned char { kHasTotal = 1, kHasPosition = 2, kBackwards = 4 };

void PutNumber(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

void PutText(std::string& out, std::string_view text) {
  PutNumber(out, text.size());
  out += text;
}

// Reads what Put wrote. After a failure everything reads as nothing, and failed() tells.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) {
        break;
      }
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        return number;
      }
    }
    failed_ = true;
    return 0;
  }
  std::string Text() {
    const std::uint64_t size = Number();
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::string Encode(const Cursor& cursor) {
  std::string out;
  const int flags = (cursor.total ? kHasTotal : 0) | (cursor.position ? kHasPosition : 0) |
                    (cursor.direction == Direction::kBefore ? kBackwards : 0);
  PutNumber(out, static_cast<std::uint64_t>(flags));
  PutNumber(out, static_cast<std::uint64_t>(cursor.begun_us));
  PutNumber(out, cursor.snapshot.xmin);
  PutNumber(out, cursor.snapshot.xmax - cursor.snapshot.xmin);
  PutNumber(out, cursor.snapshot.in_progress.size());
  std::uint64_t before = cursor.snapshot.xmin;
  for (const std::uint64_t id : cursor.snapshot.in_progress) {
    PutNumber(out, id - before);
    before = id;
  }
  if (cursor.total) {
    PutNumber(out, static_cast<std::uint64_t>(*cursor.total));
  }
  if (cursor.position) {
    PutText(out, cursor.position->id);
    PutNumber(out, cursor.position->keys.size());
    for (const auto& key : cursor.position->keys) {
      PutNumber(out, key ? 1 : 0);
      if (key) {
        PutText(out, *key);
      }
    }
  }
  return out;
}

std::optional<Cursor> Decode(std::string_view bytes) {
  Reader in(bytes);
  Cursor cursor;
  const auto flags = in.Number();
  cursor.begun_us = static_cast<std::int64_t>(in.Number());
  cursor.snapshot.xmin = in.Number();
  cursor.snapshot.xmax = cursor.snapshot.xmin + in.Number();
  const std::uint64_t in_progress = in.Number();
  if (in_progress > std::min<std::uint64_t>(in.left(), search_sql::kInProgressMax)) {
    return std::nullopt;
  }
  std::uint64_t before = cursor.snapshot.xmin;
  for (std::uint64_t i = 0; i < in_progress; ++i) {
    before += in.Number();
    cursor.snapshot.in_progress.push_back(before);
  }
  if ((flags & kHasTotal) != 0) {
    cursor.total = static_cast<std::int64_t>(in.Number());
  }
  if ((flags & kBackwards) != 0) {
    cursor.direction = Direction::kBefore;
  }
  if ((flags & kHasPosition) != 0) {
    Position position;
    position.id = in.Text();
    const std::uint64_t keys = in.Number();
    for (std::uint64_t i = 0; i < keys && !in.failed(); ++i) {
      position.keys.push_back(in.Number() == 1 ? std::optional(in.Text()) : std::nullopt);
    }
    cursor.position = std::move(position);
  }
  return in.failed() || !in.at_end() ? std::nullopt : std::optional(std::move(cursor));
}

std::string BoundTo(const CursorUse& use, const KeyId& id) {
  std::string bound(1, kFormat);
  bound.append(reinterpret_cast<const char*>(id.data()), id.size());
  PutText(bound, use.fingerprint);
  PutText(bound, use.party);
  return bound;
}

std::unexpected<fhir::Error> ForeignCursor() {
  return fhir::Fail(fhir::ErrorCode::kMalformed,
                    "The page link is not one that this server made for this query and this party. Start again: the "
                    "same query without _cursor.");
}

}  // namespace

std::unexpected<fhir::Error> CursorExpired() {
  return fhir::Fail(fhir::ErrorCode::kGone,
                    "The page link has expired: the state that its first page showed is kept no longer. Start again: "
                    "the same query without _cursor.");
}

fhir::Result<std::string> WriteCursor(const Cursor& cursor, const CursorUse& use, const KeyRing& keys) {
  const CipherKey key = keys.Current();
  const KeyId id = IdOf(key);
  GW_ASSIGN(const std::string sealed, Seal(Encode(cursor), BoundTo(use, id), key));
  std::string bytes(1, kFormat);
  bytes.append(reinterpret_cast<const char*>(id.data()), id.size());
  bytes += sealed;
  std::string text = fhir::EncodeBase64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

fhir::Result<Cursor> ReadCursor(std::string_view text, const CursorUse& use, KeyRing& keys, std::int64_t now_us,
                                std::int64_t lifetime_ms) {
  if (text.size() > kCursorCharsMax || text.find_first_of("+/= \t\r\n") != std::string_view::npos) {
    return ForeignCursor();
  }
  std::string base64(text);
  std::replace(base64.begin(), base64.end(), '-', '+');
  std::replace(base64.begin(), base64.end(), '_', '/');
  base64.append((4 - base64.size() % 4) % 4, '=');
  const auto bytes = fhir::DecodeBase64(base64);
  KeyId id{};
  if (!bytes || bytes->size() < 1 + id.size() || bytes->front() != kFormat) {
    return ForeignCursor();
  }
  std::copy_n(bytes->begin() + 1, id.size(), id.begin());
  const auto key = keys.Find(id);
  const auto plain = key ? Open(std::string_view(*bytes).substr(1 + id.size()), BoundTo(use, id), *key) : std::nullopt;
  auto cursor = plain ? Decode(*plain) : std::nullopt;
  if (!cursor) {
    return ForeignCursor();
  }
  if (now_us - cursor->begun_us > lifetime_ms * 1000) {
    return CursorExpired();
  }
  return *std::move(cursor);
}

}  // namespace gateway::store::paging
