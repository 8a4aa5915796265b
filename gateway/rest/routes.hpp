// The table of everything the REST API answers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/http/message.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// When the audit trail learns of an interaction that succeeded. Refusals are always recorded after the fact.
enum class AuditTime : std::uint8_t {
  kNever,          ///< nothing of anybody is disclosed, unless the call says otherwise
  kAfter,          ///< reads
  kInTransaction,  ///< writes: recorded by the transaction itself, and after it what it showed and did not change
};

struct RouteRow {
  http::Method method;
  std::string_view pattern;      ///< below the base path
  std::string_view interaction;  ///< code of http://hl7.org/fhir/restful-interaction
  Interaction run;
  AuditTime audit;
  char action;                       ///< AuditEvent.action
  std::string_view definition = {};  ///< canonical of an operation's OperationDefinition
};

/// The resource type that the pattern begins with, e.g. "ValueSet"; empty for "{type}" and on system level.
std::string_view TypeNameOf(const RouteRow& row);
/// "$expand" for an operation; empty for other rows.
std::string_view OperationOf(const RouteRow& row);

std::span<const RouteRow> RouteRows();

}  // namespace gateway::rest
