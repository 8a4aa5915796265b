#include "gateway/app/import/load_group.hpp"

#include <iterator>

#include <fmt/format.h>

#include "gateway/access/crypto/digest.hpp"

namespace gateway::app {

fhir::Result<std::string> KeyChain::Next(std::string_view text) {
  GW_ASSIGN(const access::crypto::Sha256Digest own, access::crypto::Sha256(text));
  const std::string joined = digest_ + std::string(own.begin(), own.end());
  GW_ASSIGN(const access::crypto::Sha256Digest all, access::crypto::Sha256(joined));
  digest_.assign(all.begin(), all.end());
  return digest_;
}

std::string BundleOf(const LoadGroup& group) {
  if (group.kind == GroupKind::kWhole) {
    return group.body;
  }
  std::size_t bytes = 64;
  for (const LoadItem& item : group.items) {
    bytes += item.entry.size() + 1;
  }
  std::string bundle;
  bundle.reserve(bytes);
  bundle += fmt::format(R"({{"resourceType":"Bundle","type":"{}","entry":[)",
                        group.kind == GroupKind::kBatch ? "batch" : "transaction");
  for (std::size_t i = 0; i < group.items.size(); ++i) {
    bundle += i == 0 ? "" : ",";
    bundle += group.items[i].entry;
  }
  bundle += "]}";
  return bundle;
}

fhir::Result<std::string> KeyOf(const LoadGroup& group) {
  std::string named = group.kind == GroupKind::kBatch ? "batch" : "transaction";
  named += group.digest;
  for (const LoadItem& item : group.items) {
    named += item.digest;
  }
  GW_ASSIGN(const access::crypto::Sha256Digest digest, access::crypto::Sha256(named));
  std::string key;
  for (const std::uint8_t byte : digest) {
    fmt::format_to(std::back_inserter(key), "{:02x}", byte);
  }
  return key;
}

LoadGroup SingleOf(const LoadGroup& group, std::size_t position) {
  LoadGroup single;
  single.kind = group.kind;
  single.file = group.file;
  single.lines = group.lines;
  single.items.push_back(group.items[position]);
  return single;
}

std::string PlaceOf(const LoadGroup& group, std::size_t position) {
  if (group.kind == GroupKind::kWhole) {
    return group.file;
  }
  const LoadItem& item = group.items[position];
  return group.lines ? fmt::format("{}:{} ({})", group.file, item.number, item.type)
                     : fmt::format("{}: entry {} ({})", group.file, item.number, item.type);
}

}  // namespace gateway::app
