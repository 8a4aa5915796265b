#include "fhir/packages/embedded.hpp"

#include <cstddef>

// The assembler takes the file as it is: a byte array in C++ would cost the compiler seconds for each megabyte.
// clang-format off
__asm__(
    ".pushsection .rodata,\"a\",@progbits\n"
    ".balign 16\n"
    ".global gw_embedded_resources_begin\n"
    ".global gw_embedded_resources_end\n"
    "gw_embedded_resources_begin:\n"
    ".incbin \"" GW_EMBEDDED_RESOURCES "\"\n"
    "gw_embedded_resources_end:\n"
    ".byte 0\n"
    ".popsection\n");
// clang-format on

extern "C" const char gw_embedded_resources_begin[];
extern "C" const char gw_embedded_resources_end[];

namespace fhir::packages {

std::string_view EmbeddedResources() {
  return {static_cast<const char*>(gw_embedded_resources_begin), static_cast<const char*>(gw_embedded_resources_end)};
}

}  // namespace fhir::packages
