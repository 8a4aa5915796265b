#include "gateway/app/import/unpacked_file.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace gateway::app {

fhir::Result<std::unique_ptr<UnpackedFile>> UnpackedFile::Open(const std::string& path) {
  std::unique_ptr<UnpackedFile> opened(new UnpackedFile());
  if (std::error_code failed; std::filesystem::is_directory(path, failed)) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, fmt::format("{}: a file is expected, not a directory", path));
  }
  errno = 0;
  opened->file_.open(path, std::ios::binary);
  if (!opened->file_) {
    return fhir::Fail(fhir::ErrorCode::kNotFound,
                      fmt::format("{}: cannot be read: {}", path, std::generic_category().message(errno)));
  }
  return opened;
}

UnpackedFile::int_type UnpackedFile::underflow() {
  plain_.clear();
  while (plain_.empty() && !ended_) {
    file_.read(packed_.data(), packed_.size());
    const std::string_view piece(packed_.data(), static_cast<std::size_t>(file_.gcount()));
    if (!decompressor_) {
      decompressor_ =
          fhir::Decompressor::Create(fhir::DetectCompression(piece), std::numeric_limits<std::size_t>::max());
    }
    fhir::Result<void> fed = decompressor_->Feed(piece, [this](std::string_view plain) -> fhir::Result<void> {
      plain_ += plain;
      return {};
    });
    ended_ = !fed || !file_;
    if (fed && file_.bad()) {
      problem_ = "cannot be read to its end";
    } else if (fed && ended_) {
      fed = decompressor_->Finish();
    }
    if (!fed) {
      problem_ = fed.error().public_text.text;
    }
  }
  if (plain_.empty()) {
    return traits_type::eof();
  }
  setg(plain_.data(), plain_.data(), plain_.data() + plain_.size());
  return traits_type::to_int_type(plain_.front());
}

std::string ReadStart(std::istream& from, std::size_t bytes_max) {
  constexpr std::size_t kPieceBytes = 256u * 1024;
  std::string text;
  while (from && text.size() <= bytes_max) {
    const std::size_t begun = text.size();
    text.resize(begun + std::min(kPieceBytes, bytes_max + 1 - begun));
    from.read(text.data() + begun, static_cast<std::streamsize>(text.size() - begun));
    text.resize(begun + static_cast<std::size_t>(from.gcount()));
  }
  return text;
}

}  // namespace gateway::app
