#include "gateway/access/crypto/random.hpp"

#include <openssl/rand.h>

namespace gateway::access::crypto {

fhir::Result<std::string> RandomBytes(std::size_t count) {
  constexpr std::size_t kCountMax = 1024 * 1024;
  if (count > kCountMax) {
    return fhir::Fail(fhir::ErrorCode::kTooLarge, "too many random bytes asked for");
  }
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"RAND_bytes failed"});
  }
  return bytes;
}

}  // namespace gateway::access::crypto
