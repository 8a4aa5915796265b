#include "gateway/access/crypto/constant_time.hpp"

#include <openssl/crypto.h>

namespace gateway::access::crypto {

bool ConstantTimeEqual(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace gateway::access::crypto
