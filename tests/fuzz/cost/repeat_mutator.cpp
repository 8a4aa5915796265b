// Mutation by repetition: what is harmless once may cost too much ten thousand times. libFuzzer's own mutations grow an
// input by a few bytes, and would hardly ever reach one megabyte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned int seed);

namespace {

constexpr unsigned int kOneOf = 2000;  // inputs; long ones are slow, and most of what there is to find is short
constexpr std::size_t kPartBytesMax = 256;

/// Repeats a part of the input in its place, up to `size_max` bytes in all.
std::size_t RepeatPart(std::uint8_t* data, std::size_t size, std::size_t size_max, std::minstd_rand& random) {
  const std::size_t begin = random() % size;
  const std::size_t bytes = 1 + random() % std::min(kPartBytesMax, size - begin);
  const std::size_t room = (size_max - size) / bytes;
  if (room == 0) {
    return size;
  }
  const std::size_t times = 1 + random() % room;
  const std::vector<std::uint8_t> rest(data + begin + bytes, data + size);
  std::uint8_t* at = data + begin + bytes;
  for (std::size_t i = 0; i < times; ++i, at += bytes) {
    std::memcpy(at, data + begin, bytes);
  }
  std::copy(rest.begin(), rest.end(), at);
  return size + times * bytes;
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned int seed) {
  std::minstd_rand random(seed);
  if (size == 0 || size >= size_max || random() % kOneOf != 0) {
    return LLVMFuzzerMutate(data, size, size_max);
  }
  return RepeatPart(data, size, size_max, random);
}
