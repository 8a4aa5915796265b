#include <cstddef>
#include <cstdint>

#include "tests/fuzz/primitives_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::TryPrimitives({reinterpret_cast<const char*>(data), size});
  return 0;
}
