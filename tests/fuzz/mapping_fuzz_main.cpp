#include <cstddef>
#include <cstdint>

#include "tests/fuzz/cost/meter.hpp"
#include "tests/fuzz/mapping_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::WithinCost({reinterpret_cast<const char*>(data), size}, fuzz::TryMapping);
  return 0;
}
