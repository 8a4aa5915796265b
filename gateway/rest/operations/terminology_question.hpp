// What the terminology operations have in common: whom they ask, and how a code is given.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/terminology_source.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"

namespace gateway::rest::operations {

/// Asks the terminology on behalf of the caller, about the path's resource on instance level, about the resource that
/// the parameter `inline_name` holds, or about nothing in particular; answers with the resource that `ask` makes.
using TermAsk = std::function<fhir::Result<fhir::model::Document>(const fhir::terminology::Terminology& terminology,
                                                                  std::string_view canonical)>;
fhir::Result<http::Response> AskTerminology(Call& call, const Parameters& parameters, std::string_view inline_name,
                                            const TermAsk& ask);

/// "url|version" out of the parameters that hold them.
std::string CanonicalIn(const Parameters& parameters, std::string_view url, std::string_view version);

/// The names under which an operation takes a code.
struct CodeNames {
  std::string_view system = "system";
  std::string_view version = "version";
};
/// The code of exactly one of the parameters code, coding and codeableConcept. `system_known` is the code's system when
/// the operation is about one already, else empty.
/// Errors: kMalformed for none, for more than one, and for a code without a system.
fhir::Result<std::vector<fhir::terminology::Coding>> CodingsIn(const Parameters& parameters, const CodeNames& names,
                                                               std::string_view system_known);

}  // namespace gateway::rest::operations
