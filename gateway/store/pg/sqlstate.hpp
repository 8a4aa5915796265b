// The one table from PostgreSQL's error codes to ours.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::store::pg {

struct SqlstateMeaning {
  std::string_view prefix;  ///< five characters, or a class of two
  fhir::ErrorCode code;
  fhir::Retry retry;
  std::string_view public_text;
};

/// The most exact row for a SQLSTATE; "" stands for a connection that broke. Unknown states: kInternal.
/// Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
const SqlstateMeaning& MeaningOf(std::string_view sqlstate);

}  // namespace gateway::store::pg
