// What the worst packages cost. The input is the package as it comes, compressed.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

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

std::string Packed(std::string_view tar) {
  const std::string archive =
      TarEntry("package/package.json", R"({"name":"a","version":"1","fhirVersions":["4.0.1"]})") + std::string(tar) +
      std::string(2 * kBlock, '\0');
  auto packed = fhir::GzipCompress(archive, 9);
  EXPECT_TRUE(packed.has_value());
  return *std::move(packed);
}

std::string Files(std::size_t count, std::string_view content) {
  std::string tar;
  for (std::size_t i = 0; i < count; ++i) {
    tar += TarEntry("package/" + std::to_string(i) + ".json", content);
  }
  return tar;
}

constexpr std::size_t kLarge = 16 * fuzz::kShapeBytes;

TEST(PackagesCost, WorstPackages_StayWithinBounds) {
  const std::string value_set = R"({"resourceType":"ValueSet","url":"urn:a","status":"active",)";
  const auto one = [](std::string_view content) { return Packed(TarEntry("package/a.json", content)); };
  const std::vector<fuzz::Shape> shapes = {
      {"many empty files", Packed(Files(30'000, ""))},
      {"many files of no resource", Packed(Files(15'000, "{}"))},
      {"many resources", Packed(Files(15'000, R"({"resourceType":"ValueSet","url":"urn:a"})"))},
      {"zeros", one(std::string(kLarge, '\0'))},
      {"white space", one(value_set + Repeated("", " ", "\"id\":\"a\"}", kLarge))},
      {"one string", one(value_set + Repeated("\"title\":\"", "a", "\"}", kLarge))},
      {"many elements", one(value_set + Repeated("\"useContext\":[{}", ",{}", "]}", kLarge))},
      {"many strings", one(value_set + Repeated("\"useContext\":[{\"id\":\"a\"}", ",{\"id\":\"a\"}", "]}", kLarge))},
      {"many unknown elements", one(value_set + Repeated("\"a\":[0", ",0", "]}", kLarge))},
      {"many codes", one(value_set + Repeated(R"("compose":{"include":[{"concept":[{"code":"a"})", R"(,{"code":"a"})",
                                              "]}]}}", kLarge))},
      {"deep", one(value_set + "\"a\":" + Nested("[", "", "]", kLarge) + "}")},
      {"a narrative",
       one(value_set + Repeated(R"("text":{"status":"generated","div":"<div>)", "<b/>", "</div>\"}}", kLarge))},
      {"a bundle", one(Repeated(R"({"resourceType":"Bundle","entry":[{})",
                                R"(,{"resource":{"resourceType":"ValueSet","url":"urn:a"}})", "]}", kLarge))},
      {"an index", Packed(TarEntry("package/.index.json", Repeated("{\"files\":[0", ",0", "]}", kLarge)))},
      {"an index of names",
       Packed(TarEntry("package/.index.json", Repeated("{\"files\":[0", R"(,{"filename":"a"})", "]}", kLarge)))},
      {"a manifest",
       *fhir::GzipCompress(
           TarEntry("package/package.json", Repeated(R"({"name":"a","version":"1","a":[0)", ",0", "]}", kLarge)), 9)},
      {"a manifest of dependencies",
       *fhir::GzipCompress(
           TarEntry("package/package.json", fuzz::Numbered(R"({"name":"a","version":"1","dependencies":{"a":"1")",
                                                           ",\"{}\":\"1\"", "}}", kLarge)),
           9)},
  };
  static const Registry empty(nullptr, {}, nullptr);
  fuzz::ExpectWithinCost(shapes, [](std::string_view packed) {
    RegistryBuilder builder(empty);
    fhir::IssueList issues;
    (void)builder.LoadPackage("a.tgz", packed, issues);
    (void)builder.Build(issues);
  });
}

}  // namespace
