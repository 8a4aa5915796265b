// Archives, whole and damaged, honest and hostile.
#include "fhir/packages/tar.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fhir/packages/tar_writer.hpp"

namespace {

using fhir::ErrorCode;
using fhir::Result;
using fhir::packages::PackageLimits;
using fhir::packages::ReadTarGzip;
using testing_packages::Gzip;
using testing_packages::TarEnd;
using testing_packages::TarEntry;

struct Reading {
  std::vector<std::string> files;  // "path=content"
  Result<void> result;
};

Reading Read(std::string_view packed, const PackageLimits& limits = {}) {
  Reading reading;
  reading.result = ReadTarGzip(
      packed, limits, [](std::string_view path) { return !path.ends_with(".skip"); },
      [&](std::string_view path, std::string_view content) -> Result<void> {
        reading.files.push_back(std::string(path) + "=" + std::string(content));
        return {};
      });
  return reading;
}

Reading ReadEntries(const std::string& entries, const PackageLimits& limits = {}) {
  return Read(Gzip(entries + TarEnd()), limits);
}

ErrorCode CodeOf(const Reading& reading) {
  EXPECT_FALSE(reading.result.has_value());
  return reading.result ? ErrorCode::kInternal : reading.result.error().code;
}

TEST(ReadTarGzip, WantedFiles_ComeInOrder) {
  const Reading reading = ReadEntries(TarEntry("package/", "", '5') + TarEntry("package/a.json", "1") +
                                      TarEntry("package/b.skip", std::string(2000, 'x')) +
                                      TarEntry("./package/c.json", std::string(512, 'y')) + TarEntry("empty", ""));
  ASSERT_TRUE(reading.result);
  EXPECT_EQ(reading.files,
            (std::vector<std::string>{"package/a.json=1", "package/c.json=" + std::string(512, 'y'), "empty="}));
}

TEST(ReadTarGzip, LongNames_OfEachKind) {
  const std::string name(150, 'n');
  EXPECT_EQ(ReadEntries(TarEntry("b", "1", '0', "package/deep")).files, std::vector<std::string>{"package/deep/b=1"});
  EXPECT_EQ(ReadEntries(TarEntry("././@LongLink", name, 'L') + TarEntry("short", "1")).files,
            std::vector<std::string>{name + "=1"});
  const std::string line = "160 path=" + name + "\n";
  ASSERT_EQ(line.size(), 160U);
  EXPECT_EQ(
      ReadEntries(TarEntry("pax", "11 a=bcdef\n" + line, 'x') + TarEntry("short", "1") + TarEntry("next", "2")).files,
      (std::vector<std::string>{name + "=1", "next=2"}));
  EXPECT_EQ(ReadEntries(TarEntry("pax", "5 a=b", 'g') + TarEntry("short", "1")).files,
            std::vector<std::string>{"short=1"});
}

TEST(ReadTarGzip, DamagedPaxHeader_IsRefused) {
  for (const auto* record : {"x", "9999999 path=a\n", "5 path=a\n", " path=a\n", "9 path=aa", "0 \n"}) {
    EXPECT_EQ(CodeOf(ReadEntries(TarEntry("pax", record, 'x') + TarEntry("a", "1"))), ErrorCode::kMalformed) << record;
  }
}

TEST(ReadTarGzip, PathsThatLeave_AreRefused_ByName) {
  for (const auto* path : {"../a", "package/../../a", "/etc/passwd", "package\\..\\a", "C:/a", "package/.."}) {
    const Reading reading = ReadEntries(TarEntry("good", "1") + TarEntry(path, "1"));
    EXPECT_EQ(CodeOf(reading), ErrorCode::kInvalid) << path;
    EXPECT_NE(reading.result.error().public_text.text.find(path), std::string::npos);
  }
  EXPECT_TRUE(ReadEntries(TarEntry("package/..a/...", "1")).result);
}

TEST(ReadTarGzip, LinksAndDevices_AreRefused) {
  for (const char type : {'1', '2', '3', '4', '6', '7', 'S', 'K'}) {
    EXPECT_EQ(CodeOf(ReadEntries(TarEntry("package/link", "", type))), ErrorCode::kInvalid) << type;
  }
}

TEST(ReadTarGzip, NameWithControlCharacters_IsShownWithout) {
  const Reading reading = ReadEntries(TarEntry("/a\x1b[2J", "1"));
  EXPECT_EQ(CodeOf(reading), ErrorCode::kInvalid);
  EXPECT_EQ(reading.result.error().public_text.text.find('\x1b'), std::string::npos);
}

TEST(ReadTarGzip, DamagedArchives_AreRefused) {
  EXPECT_EQ(CodeOf(Read("")), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(Read("plain text")), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(Read(Gzip(""))), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(Read(Gzip(std::string(2000, 'a')))), ErrorCode::kMalformed);
  std::string wrong_sum = TarEntry("a", "1");
  wrong_sum[0] = 'b';
  EXPECT_EQ(CodeOf(ReadEntries(wrong_sum)), ErrorCode::kMalformed);
  const std::string whole = TarEntry("a", "1");
  EXPECT_EQ(CodeOf(Read(Gzip(whole.substr(0, 600)))), ErrorCode::kMalformed);
  EXPECT_TRUE(Read(Gzip(whole)).result);  // without the empty blocks at the end
  const std::string packed = Gzip(whole + TarEnd());
  for (std::size_t bytes = 0; bytes < packed.size(); ++bytes) {
    EXPECT_EQ(CodeOf(Read(packed.substr(0, bytes))), ErrorCode::kMalformed) << bytes;
  }
}

TEST(ReadTarGzip, EachLimit_HoldsAtIt_AndRefusesPastIt) {
  const std::string two = TarEntry("a", "12345") + TarEntry("b", "12345");
  EXPECT_TRUE(ReadEntries(two, {.files_max = 2}).result);
  EXPECT_EQ(CodeOf(ReadEntries(two, {.files_max = 1})), ErrorCode::kTooLarge);
  EXPECT_TRUE(ReadEntries(two, {.file_bytes_max = 5}).result);
  EXPECT_EQ(CodeOf(ReadEntries(two, {.file_bytes_max = 4})), ErrorCode::kTooLarge);
  EXPECT_TRUE(ReadEntries(TarEntry("long.skip", "12345"), {.file_bytes_max = 4}).result);
  EXPECT_TRUE(ReadEntries(TarEntry("12345", ""), {.path_bytes_max = 5}).result);
  EXPECT_EQ(CodeOf(ReadEntries(TarEntry("12345", ""), {.path_bytes_max = 4})), ErrorCode::kTooLarge);
  const std::string packed = Gzip(two + TarEnd());
  EXPECT_TRUE(Read(packed, {.packed_bytes_max = packed.size()}).result);
  EXPECT_EQ(CodeOf(Read(packed, {.packed_bytes_max = packed.size() - 1})), ErrorCode::kTooLarge);
  const std::size_t plain = two.size() + TarEnd().size();
  EXPECT_TRUE(Read(packed, {.plain_bytes_max = plain}).result);
  EXPECT_EQ(CodeOf(Read(packed, {.plain_bytes_max = plain - 1})), ErrorCode::kTooLarge);
}

TEST(ReadTarGzip, Bomb_IsRefused_BeforeItIsRead) {
  const std::string bomb = Gzip(TarEntry("a.skip", std::string(40u * 1024 * 1024, '\0')) + TarEnd());
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_EQ(CodeOf(Read(bomb)), ErrorCode::kTooLarge);
  EXPECT_TRUE(Read(bomb, {.ratio_max = 10'000}).result);
}

TEST(ReadTarGzip, ErrorOfTheSink_IsHandedOn) {
  const auto result = ReadTarGzip(
      Gzip(TarEntry("a", "1") + TarEnd()), {}, [](std::string_view) { return true; },
      [](std::string_view, std::string_view) -> Result<void> { return fhir::Fail(ErrorCode::kConflict, "no"); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
}

}  // namespace
