// Reads the packed form of fhir/codegen/resources.py.
#include <bit>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "fhir/base/archive.hpp"
#include "fhir/packages/embedded.hpp"

namespace fhir::packages {
namespace {

static_assert(std::endian::native == std::endian::little, "the packed file is little-endian");

struct ResourceRow {
  std::uint32_t type, type_bytes, url, url_bytes, version, version_bytes, group, offset, bytes;
};
struct GroupRow {
  std::uint32_t offset, packed_bytes, plain_bytes;
};
constexpr std::string_view kPackedMagic = "GWR1";
constexpr std::size_t kHeaderBytes = 16;

std::unexpected<Error> Broken() {
  return Fail(ErrorCode::kInternal, "the packed conformance resources are broken");
}

/// The n-th row of a table that begins at `offset`. The caller has checked that the table lies within the file.
template <typename RowType>
RowType RowAt(std::string_view packed, std::size_t offset, std::size_t n) {
  RowType row;
  std::memcpy(&row, packed.data() + offset + n * sizeof(RowType), sizeof(RowType));
  return row;
}

/// A piece of the file, or nullopt when it reaches past the end.
std::optional<std::string_view> Piece(std::string_view whole, std::size_t offset, std::size_t bytes) {
  if (offset > whole.size() || bytes > whole.size() - offset) {
    return std::nullopt;
  }
  return whole.substr(offset, bytes);
}

class PackedTexts final : public TextStore {
 public:
  PackedTexts(std::string_view packed, std::size_t groups_offset) : packed_(packed), groups_offset_(groups_offset) {}

  Result<std::string> Text(std::size_t number) const override {
    const auto row = RowAt<ResourceRow>(packed_, kHeaderBytes, number);
    const std::scoped_lock lock(mutex_);
    if (!plain_group_ || *plain_group_ != row.group) {
      const auto group = RowAt<GroupRow>(packed_, groups_offset_, row.group);
      const auto packed = Piece(packed_, group.offset, group.packed_bytes);
      if (!packed) {
        return Broken();
      }
      plain_group_.reset();
      GW_ASSIGN(plain_, Decompress(*packed, Compression::kGzip, group.plain_bytes));
      plain_group_ = row.group;
    }
    const auto text = Piece(plain_, row.offset, row.bytes);
    if (!text) {
      return Broken();
    }
    return std::string(*text);
  }

 private:
  std::string_view packed_;
  std::size_t groups_offset_;
  mutable std::mutex mutex_;
  mutable std::optional<std::uint32_t> plain_group_;  // guarded by mutex_
  mutable std::string plain_;                         // guarded by mutex_
};

}  // namespace

Result<PackedResources> OpenPacked(std::string_view packed) {
  if (packed.size() < kHeaderBytes || !packed.starts_with(kPackedMagic)) {
    return Broken();
  }
  struct Counts {
    std::uint32_t resources, groups, text_bytes;
  };
  const auto counts = RowAt<Counts>(packed, kPackedMagic.size(), 0);
  const std::size_t groups_offset = kHeaderBytes + std::size_t{counts.resources} * sizeof(ResourceRow);
  const std::size_t text_offset = groups_offset + std::size_t{counts.groups} * sizeof(GroupRow);
  const auto text = Piece(packed, text_offset, counts.text_bytes);
  if (!text) {
    return Broken();
  }
  PackedResources result;
  result.rows.reserve(counts.resources);
  for (std::size_t n = 0; n < counts.resources; ++n) {
    const auto row = RowAt<ResourceRow>(packed, kHeaderBytes, n);
    const auto type = Piece(*text, row.type, row.type_bytes);
    const auto url = Piece(*text, row.url, row.url_bytes);
    const auto version = Piece(*text, row.version, row.version_bytes);
    if (!type || !url || !version || row.group >= counts.groups) {
      return Broken();
    }
    result.rows.push_back({.name = {.type = *type, .url = *url, .version = *version}, .text = n});
  }
  result.texts = std::make_unique<PackedTexts>(packed, groups_offset);
  return result;
}

const Registry& Registry::Core() {
  static const Registry core = [] {
    auto packed = OpenPacked(EmbeddedResources());
    // A file that the build itself made is whole; a broken one leaves a registry that knows nothing.
    return packed ? Registry(nullptr, std::move(packed->rows), std::move(packed->texts))
                  : Registry(nullptr, {}, nullptr);
  }();
  return core;
}

}  // namespace fhir::packages
