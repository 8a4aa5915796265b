#include "gateway/app/clock_and_ids.hpp"

#include <chrono>
#include <cstddef>

#include <sys/random.h>

namespace gateway::app {

std::int64_t SystemClock::NowUs() const {
  using std::chrono::duration_cast, std::chrono::microseconds;
  return duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string UuidV7Source::NewId() {
  // A thread takes 64 ids' worth of random bytes from the kernel at a time.
  constexpr std::size_t kRandomBytes = 10;
  thread_local unsigned char pool[64 * kRandomBytes];
  thread_local std::size_t used = sizeof pool;
  if (used == sizeof pool) {
    for (std::size_t got = 0; got < sizeof pool;) {
      const ssize_t n = getrandom(pool + got, sizeof pool - got, 0);
      got += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    used = 0;
  }
  unsigned char bytes[16];
  const std::uint64_t ms = static_cast<std::uint64_t>(SystemClock().NowUs() / 1000);
  for (int i = 0; i < 6; ++i) {
    bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  }
  for (std::size_t i = 0; i < kRandomBytes; ++i) {
    bytes[6 + i] = pool[used++];
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x70);  // version 7
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);  // variant of RFC 9562
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

}  // namespace gateway::app
