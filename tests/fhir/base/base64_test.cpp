#include "fhir/base/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fhir {
namespace {

// RFC 4648 §10.
TEST(Base64, KnownVectors_BothWays) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                         {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text).value(), bytes);
  }
  EXPECT_EQ(DecodeBase64("Zm9v\r\n YmE=\n").value(), "fooba");
}

TEST(Base64, WrongText_IsRefused) {
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "=", "Zm9v=", "Zh==", "Zm9=", "Zg==Zg==", "Zm-v", "Zm9vé"}) {
    EXPECT_FALSE(DecodeBase64(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace fhir
