#include "gateway/store/pg/sqlstate.hpp"

#include <gtest/gtest.h>

namespace gateway::store::pg {
namespace {

TEST(Sqlstate, Known_HasCodeAndRetry) {
  const struct {
    const char* sqlstate;
    fhir::ErrorCode code;
    fhir::Retry retry;
  } rows[] = {
      {"40001", fhir::ErrorCode::kConflict, fhir::Retry::kLater},
      {"40P01", fhir::ErrorCode::kConflict, fhir::Retry::kLater},
      {"23505", fhir::ErrorCode::kConflict, fhir::Retry::kNever},
      {"23P01", fhir::ErrorCode::kConflict, fhir::Retry::kNever},
      {"57014", fhir::ErrorCode::kTimeout, fhir::Retry::kNever},
      {"57P01", fhir::ErrorCode::kUnavailable, fhir::Retry::kLater},
      {"57P03", fhir::ErrorCode::kUnavailable, fhir::Retry::kLater},
      {"08006", fhir::ErrorCode::kUnavailable, fhir::Retry::kLater},
      {"53300", fhir::ErrorCode::kUnavailable, fhir::Retry::kLater},
      {"25006", fhir::ErrorCode::kUnavailable, fhir::Retry::kLater},
      {"", fhir::ErrorCode::kUnavailable, fhir::Retry::kLater},
      {"22021", fhir::ErrorCode::kInvalid, fhir::Retry::kNever},
      {"42P01", fhir::ErrorCode::kInternal, fhir::Retry::kNever},
      {"XX000", fhir::ErrorCode::kInternal, fhir::Retry::kNever},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(MeaningOf(row.sqlstate).code, row.code) << row.sqlstate;
    EXPECT_EQ(MeaningOf(row.sqlstate).retry, row.retry) << row.sqlstate;
    EXPECT_FALSE(MeaningOf(row.sqlstate).public_text.empty()) << row.sqlstate;
  }
}

}  // namespace
}  // namespace gateway::store::pg
