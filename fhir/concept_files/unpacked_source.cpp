#include "fhir/concept_files/unpacked_source.hpp"

namespace fhir::concept_files {
namespace {

/// Few bytes may unpack to a thousand times as many.
constexpr std::size_t kBytesAtOnce = 4'096;

}  // namespace

Result<std::string_view> UnpackedSource::Next() {
  plain_.clear();
  while (plain_.empty() && !ended_) {
    if (waiting_.empty()) {
      GW_ASSIGN(waiting_, packed_.Next());
    }
    if (decompressor_ == nullptr) {
      decompressor_ = Decompressor::Create(DetectCompression(waiting_), bytes_max_);
    }
    if (waiting_.empty()) {
      ended_ = true;
      GW_TRY(decompressor_->Finish());
      break;
    }
    const std::string_view part = waiting_.substr(0, kBytesAtOnce);
    waiting_.remove_prefix(part.size());
    GW_TRY(decompressor_->Feed(part, [this](std::string_view piece) -> Result<void> {
      plain_ += piece;
      return {};
    }));
  }
  return std::string_view(plain_);
}

}  // namespace fhir::concept_files
