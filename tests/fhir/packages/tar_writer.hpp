// Makes small packages for the tests, right and wrong ones.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "fhir/base/archive.hpp"

namespace testing_packages {

/// One entry: header block, content, padding. The header is that of a ustar archive.
inline std::string TarEntry(std::string_view path, std::string_view content, char type = '0',
                            std::string_view prefix = {}) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t offset, std::string_view text) { header.replace(offset, text.size(), text); };
  put(0, path.substr(0, 100));
  put(100, "0000644");
  char size[13];
  std::snprintf(size, sizeof(size), "%011zo", content.size());
  put(124, std::string_view(size, 11));
  put(148, "        ");
  header[156] = type;
  put(257, "ustar");
  put(263, "00");
  put(345, prefix);
  unsigned sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  char checksum[8];
  std::snprintf(checksum, sizeof(checksum), "%06o", sum);
  put(148, std::string_view(checksum, 6));
  header[154] = '\0';
  std::string entry = header + std::string(content);
  entry.resize((entry.size() + 511) / 512 * 512);
  return entry;
}

inline std::string TarEnd() {
  return std::string(1024, '\0');
}

inline std::string Gzip(std::string_view plain) {
  return fhir::GzipCompress(plain).value();
}

/// A package of the given entries behind a manifest.
inline std::string Package(std::string_view entries,
                           std::string_view manifest = R"({"name":"example.test","version":"1.0.0"})") {
  return Gzip(TarEntry("package/package.json", manifest) + std::string(entries) + TarEnd());
}

}  // namespace testing_packages
