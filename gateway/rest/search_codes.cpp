#include "gateway/rest/search_codes.hpp"

#include <functional>
#include <string>
#include <utility>

#include "adapters/port/reference.hpp"
#include "adapters/port/terminology_source.hpp"
#include "fhir/terminology/code_lists.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;
using fhir::search::TokenValue;
using fhir::terminology::ListedCode;
using fhir::terminology::Terminology;

using AskForCodes =
    std::function<fhir::Result<std::vector<ListedCode>>(const Terminology& terminology, std::string_view canonical)>;

/// Asks the terminology as the party sees it.
fhir::Result<std::vector<TokenValue>> ListCodes(const Call& call, const port::GivenTerminology& given,
                                                const AskForCodes& ask) {
  port::TerminologySource* source = call.service.ports().operations.terminology;
  if (source == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "value sets and hierarchies of codes are not known here");
  }
  std::vector<TokenValue> tokens;
  GW_TRY(source->With(call.actor, given,
                      [&](const Terminology& terminology, std::string_view canonical) -> fhir::Result<void> {
                        GW_ASSIGN(std::vector<ListedCode> codes, ask(terminology, canonical));
                        tokens.reserve(codes.size());
                        for (ListedCode& code : codes) {
                          tokens.push_back({std::move(code.system), std::move(code.code)});
                        }
                        return {};
                      }));
  return tokens;
}

std::unexpected<fhir::Error> NoSuchValueSet() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such value set");
}

}  // namespace

fhir::Result<std::vector<TokenValue>> SearchCodes::InValueSet(std::string_view value_set) const {
  port::GivenTerminology given;
  if (const port::LocalReference local = port::SplitReference(value_set); local.type == "ValueSet") {
    given.type = call_.definitions().FindType(local.type);
    given.id = local.id;
  }
  auto codes = ListCodes(
      call_, given,
      [&](const Terminology& terminology, std::string_view canonical) -> fhir::Result<std::vector<ListedCode>> {
        const auto compiled = terminology.FindValueSet(canonical.empty() ? value_set : canonical);
        return compiled == nullptr ? NoSuchValueSet() : fhir::terminology::ListMembers(*compiled, kSearchCodesMax);
      });
  // A deleted value set is none to search by.
  return !codes && codes.error().code == fhir::ErrorCode::kGone ? NoSuchValueSet() : std::move(codes);
}

fhir::Result<std::vector<TokenValue>> SearchCodes::Below(std::string_view system, std::string_view code) const {
  return ListCodes(call_, {}, [&](const Terminology& terminology, std::string_view /*canonical*/) {
    return fhir::terminology::ListBelow(terminology, system, code, kSearchCodesMax);
  });
}

fhir::Result<std::vector<TokenValue>> SearchCodes::Above(std::string_view system, std::string_view code) const {
  return ListCodes(call_, {}, [&](const Terminology& terminology, std::string_view /*canonical*/) {
    return fhir::terminology::ListAbove(terminology, system, code, kSearchCodesMax);
  });
}

}  // namespace gateway::rest
