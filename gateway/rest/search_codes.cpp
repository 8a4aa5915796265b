#include "gateway/rest/search_codes.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "fhir/json/reader.hpp"
#include "fhir/search/query_parser.hpp"
#include "fhir/search/query_text.hpp"
#include "fhir/terminology/code_lists.hpp"

namespace gateway::rest {
namespace {

using fhir::search::TokenValue;
using fhir::terminology::ListedCode;
using fhir::terminology::Terminology;

fhir::Result<const Terminology*> TerminologyOf(const Call& call) {
  if (call.service.ports().terminology == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "value sets and hierarchies of codes are not known here");
  }
  return call.service.ports().terminology;
}

std::unexpected<fhir::Error> NoSuchValueSet() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such value set");
}

std::vector<TokenValue> Tokens(std::vector<ListedCode> codes) {
  std::vector<TokenValue> tokens;
  tokens.reserve(codes.size());
  for (ListedCode& code : codes) {
    tokens.push_back({std::move(code.system), std::move(code.code)});
  }
  return tokens;
}

/// The body of a stored ValueSet of that canonical URL which the party may read.
fhir::Result<std::optional<std::string>> StoredByUrl(const Call& call, std::string_view canonical) {
  const auto type = call.definitions().FindType("ValueSet");
  const std::size_t bar = canonical.find('|');
  std::string condition = "url=" + fhir::search::PercentEncode(canonical.substr(0, bar));
  if (bar != std::string_view::npos) {
    condition += "&version=" + fhir::search::PercentEncode(canonical.substr(bar + 1));
  }
  GW_ASSIGN(fhir::search::Query query, fhir::search::ParseConditional(type, condition, {}));
  query.count = 1;
  query.sort.push_back({.parameter = nullptr, .descending = true});  // of several the one written last
  GW_ASSIGN(auto page, call.service.ports().store.Search(call.actor, query));
  if (page.hits.empty()) {
    return std::optional<std::string>();
  }
  return std::optional(std::move(page.hits.front().resource.body));
}

fhir::Result<std::optional<std::string>> StoredValueSet(const Call& call, std::string_view name) {
  constexpr std::string_view kType = "ValueSet/";
  if (!name.starts_with(kType)) {
    return StoredByUrl(call, name);
  }
  auto read =
      call.service.ports().store.Read(call.actor, call.definitions().FindType("ValueSet"), name.substr(kType.size()));
  if (!read) {
    return read.error().code == fhir::ErrorCode::kGone ? NoSuchValueSet() : std::unexpected(std::move(read).error());
  }
  return std::optional(std::move(read->body));
}

}  // namespace

fhir::Result<std::vector<TokenValue>> SearchCodes::InValueSet(std::string_view value_set) const {
  GW_ASSIGN(const Terminology* const terminology, TerminologyOf(call_));
  GW_ASSIGN(const std::optional<std::string> stored, StoredValueSet(call_, value_set));
  std::shared_ptr<const fhir::terminology::ValueSet> compiled;
  if (stored) {
    fhir::IssueList issues;
    GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(*stored, call_.options().limits, issues));
    compiled = terminology->Compile(document.root());
  } else {
    compiled = terminology->FindValueSet(value_set);
  }
  if (compiled == nullptr) {
    return NoSuchValueSet();
  }
  GW_ASSIGN(std::vector<ListedCode> codes, fhir::terminology::ListMembers(*compiled, kSearchCodesMax));
  return Tokens(std::move(codes));
}

fhir::Result<std::vector<TokenValue>> SearchCodes::Below(std::string_view system, std::string_view code) const {
  GW_ASSIGN(const Terminology* const terminology, TerminologyOf(call_));
  GW_ASSIGN(std::vector<ListedCode> codes, fhir::terminology::ListBelow(*terminology, system, code, kSearchCodesMax));
  return Tokens(std::move(codes));
}

fhir::Result<std::vector<TokenValue>> SearchCodes::Above(std::string_view system, std::string_view code) const {
  GW_ASSIGN(const Terminology* const terminology, TerminologyOf(call_));
  GW_ASSIGN(std::vector<ListedCode> codes, fhir::terminology::ListAbove(*terminology, system, code, kSearchCodesMax));
  return Tokens(std::move(codes));
}

}  // namespace gateway::rest
