#include "gateway/store/paging/key_ring.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "gateway/store/pg/transaction.hpp"

namespace gateway::store::paging {
namespace {

constexpr std::int64_t kLookAgainUs = 1'000'000;

constexpr pg::Statement kSelectCursorKeys{"select_cursor_keys",
                                          "SELECT key FROM cursor_key ORDER BY made_at DESC, key"};

// Of several nodes at once, one makes the key and the others see it. "GWCURKEY" in ASCII.
constexpr pg::Statement kLockCursorKeys{"lock_cursor_keys", "SELECT pg_advisory_xact_lock(5140651533398656345)"};

// $1 key, $2 age in milliseconds of the newest key from which on a new one is wanted
constexpr pg::Statement kInsertCursorKey{"insert_cursor_key", R"sql(
INSERT INTO cursor_key (key)
SELECT $1::bytea
 WHERE NOT EXISTS (SELECT 1 FROM cursor_key WHERE made_at > clock_timestamp() - $2::bigint * interval '1 millisecond'))sql"};

// Those that another one followed a month ago.
constexpr pg::Statement kDeleteCursorKeys{"delete_cursor_keys", R"sql(
DELETE FROM cursor_key k
 WHERE EXISTS (SELECT 1 FROM cursor_key n
                WHERE n.made_at > k.made_at AND n.made_at < clock_timestamp() - interval '30 days'))sql"};

std::optional<CipherKey> KeyOfBytes(std::string_view bytes) {
  CipherKey key{};
  if (bytes.size() != key.size()) {
    return std::nullopt;
  }
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

int HexDigit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::optional<CipherKey> KeyOfHex(std::string_view digits) {
  CipherKey key{};
  if (digits.size() != 2 * key.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = HexDigit(digits[2 * i]);
    const int low = HexDigit(digits[2 * i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    key[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return key;
}

std::int64_t SteadyUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::optional<CipherKey> FindIn(std::span<const CipherKey> keys, const KeyId& id) {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const CipherKey& key) { return IdOf(key) == id; });
  return found == keys.end() ? std::optional<CipherKey>() : *found;
}

}  // namespace

KeyRing::KeyRing(std::vector<CipherKey> keys) : keys_(std::move(keys)) {}

fhir::Result<std::vector<CipherKey>> KeyRing::ParseKeys(std::string_view text) {
  std::vector<CipherKey> keys;
  int number = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
      line.remove_suffix(1);
    }
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto key = KeyOfHex(line);
    if (!key) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, "search.cursor_key_file, line " + std::to_string(number) +
                                                             ": a key of 64 hexadecimal digits is expected");
    }
    keys.push_back(*key);
  }
  if (keys.empty()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "search.cursor_key_file holds no key");
  }
  return keys;
}

fhir::Result<std::unique_ptr<KeyRing>> KeyRing::OfDatabase(pg::Pool& pool) {
  std::unique_ptr<KeyRing> ring(new KeyRing(pool));
  GW_TRY(ring->Load());
  if (ring->keys_.empty()) {
    GW_TRY(ring->Rotate(std::int64_t{1} << 40));
  }
  if (ring->keys_.empty()) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"},
                      {"the table cursor_key holds no key of 32 bytes"});
  }
  return ring;
}

CipherKey KeyRing::Current() const {
  const std::lock_guard lock(mutex_);
  return keys_.front();
}

std::optional<CipherKey> KeyRing::Find(const KeyId& id) {
  {
    const std::lock_guard lock(mutex_);
    if (auto key = FindIn(keys_, id)) {
      return key;
    }
    if (pool_ == nullptr || (looked_at_us_ != 0 && SteadyUs() - looked_at_us_ < kLookAgainUs)) {
      return std::nullopt;
    }
    looked_at_us_ = SteadyUs();
  }
  if (!Load()) {
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  return FindIn(keys_, id);
}

fhir::Result<bool> KeyRing::Rotate(std::int64_t rotation_ms) {
  if (pool_ == nullptr) {
    return false;
  }
  GW_ASSIGN(const CipherKey key, NewCipherKey());
  bool made = false;
  {
    GW_ASSIGN(const pg::Pool::Lease connection, pool_->Acquire());
    pg::Transaction transaction(*connection);
    GW_TRY(connection->Execute(kLockCursorKeys));
    pg::Parameters parameters;
    parameters.Bytes({reinterpret_cast<const char*>(key.data()), key.size()}).Int(rotation_ms);
    GW_ASSIGN(const pg::Rows inserted, connection->Execute(kInsertCursorKey, parameters));
    made = inserted.affected() > 0;
    GW_TRY(connection->Execute(kDeleteCursorKeys));
    GW_TRY(transaction.Commit());
  }
  GW_TRY(Load());
  return made;
}

fhir::Result<void> KeyRing::Load() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_->Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectCursorKeys));
  std::vector<CipherKey> keys;
  for (int i = 0; i < rows.size(); ++i) {
    if (const auto key = KeyOfBytes(rows[i].Bytes(0))) {
      keys.push_back(*key);
    }
  }
  // A table that was emptied takes no key away from a ring: links are sealed with the last one that was known.
  if (!keys.empty()) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
  }
  return {};
}

}  // namespace gateway::store::paging
