#include "gateway/access/crypto/base64url.hpp"

#include "fhir/base/base64.hpp"

namespace gateway::access::crypto {

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text = fhir::EncodeBase64(bytes);
  while (text.ends_with('=')) {
    text.pop_back();
  }
  for (char& c : text) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return text;
}

fhir::Result<std::string> DecodeBase64Url(std::string_view text) {
  std::string standard;
  standard.reserve(text.size() + 3);
  for (const char c : text) {
    const bool allowed =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!allowed) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "not valid base64url");
    }
    standard += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  if (standard.size() % 4 == 1) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "not valid base64url");
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  return fhir::DecodeBase64(standard);
}

}  // namespace gateway::access::crypto
