#include "gateway/app/clock_and_ids.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>

#include <sys/random.h>

namespace gateway::app {
namespace {

/// A thread takes 4 KiB of random bytes from the kernel at a time.
void TakeRandom(unsigned char* bytes, std::size_t count) {
  thread_local unsigned char pool[4096];
  thread_local std::size_t used = sizeof pool;
  if (used + count > sizeof pool) {
    for (std::size_t got = 0; got < sizeof pool;) {
      const ssize_t n = getrandom(pool + got, sizeof pool - got, 0);
      got += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    used = 0;
  }
  std::memcpy(bytes, pool + used, count);
  used += count;
}

constexpr std::size_t kHalf = 9;
constexpr std::uint64_t kHalfValues = 62ull * 62 * 62 * 62 * 62 * 62 * 62 * 62 * 62;
/// 2020-01-01T00:00:00Z in ticks of 250 ns; nine digits last until 2127.
constexpr std::int64_t kTickNs = 250;
constexpr std::int64_t kFirstTick = 1'577'836'800'000'000'000 / kTickNs;

void AppendHalf(std::string& text, std::uint64_t value) {
  constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";  // in the order of "C"
  char digits[kHalf];
  for (std::size_t i = kHalf; i-- > 0; value /= 62) {
    digits[i] = kDigits[value % 62];
  }
  text.append(digits, kHalf);
}

}  // namespace

std::int64_t SystemClock::NowUs() const {
  using std::chrono::duration_cast, std::chrono::microseconds;
  return duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string TimeOrderedIds::NewId() {
  using std::chrono::duration_cast, std::chrono::nanoseconds;
  const std::int64_t ns = duration_cast<nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ns / kTickNs - kFirstTick));
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t tick = 0;
  do {
    tick = std::max(now, last + 1);
  } while (!last_.compare_exchange_weak(last, tick, std::memory_order_relaxed));
  std::uint64_t random = 0;
  TakeRandom(reinterpret_cast<unsigned char*>(&random), sizeof random);
  std::string text;
  text.reserve(2 * kHalf);
  AppendHalf(text, tick);
  AppendHalf(text, random % kHalfValues);
  return text;
}

std::string TimeOrderedIds::NewUuid() {
  unsigned char bytes[16];
  const std::uint64_t ms = static_cast<std::uint64_t>(SystemClock().NowUs() / 1000);
  for (int i = 0; i < 6; ++i) {
    bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  }
  TakeRandom(bytes + 6, sizeof bytes - 6);
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
