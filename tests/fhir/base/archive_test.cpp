#include "fhir/base/archive.hpp"

#include <gtest/gtest.h>

namespace {

using fhir::Compression;
using fhir::Decompress;
using fhir::ErrorCode;

std::string SampleText() {
  std::string text;
  for (int i = 0; i < 50'000; ++i) {
    text += std::to_string(i * 7919 % 10'007);
  }
  return text;
}

/// "passerelle\n" by bzip2 -9.
constexpr unsigned char kBzip2Sample[] = {0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x93, 0xBF,
                                          0xB8, 0xA2, 0x00, 0x00, 0x03, 0xC1, 0x80, 0x00, 0x10, 0x22, 0x04, 0x58,
                                          0x00, 0x20, 0x00, 0x31, 0x0C, 0x01, 0x0C, 0x9E, 0x88, 0xC2, 0x56, 0x45,
                                          0xD7, 0xC5, 0xDC, 0x91, 0x4E, 0x14, 0x24, 0x24, 0xEF, 0xEE, 0x28, 0x80};

std::string Bzip2Sample() {
  return {reinterpret_cast<const char*>(kBzip2Sample), sizeof kBzip2Sample};
}

fhir::Result<std::string> InPieces(std::string_view bytes, Compression compression, std::size_t piece_bytes) {
  std::string out;
  const auto decompressor = fhir::Decompressor::Create(compression, 10'000'000);
  for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
    GW_TRY(decompressor->Feed(bytes.substr(at, piece_bytes), [&](std::string_view piece) -> fhir::Result<void> {
      out += piece;
      return {};
    }));
  }
  GW_TRY(decompressor->Finish());
  return out;
}

TEST(Archive, Gzip_RoundTrip_WholeAndByteByByte) {
  const std::string text = SampleText();
  const std::string packed = *fhir::GzipCompress(text);
  EXPECT_LT(packed.size(), text.size());
  EXPECT_EQ(packed, *fhir::GzipCompress(text));
  EXPECT_EQ(fhir::DetectCompression(packed), Compression::kGzip);
  EXPECT_TRUE(Decompress(packed, Compression::kGzip, text.size()) == text);
  EXPECT_TRUE(InPieces(packed, Compression::kGzip, 1) == text);
  EXPECT_TRUE(Decompress(packed + packed, Compression::kGzip, 2 * text.size()) == text + text);
  EXPECT_EQ(Decompress(*fhir::GzipCompress(""), Compression::kGzip, 0).value_or("?"), "");
}

TEST(Archive, Bzip2_OneAndTwoStreams_WholeAndByteByByte) {
  const std::string packed = Bzip2Sample();
  EXPECT_EQ(fhir::DetectCompression(packed), Compression::kBzip2);
  EXPECT_EQ(Decompress(packed, Compression::kBzip2, 11).value_or("?"), "passerelle\n");
  EXPECT_EQ(InPieces(packed + packed, Compression::kBzip2, 1).value_or("?"), "passerelle\npasserelle\n");
}

TEST(Archive, OutputLimit_AtAndPast_AcceptsAndRefuses) {
  const std::string bomb = *fhir::GzipCompress(std::string(1'000'000, 'a'));
  EXPECT_TRUE(Decompress(bomb, Compression::kGzip, 1'000'000));
  EXPECT_EQ(Decompress(bomb, Compression::kGzip, 999'999).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decompress(Bzip2Sample(), Compression::kBzip2, 10).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decompress("abc", Compression::kNone, 2).error().code, ErrorCode::kTooLarge);
}

TEST(Archive, DamagedAndCutData_AreMalformed) {
  std::string packed = *fhir::GzipCompress(SampleText());
  EXPECT_EQ(Decompress(packed.substr(0, packed.size() - 1), Compression::kGzip, 10'000'000).error().code,
            ErrorCode::kMalformed);
  EXPECT_EQ(Decompress(packed + "rubbish", Compression::kGzip, 10'000'000).error().code, ErrorCode::kMalformed);
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  EXPECT_EQ(Decompress(packed, Compression::kGzip, 10'000'000).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(Decompress("", Compression::kGzip, 10).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(Decompress(Bzip2Sample().substr(0, 20), Compression::kBzip2, 100).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(Decompress("BZh9rubbish", Compression::kBzip2, 100).error().code, ErrorCode::kMalformed);
}

TEST(Archive, SinkError_IsHandedOn) {
  const auto decompressor = fhir::Decompressor::Create(Compression::kNone, 100);
  const auto fed = decompressor->Feed(
      "abc", [](std::string_view) -> fhir::Result<void> { return fhir::Fail(ErrorCode::kConflict, "stop"); });
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, ErrorCode::kConflict);
}

}  // namespace
