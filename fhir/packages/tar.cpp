#include "fhir/packages/tar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/archive.hpp"
#include "fhir/base/text.hpp"

namespace fhir::packages {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kPathRecordBytesMax = 64 * 1024;  // of a pax or GNU record about the next file

struct Field {
  std::size_t offset, bytes;
};
constexpr Field kName{.offset = 0, .bytes = 100};
constexpr Field kSize{.offset = 124, .bytes = 12};
constexpr Field kChecksum{.offset = 148, .bytes = 8};
constexpr std::size_t kTypeFlag = 156;
constexpr Field kMagic{.offset = 257, .bytes = 5};
constexpr Field kPrefix{.offset = 345, .bytes = 155};

using Block = std::array<char, kBlockBytes>;

/// The field's text up to its first NUL.
std::string_view TextOf(const Block& block, Field field) {
  const std::string_view whole(block.data() + field.offset, field.bytes);
  return whole.substr(0, whole.find('\0'));
}

/// An octal number with spaces around it. The binary form of numbers past 8 GB is past every limit here.
std::optional<std::size_t> Octal(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  std::size_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') {
      return std::nullopt;
    }
    value = value * 8 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

/// The sum of all bytes, those of the checksum itself as spaces.
bool ChecksumHolds(const Block& block) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.bytes;
    sum += own ? std::size_t{' '} : static_cast<unsigned char>(block[i]);
  }
  return Octal(TextOf(block, kChecksum)) == sum;
}

/// The value of "path" in a pax record: lines of "length key=value\n". Empty when there is none.
Result<std::string> PaxPath(std::string_view record) {
  std::string path;
  while (!record.empty()) {
    std::size_t length = 0;
    std::size_t digits = 0;
    while (digits < record.size() && record[digits] >= '0' && record[digits] <= '9' && digits < 6) {
      length = length * 10 + static_cast<std::size_t>(record[digits++] - '0');
    }
    if (digits == record.size() || record[digits] != ' ' || length <= digits + 1 || length > record.size() ||
        record[length - 1] != '\n') {
      return Fail(ErrorCode::kMalformed, "a pax header is damaged");
    }
    const std::string_view line = record.substr(digits + 1, length - digits - 2);
    if (line.starts_with("path=")) {
      path = line.substr(5);
    }
    record.remove_prefix(length);
  }
  return path;
}

/// A path for a message: what is not plain text could upset a terminal.
std::string Shown(std::string_view path) {
  std::string shown(path.substr(0, 200));
  std::ranges::replace_if(shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, '?');
  return ValidUtf8(shown) ? shown : "(a name that is not UTF-8)";
}

bool LeavesPackage(std::string_view path) {
  if (path.starts_with('/') || path.find('\\') != std::string_view::npos || path.find('\0') != std::string_view::npos ||
      (path.size() > 1 && path[1] == ':')) {
    return true;
  }
  while (true) {
    const std::size_t end = path.find('/');
    if (path.substr(0, end) == "..") {
      return true;
    }
    if (end == std::string_view::npos) {
      return false;
    }
    path.remove_prefix(end + 1);
  }
}

/// Takes the plain bytes in pieces of any size.
class TarReader {
 public:
  /// `plain_bytes_max` is what the archive may come to.
  TarReader(const PackageLimits& limits, std::size_t plain_bytes_max, const WantsFile& wants, const FileSink& sink)
      : limits_(limits), plain_bytes_max_(plain_bytes_max), wants_(wants), sink_(sink) {}

