#include "gateway/store/search_sql/fingerprint.hpp"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace gateway::store::search_sql {
namespace {

// Every item with its length before it, so that no two lists give the same bytes.
struct AppendAll {
  std::string& out;
  void Sized(std::string_view text) const {
    out += std::to_string(text.size());
    out += ':';
    out += text;
  }
  void operator()(std::int64_t value) const { Sized(std::to_string(value)); }
  void operator()(const std::string& value) const { Sized(value); }
  void operator()(Xid value) const { Sized(std::to_string(std::to_underlying(value))); }
  template <typename T>
  void operator()(const std::vector<T>& values) const {
    out += '[';
    for (const auto& value : values) {
      (*this)(value);
    }
    out += ']';
  }
};

}  // namespace

std::string Fingerprint(std::string_view text, std::span<const SqlValue> values) {
  std::string all;
  AppendAll append{all};
  append.Sized(text);
  for (const auto& value : values) {
    std::visit(append, value);
  }
  std::array<unsigned char, 32> digest{};
  EVP_Digest(all.data(), all.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace gateway::store::search_sql
