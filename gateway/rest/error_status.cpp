#include "gateway/rest/error_status.hpp"

namespace gateway::rest {
namespace {

struct StatusRow {
  fhir::ErrorCode code;
  int status;
};

constexpr StatusRow kStatusRows[] = {
    {fhir::ErrorCode::kMalformed, 400},       {fhir::ErrorCode::kInvalid, 422},
    {fhir::ErrorCode::kNotFound, 404},        {fhir::ErrorCode::kGone, 410},
    {fhir::ErrorCode::kConflict, 409},        {fhir::ErrorCode::kVersionConflict, 412},
    {fhir::ErrorCode::kMultipleMatches, 412}, {fhir::ErrorCode::kUnauthenticated, 401},
    {fhir::ErrorCode::kForbidden, 403},       {fhir::ErrorCode::kUnsupported, 400},
    {fhir::ErrorCode::kNotAcceptable, 406},   {fhir::ErrorCode::kUnsupportedMedia, 415},
    {fhir::ErrorCode::kTooLarge, 413},        {fhir::ErrorCode::kTooCostly, 403},
    {fhir::ErrorCode::kTimeout, 503},         {fhir::ErrorCode::kUnavailable, 503},
    {fhir::ErrorCode::kPeerRefused, 502},     {fhir::ErrorCode::kConfiguration, 500},
    {fhir::ErrorCode::kInternal, 500},
};

}  // namespace

std::optional<int> FindStatus(fhir::ErrorCode code) {
  for (const StatusRow& row : kStatusRows) {
    if (row.code == code) {
      return row.status;
    }
  }
  return std::nullopt;
}

int StatusOf(fhir::ErrorCode code) {
  return FindStatus(code).value_or(500);
}

}  // namespace gateway::rest