  Result<void> Feed(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t taken = std::min(piece.size(), Wanted());
      const std::string_view part = piece.substr(0, taken);
      piece.remove_prefix(taken);
      GW_TRY(Take(part));
    }
    return {};
  }

  Result<void> Finish() const {
    // Some writers leave the two empty blocks at the end out.
    if (state_ == State::kEnd || (state_ == State::kHeader && header_bytes_ == 0 && files_ > 0)) {
      return {};
    }
    return Fail(ErrorCode::kMalformed, "the archive ends too early");
  }

 private:
  enum class State : std::uint8_t { kHeader, kContent, kPadding, kEnd };
  enum class Use : std::uint8_t { kSkip, kFile, kPaxRecord, kLongName };

  /// Bytes that the present state still takes.
  std::size_t Wanted() const {
    switch (state_) {
      case State::kHeader:
        return kBlockBytes - header_bytes_;
      case State::kContent:
      case State::kPadding:
        return rest_;
      case State::kEnd:
        break;
    }
    return kBlockBytes;
  }

  Result<void> Take(std::string_view part) {
    switch (state_) {
      case State::kHeader:
        std::memcpy(header_.data() + header_bytes_, part.data(), part.size());
        header_bytes_ += part.size();
        if (header_bytes_ == kBlockBytes) {
          header_bytes_ = 0;
          return TakeHeader();
        }
        return {};
      case State::kContent:
        if (use_ != Use::kSkip) {
          content_.append(part);
        }
        rest_ -= part.size();
        return rest_ == 0 ? EndContent() : Result<void>();
      case State::kPadding:
        rest_ -= part.size();
        state_ = rest_ == 0 ? State::kHeader : State::kPadding;
        return {};
      case State::kEnd:
        break;
    }
    return {};  // what follows the end is padding of the writer
  }

  Result<void> TakeHeader() {
    if (std::ranges::all_of(header_, [](char c) { return c == '\0'; })) {
      state_ = State::kEnd;
      return {};
    }
    const auto size = Octal(TextOf(header_, kSize));
    if (!ChecksumHolds(header_) || !size) {
      return Fail(ErrorCode::kMalformed, "this is not a tar archive, or a damaged one");
    }
    if (++files_ > limits_.files_max) {
      return Fail(ErrorCode::kTooLarge, fmt::format("more than {} files", limits_.files_max));
    }
    size_ = *size;
    GW_TRY(ChooseUse(header_[kTypeFlag]));
    content_.clear();
    if (use_ != Use::kSkip) {
      // Growing by doubling would take three times the file. A header may lie, but not beyond what can come.
      content_.reserve(std::min(size_, plain_bytes_max_));
    }
    rest_ = size_;
    state_ = State::kContent;
    return rest_ == 0 ? EndContent() : Result<void>();
  }

  Result<void> ChooseUse(char type) {
    if (type == 'x' || type == 'L') {
      use_ = type == 'x' ? Use::kPaxRecord : Use::kLongName;
      return size_ <= kPathRecordBytesMax ? Result<void>() : Fail(ErrorCode::kTooLarge, "a header is too long");
    }
    if (type == 'g') {
      use_ = Use::kSkip;
      return {};
    }
    GW_TRY(TakePath());
    if (type == '5') {
      use_ = Use::kSkip;
      return {};
    }
    if (type != '0' && type != '\0') {
      return Fail(ErrorCode::kInvalid, fmt::format("{}: links and devices are not allowed", Shown(path_)));
    }
    use_ = wants_(path_) ? Use::kFile : Use::kSkip;
    if (use_ == Use::kFile && size_ > limits_.file_bytes_max) {
      return Fail(ErrorCode::kTooLarge, fmt::format("{}: more than {} bytes", Shown(path_), limits_.file_bytes_max));
    }
    return {};
  }

  Result<void> TakePath() {
    path_ = std::exchange(next_path_, {});
    if (path_.empty()) {
      const bool has_prefix = TextOf(header_, kMagic) == "ustar";
      const std::string_view prefix = has_prefix ? TextOf(header_, kPrefix) : std::string_view();
      path_.append(prefix).append(prefix.empty() ? "" : "/").append(TextOf(header_, kName));
    }
    while (path_.starts_with("./")) {
      path_.erase(0, 2);
    }
    if (path_.size() > limits_.path_bytes_max) {
      return Fail(ErrorCode::kTooLarge,
                  fmt::format("{}: a path of more than {} bytes", Shown(path_), limits_.path_bytes_max));
    }
    if (LeavesPackage(path_)) {
      return Fail(ErrorCode::kInvalid, fmt::format("{}: the path leaves the package", Shown(path_)));
    }
    return {};
  }

  Result<void> EndContent() {
    rest_ = (kBlockBytes - size_ % kBlockBytes) % kBlockBytes;
    state_ = rest_ == 0 ? State::kHeader : State::kPadding;
    switch (use_) {
      case Use::kFile:
        return sink_(path_, content_);
      case Use::kPaxRecord: {
        GW_ASSIGN(std::string path, PaxPath(content_));
        next_path_ = path.empty() ? next_path_ : std::move(path);
        return {};
      }
      case Use::kLongName:
        next_path_ = content_.substr(0, content_.find('\0'));
        return {};
      case Use::kSkip:
        break;
    }
    return {};
  }

  const PackageLimits& limits_;
  const std::size_t plain_bytes_max_;
  const WantsFile& wants_;
  const FileSink& sink_;
  State state_ = State::kHeader;
  Use use_ = Use::kSkip;
  Block header_{};
  std::size_t header_bytes_ = 0;
  std::size_t files_ = 0;
  std::size_t size_ = 0;   // of the present entry
  std::size_t rest_ = 0;   // of its content or padding
  std::string content_;    // of a file that is wanted, or of a record
  std::string path_;       // of the present entry
  std::string next_path_;  // from a record before the entry
};

}  // namespace

Result<void> ReadTarGzip(std::string_view packed, const PackageLimits& limits, const WantsFile& wants,
                         const FileSink& sink) {
  if (packed.size() > limits.packed_bytes_max) {
    return Fail(ErrorCode::kTooLarge, fmt::format("more than {} bytes", limits.packed_bytes_max));
  }
  if (DetectCompression(packed.substr(0, 16)) != Compression::kGzip) {
    return Fail(ErrorCode::kMalformed, "expected a gzip-compressed tar archive");
  }
  const std::size_t by_ratio = std::max(limits.plain_bytes_free, packed.size() * limits.ratio_max);
  const std::size_t plain_bytes_max = std::min(limits.plain_bytes_max, by_ratio);
  const auto gunzip = Decompressor::Create(Compression::kGzip, plain_bytes_max);
  TarReader reader(limits, plain_bytes_max, wants, sink);
  GW_TRY(gunzip->Feed(packed, [&](std::string_view piece) { return reader.Feed(piece); }));
  GW_TRY(gunzip->Finish());
  return reader.Finish();
}

}  // namespace fhir::packages
