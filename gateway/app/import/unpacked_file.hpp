// A file as a stream of its plain bytes: gzip and bzip2 are recognised by their first bytes and unpacked on the way.
#pragma once

#include <array>
#include <cstddef>
#include <fstream>
#include <istream>
#include <memory>
#include <streambuf>
#include <string>

#include "fhir/base/archive.hpp"
#include "fhir/base/error.hpp"

namespace gateway::app {

/// Holds a few pieces of the file, whatever its size. thread-compatible.
class UnpackedFile final : private std::streambuf {
 public:
  /// Errors: kNotFound, naming the path.
  static fhir::Result<std::unique_ptr<UnpackedFile>> Open(const std::string& path);

  std::istream& stream() { return stream_; }
  /// Why the stream has ended before the file did; empty when it has not.
  const std::string& problem() const { return problem_; }

 private:
  UnpackedFile() : stream_(this) {}
  int_type underflow() override;

  std::array<char, 4096> packed_{};  // small, as a few bytes may unpack to a thousand times as many
  std::ifstream file_;
  std::unique_ptr<fhir::Decompressor> decompressor_;  // none before the first bytes
  std::string plain_;
  std::string problem_;
  bool ended_ = false;
  std::istream stream_;
};

/// Reads a stream to its end, at most `bytes_max` + 1 bytes of it: one more than allowed tells that there are more.
std::string ReadStart(std::istream& from, std::size_t bytes_max);

}  // namespace gateway::app
