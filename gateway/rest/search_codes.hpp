// The codes of search modifiers: value sets and hierarchies of code systems, as the party sees them in packages and in
// the record.
#pragma once

#include <string_view>
#include <vector>

#include "fhir/search/code_lists.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// Codes that one modifier may come to.
inline constexpr std::size_t kSearchCodesMax = 20'000;

/// Lives as long as the call. thread-compatible.
class SearchCodes final : public fhir::search::CodeLists {
 public:
  explicit SearchCodes(const Call& call) : call_(call) {}

  fhir::Result<std::vector<fhir::search::TokenValue>> InValueSet(std::string_view value_set) const override;
  fhir::Result<std::vector<fhir::search::TokenValue>> Below(std::string_view system,
                                                            std::string_view code) const override;
  fhir::Result<std::vector<fhir::search::TokenValue>> Above(std::string_view system,
                                                            std::string_view code) const override;

 private:
  const Call& call_;
};

}  // namespace gateway::rest
