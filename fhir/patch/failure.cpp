#include "fhir/patch/failure.hpp"

#include <fmt/format.h>

namespace fhir::patch {

Error ToError(const Failure& failure) {
  ErrorCode code = ErrorCode::kInvalid;
  if (failure.kind == FailureKind::kMalformed) {
    code = ErrorCode::kMalformed;
  } else if (failure.kind == FailureKind::kTooLarge) {
    code = ErrorCode::kTooLarge;
  }
  Error error;
  error.code = code;
  error.public_text.text =
      failure.operation ? fmt::format("operation {}: {}", *failure.operation, failure.text) : failure.text;
  return error;
}

}  // namespace fhir::patch
