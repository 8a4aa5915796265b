// One request on its way through an interaction: what the row and the router found out, and what the interaction adds.
#pragma once

#include <string>
#include <string_view>

#include "adapters/port/audit.hpp"
#include "fhir/base/issue.hpp"
#include "gateway/http/message.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/prefer.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest {

struct Call {
  const Service& service;
  http::Request& request;
  const adapters::port::Actor& actor;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;  ///< of the path; kNoType on system level
  std::string_view id;                                    ///< of the path; checked
  Preferences preferences = {};
  Representation representation = {};  ///< how the answer is written
  fhir::IssueList issues = fhir::IssueList();
  adapters::port::AuditRecord audit = {};
  bool audit_after = false;  ///< tells of what no transaction records: the trail learns of it after the fact

  const fhir::metadata::Definitions& definitions() const { return service.ports().definitions; }
  const RestOptions& options() const { return service.options(); }
  std::string_view type_name() const { return definitions().TypeName(type); }
};

using Interaction = fhir::Result<http::Response> (*)(Call& call);

}  // namespace gateway::rest
