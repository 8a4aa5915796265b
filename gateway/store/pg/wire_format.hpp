// Big-endian integers and the epoch of PostgreSQL's binary formats.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

namespace gateway::store::pg::wire {

/// 2000-01-01T00:00:00Z, where PostgreSQL's timestamps count from, in microseconds since 1970.
inline constexpr std::int64_t kPostgresEpochUs = 946'684'800'000'000;

inline void PutInt(std::string& out, std::uint64_t value, int width_bytes) {
  for (int shift = (width_bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

/// A signed integer of 1 to 8 bytes.
inline std::int64_t GetInt(const char* data, int width_bytes) {
  std::uint64_t value = (static_cast<unsigned char>(data[0]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (int i = 0; i < width_bytes; ++i) {
    value = (value << 8) | static_cast<unsigned char>(data[i]);
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace gateway::store::pg::wire
