#include "gateway/access/crypto/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace gateway::access::crypto {

fhir::Result<Sha256Digest> Sha256(std::string_view bytes) {
  Sha256Digest digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1 ||
      length != digest.size()) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"EVP_Digest(SHA-256) failed"});
  }
  return digest;
}

fhir::Result<Sha256Digest> HmacSha256(std::string_view key, std::string_view bytes) {
  Sha256Digest digest{};
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), digest.data(), &length) == nullptr ||
      length != digest.size()) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"HMAC(SHA-256) failed"});
  }
  return digest;
}

}  // namespace gateway::access::crypto
