#include "gateway/store/compression.hpp"

#include <zstd.h>

#include <memory>

namespace gateway::store {
namespace {

constexpr int kZstdLevel = 1;  // speed: the sender waits for it
constexpr std::size_t kWorthCompressingBytes = 512;

}  // namespace

std::string CompressIfSmaller(std::string_view bytes) {
  if (bytes.size() < kWorthCompressingBytes) {
    return {};
  }
  // One byte less than the original: zstd gives up as soon as that is not enough.
  std::string compressed(bytes.size() - 1, '\0');
  // Making a context costs more than compressing a small message; each thread keeps one.
  thread_local const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (context == nullptr) {
    return {};
  }
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), compressed.data(), compressed.size(), bytes.data(), bytes.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) {
    return {};
  }
  compressed.resize(size);
  return compressed;
}

fhir::Result<std::string> Decompress(std::string_view compressed, std::size_t bytes_max) {
  const unsigned long long size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN && size <= bytes_max) {
    std::string bytes(size, '\0');
    if (ZSTD_decompress(bytes.data(), bytes.size(), compressed.data(), compressed.size()) == size) {
      return bytes;
    }
  }
  return fhir::Fail(fhir::ErrorCode::kInternal, {"A stored message cannot be read."}, {"zstd: damaged frame"});
}

}  // namespace gateway::store
