// What the worst packages cost. The input is the package as it comes, compressed.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <random>

#include "fhir/base/archive.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

using fhir::packages::Registry;
using fhir::packages::RegistryBuilder;
using fuzz::Nested;
using fuzz::Repeated;

constexpr std::size_t kBlock = 512;

/// One entry of a tar archive. Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
std::string TarEntry(std::string_view path, std::string_view content) {
  std::array<char, kBlock> header{};
  const auto put = [&](std::size_t at, std::string_view text) { text.copy(header.data() + at, text.size()); };
  std::array<char, 16> number{};
  put(0, path);
  put(100, "0000644");
  put(124,
      {number.data(), static_cast<std::size_t>(std::snprintf(number.data(), number.size(), "%011zo", content.size()))});
  put(148, "        ");
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  put(148, {number.data(), static_cast<std::size_t>(std::snprintf(number.data(), number.size(), "%06o", sum))});
  header[154] = '\0';
  std::string entry(header.data(), header.size());
  entry += content;
  entry.resize((entry.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return entry;
}

std::string GzipOf(std::string_view tar) {
  auto packed = fhir::GzipCompress(tar, 9);
  EXPECT_TRUE(packed.has_value());
  return *std::move(packed);
}

std::string Packed(std::string_view tar) {
  return GzipOf(TarEntry("package/package.json", R"({"name":"a","version":"1","fhirVersions":["4.0.1"]})") +
                std::string(tar) + std::string(2 * kBlock, '\0'));
}

std::string Files(std::size_t count, std::string_view content) {
  std::string tar;
  for (std::size_t i = 0; i < count; ++i) {
    tar += TarEntry("package/" + std::to_string(i) + ".json", content);
  }
  return tar;
}

constexpr std::size_t kPackageMegabyte = 1024 * 1024;

/// Packages whose worst file has about `bytes`.
std::vector<fuzz::Shape> Packages(std::size_t bytes) {
  const std::string value_set = R"({"resourceType":"ValueSet","url":"urn:a","status":"active",)";
  const auto one = [](std::string_view content) { return Packed(TarEntry("package/a.json", content)); };
  return {
      {"many empty files", Packed(Files(bytes / kBlock, ""))},
      {"many files of no resource", Packed(Files(bytes / (2 * kBlock), "{}"))},
      {"many resources", Packed(Files(bytes / (2 * kBlock), R"({"resourceType":"ValueSet","url":"urn:a"})"))},
      {"zeros", one(std::string(bytes, '\0'))},
      {"white space", one(value_set + Repeated("", " ", "\"id\":\"a\"}", bytes))},
      {"one string", one(value_set + Repeated("\"title\":\"", "a", "\"}", bytes))},
      {"many elements", one(value_set + Repeated("\"useContext\":[{}", ",{}", "]}", bytes))},
      {"many strings", one(value_set + Repeated("\"useContext\":[{\"id\":\"a\"}", ",{\"id\":\"a\"}", "]}", bytes))},
      {"many unknown elements", one(value_set + Repeated("\"a\":[0", ",0", "]}", bytes))},
      {"many codes", one(value_set + Repeated(R"("compose":{"include":[{"concept":[{"code":"a"})", R"(,{"code":"a"})",
                                              "]}]}}", bytes))},
      {"deep", one(value_set + "\"a\":" + Nested("[", "", "]", bytes) + "}")},
      {"a narrative",
       one(value_set + Repeated(R"("text":{"status":"generated","div":"<div>)", "<b/>", "</div>\"}}", bytes))},
      {"a bundle", one(Repeated(R"({"resourceType":"Bundle","entry":[{})",
                                R"(,{"resource":{"resourceType":"ValueSet","url":"urn:a"}})", "]}", bytes))},
      {"an index", Packed(TarEntry("package/.index.json", Repeated("{\"files\":[0", ",0", "]}", bytes)))},
      {"an index of names",
       Packed(TarEntry("package/.index.json", Repeated("{\"files\":[0", R"(,{"filename":"a"})", "]}", bytes)))},
      {"a manifest",
       GzipOf(TarEntry("package/package.json", Repeated(R"({"name":"a","version":"1","a":[0)", ",0", "]}", bytes)))},
      {"a manifest of dependencies",
       GzipOf(TarEntry("package/package.json", fuzz::Numbered(R"({"name":"a","version":"1","dependencies":{"a":"1")",
                                                              ",\"{}\":\"1\"", "}}", bytes)))},
  };
}

void Load(std::string_view packed) {
  static const Registry empty(nullptr, {}, nullptr);
  RegistryBuilder builder(empty);
  fhir::IssueList issues;
  (void)builder.LoadPackage("a.tgz", packed, issues);
  (void)builder.Build(issues);
}

TEST(PackagesCost, PackagesJustBelowTheFreeSize_StayWithinBounds) {
  fuzz::ExpectWithinCost(Packages(fhir::packages::PackageLimits{}.plain_bytes_free - 8 * kBlock), Load);
}

TEST(PackagesCost, PackagesPastTheRatio_AreRefusedBeforeTheyCost) {
  fuzz::ExpectWithinCost(Packages(2 * kPackageMegabyte), Load);
}

/// What is packed well, and not too well, is bounded by what it unpacks to.
TEST(PackagesCost, PackagesBelowTheRatio_StayWithinBoundsOfThePlainSize) {
  constexpr std::size_t kPlainBytes = 2 * kPackageMegabyte;
  std::string noise;           // as text of a file that is passed over, it only makes the package larger
  std::minstd_rand random(1);  // NOLINT(cert-msc51-cpp): the same bytes each time
  while (noise.size() < kPlainBytes / 50) {
    noise += static_cast<char>(random() >> 8U);
  }
  const auto larger = GzipOf(TarEntry("package/other/noise", noise));
  std::vector<fuzz::Shape> shapes = Packages(kPlainBytes);
  for (fuzz::Shape& shape : shapes) {
    shape.text = larger + shape.text;
  }
  fuzz::ExpectWithinCost(shapes, Load, {.other_bytes = kPlainBytes});
}

}  // namespace
