// Why the server layer itself turns a request away: status, code and a constant sentence.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::http::wire {

struct Refusal {
  int status = 400;
  fhir::ErrorCode code = fhir::ErrorCode::kMalformed;
  std::string_view text;  // static
};

}  // namespace gateway::http::wire
