#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fhirpath_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fhirpath_fuzz::TestOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
