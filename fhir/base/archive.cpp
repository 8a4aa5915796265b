#include "fhir/base/archive.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <bzlib.h>
#include <zlib.h>

namespace fhir {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr int kGzipWindow = 15 + 16;  // zlib: window of 32 kB, gzip wrapper alone

std::unexpected<Error> BrokenArchive() {
  return Fail(ErrorCode::kMalformed, "the compressed data is damaged");
}
std::unexpected<Error> CutArchive() {
  return Fail(ErrorCode::kMalformed, "the compressed data ends too early");
}
std::unexpected<Error> NoMemory() {
  return Fail(ErrorCode::kInternal, {"decompression failed"}, {"the compression library could not be initialised"});
}

/// Counts what goes to the sink and stops at the limit.
class BoundedSink {
 public:
  explicit BoundedSink(std::size_t output_bytes_max) : rest_(output_bytes_max) {}
  Result<void> Give(std::string_view piece, const ByteSink& sink) {
    if (piece.size() > rest_) {
      return Fail(ErrorCode::kTooLarge, "the decompressed data is larger than allowed");
    }
    rest_ -= piece.size();
    return piece.empty() ? Result<void>() : sink(piece);
  }

 private:
  std::size_t rest_;
};

class PlainPass final : public Decompressor {
 public:
  explicit PlainPass(std::size_t output_bytes_max) : out_(output_bytes_max) {}
  Result<void> Feed(std::string_view input, const ByteSink& sink) override { return out_.Give(input, sink); }
  Result<void> Finish() override { return {}; }

 private:
  BoundedSink out_;
};

class Gunzip final : public Decompressor {
 public:
  explicit Gunzip(std::size_t output_bytes_max) : out_(output_bytes_max) {
    ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Result<void> Feed(std::string_view input, const ByteSink& sink) override {
    if (!ready_) {
      return NoMemory();
    }
    while (!input.empty()) {
      if (between_members_) {  // another member may follow the last one
        inflateReset(&stream_);
        between_members_ = false;
      }
      const std::size_t slice = std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max());
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // zlib does not write to it
      stream_.avail_in = static_cast<uInt>(slice);
      int code = Z_OK;
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
        stream_.avail_out = static_cast<uInt>(piece_.size());
        code = inflate(&stream_, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
          return BrokenArchive();
        }
        GW_TRY(out_.Give({piece_.data(), piece_.size() - stream_.avail_out}, sink));
      } while (code == Z_OK && (stream_.avail_in > 0 || stream_.avail_out == 0));
      input.remove_prefix(slice - stream_.avail_in);
      between_members_ = code == Z_STREAM_END;
    }
    return {};
  }
  Result<void> Finish() override { return between_members_ ? Result<void>() : CutArchive(); }

 private:
  BoundedSink out_;
  z_stream stream_{};
  bool ready_ = false;
  bool between_members_ = false;
  std::array<char, kPieceBytes> piece_;
};

class Bunzip2 final : public Decompressor {
 public:
  explicit Bunzip2(std::size_t output_bytes_max) : out_(output_bytes_max) {}
  ~Bunzip2() override { End(); }
  Bunzip2(const Bunzip2&) = delete;
  Bunzip2& operator=(const Bunzip2&) = delete;

  Result<void> Feed(std::string_view input, const ByteSink& sink) override {
    while (!input.empty()) {
      if (!open_) {
        stream_ = {};
        if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
          return NoMemory();
        }
        open_ = true;
      }
      const std::size_t slice = std::min<std::size_t>(input.size(), std::numeric_limits<unsigned>::max());
      stream_.next_in = const_cast<char*>(input.data());  // bzip2 does not write to it
      stream_.avail_in = static_cast<unsigned>(slice);
      int code = BZ_OK;
      do {
        stream_.next_out = piece_.data();
        stream_.avail_out = static_cast<unsigned>(piece_.size());
        code = BZ2_bzDecompress(&stream_);
        if (code != BZ_OK && code != BZ_STREAM_END) {
          return BrokenArchive();
        }
        GW_TRY(out_.Give({piece_.data(), piece_.size() - stream_.avail_out}, sink));
      } while (code == BZ_OK && (stream_.avail_in > 0 || stream_.avail_out == 0));
      input.remove_prefix(slice - stream_.avail_in);
      if (code == BZ_STREAM_END) {
        ended_once_ = true;
        End();
      }
    }
    return {};
  }
  Result<void> Finish() override { return ended_once_ && !open_ ? Result<void>() : CutArchive(); }

 private:
  void End() {
    if (std::exchange(open_, false)) {
      BZ2_bzDecompressEnd(&stream_);
    }
  }
  BoundedSink out_;
  bz_stream stream_{};
  bool open_ = false;
  bool ended_once_ = false;
  std::array<char, kPieceBytes> piece_;
};

}  // namespace

Compression DetectCompression(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1F\x8B")) {
    return Compression::kGzip;
  }
  if (first_bytes.starts_with("BZh") && first_bytes.size() > 3 && first_bytes[3] >= '1' && first_bytes[3] <= '9') {
    return Compression::kBzip2;
  }
  return Compression::kNone;
}

std::unique_ptr<Decompressor> Decompressor::Create(Compression compression, std::size_t output_bytes_max) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<Gunzip>(output_bytes_max);
    case Compression::kBzip2:
      return std::make_unique<Bunzip2>(output_bytes_max);
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainPass>(output_bytes_max);
}

Result<std::string> Decompress(std::string_view bytes, Compression compression, std::size_t output_bytes_max) {
  std::string out;
  const std::unique_ptr<Decompressor> decompressor = Decompressor::Create(compression, output_bytes_max);
  GW_TRY(decompressor->Feed(bytes, [&out](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  }));
  GW_TRY(decompressor->Finish());
  return out;
}

Result<std::string> GzipCompress(std::string_view bytes, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, std::clamp(level, 1, 9), Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return NoMemory();
  }
  std::string out;
  std::array<char, kPieceBytes> piece;
  int code = Z_OK;
  do {
    if (stream.avail_in == 0 && !bytes.empty()) {
      const std::size_t slice = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write to it
      stream.avail_in = static_cast<uInt>(slice);
      bytes.remove_prefix(slice);
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    code = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  } while (code == Z_OK || code == Z_BUF_ERROR);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) {
    return NoMemory();
  }
  return out;
}

}  // namespace fhir
