#include "gateway/store/paging/cipher.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

namespace gateway::store::paging {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

unsigned char* Bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::unexpected<fhir::Error> CipherFailed() {
  return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"OpenSSL refused to seal a cursor"});
}

}  // namespace

KeyId IdOf(const CipherKey& key) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(key.data(), key.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  KeyId id{};
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

fhir::Result<CipherKey> NewCipherKey() {
  CipherKey key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
    return CipherFailed();
  }
  return key;
}

fhir::Result<std::string> Seal(std::string_view plain, std::string_view bound, const CipherKey& key) {
  std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
  unsigned char* nonce = Bytes(sealed);
  unsigned char* body = nonce + kNonceBytes;
  unsigned char* tag = body + plain.size();
  const CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  int end = 0;
  if (!context || RAND_bytes(nonce, kNonceBytes) != 1 ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &length, Bytes(bound), static_cast<int>(bound.size())) != 1 ||
      EVP_EncryptUpdate(context.get(), body, &length, Bytes(plain), static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), body + length, &end) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) != 1) {
    return CipherFailed();
  }
  return sealed;
}

std::optional<std::string> Open(std::string_view sealed, std::string_view bound, const CipherKey& key) {
  if (sealed.size() < kNonceBytes + kTagBytes) {
    return std::nullopt;
  }
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(body.size(), '\0');
  const CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  int end = 0;
  if (!context || EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), Bytes(sealed)) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &length, Bytes(bound), static_cast<int>(bound.size())) != 1 ||
      EVP_DecryptUpdate(context.get(), Bytes(plain), &length, Bytes(body), static_cast<int>(body.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), Bytes(plain) + length, &end) != 1) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace gateway::store::paging
