// What this server can do, generated from the definitions and the route table.
// Source: https://hl7.org/fhir/R4/capabilitystatement.html
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest {

/// JSON bytes of the CapabilityStatement: every resource type with its interactions, search parameters with type and
/// definition, _include and _revinclude values. The same inputs always give the same bytes. With `listed`, only the
/// types that it is true of. Parameters of `custom` are listed when they are usable; of the others the type's
/// documentation says that they are being indexed.
std::string MakeCapabilityStatement(const fhir::metadata::Definitions& definitions, const RestOptions& options,
                                    const std::function<bool(fhir::metadata::TypeId)>& listed = nullptr,
                                    const fhir::search::CustomParameters* custom = nullptr);

/// status, date, kind, software and implementation: what all statements of this server begin with.
void AddStatementHead(fhir::model::Document& document, const RestOptions& options);

/// A weak entity tag made of a 64-bit FNV-1a of the text.
std::string EtagOfText(std::string_view text);

}  // namespace gateway::rest
