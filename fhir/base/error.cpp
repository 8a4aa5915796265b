#include "fhir/base/error.hpp"

namespace fhir {

std::string_view Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMalformed:
      return "malformed";
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kGone:
      return "gone";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kVersionConflict:
      return "version-conflict";
    case ErrorCode::kMultipleMatches:
      return "multiple-matches";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kNotAcceptable:
      return "not-acceptable";
    case ErrorCode::kUnsupportedMedia:
      return "unsupported-media";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kTooCostly:
      return "too-costly";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kPeerRefused:
      return "peer-refused";
    case ErrorCode::kConfiguration:
      return "configuration";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace fhir
