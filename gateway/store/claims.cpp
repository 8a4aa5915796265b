#include "gateway/store/claims.hpp"

namespace gateway::store {
namespace {

// $1 schedule, $2 appointment, $3 slot, $4 start, $5 end. The exclusion constraint decides; ON CONFLICT keeps the
// transaction alive, so that the caller can say why.
constexpr pg::Statement kClaimTime{"claim_time", R"sql(
INSERT INTO time_claim (schedule_id, appointment_id, slot_id, during)
VALUES ($1::text, $2::text, $3::text, tstzrange($4::timestamptz, $5::timestamptz, '[)'))
ON CONFLICT DO NOTHING
RETURNING 1)sql"};

constexpr pg::Statement kFindClaim{"find_claim", R"sql(
SELECT 1 FROM time_claim
 WHERE schedule_id = $1::text AND appointment_id = $2::text
   AND during @> tstzrange($3::timestamptz, $4::timestamptz, '[)'))sql"};

constexpr pg::Statement kReleaseTime{"release_time", "DELETE FROM time_claim WHERE appointment_id = $1::text"};

}  // namespace

fhir::Result<void> ClaimTime(transaction::Session& session, const adapters::port::TimeClaim& claim) {
  if (claim.start_us >= claim.end_us || claim.schedule_id.empty() || claim.appointment_id.empty()) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "A claim on time needs a schedule, an appointment and a length.");
  }
  pg::Parameters parameters;
  parameters.Text(claim.schedule_id)
      .Text(claim.appointment_id)
      .Text(claim.slot_id)
      .TimestampUs(claim.start_us)
      .TimestampUs(claim.end_us);
  GW_ASSIGN(const auto claimed, session.Read(kClaimTime, parameters));
  if (!claimed.empty()) {
    return {};
  }
  pg::Parameters held;
  held.Text(claim.schedule_id).Text(claim.appointment_id).TimestampUs(claim.start_us).TimestampUs(claim.end_us);
  GW_ASSIGN(const auto own, session.Read(kFindClaim, held));
  if (!own.empty()) {
    return {};
  }
  return fhir::Fail(fhir::ErrorCode::kConflict, "The time is taken.");
}

void ReleaseTime(transaction::Session& session, std::string_view appointment_id) {
  pg::Parameters parameters;
  parameters.Text(appointment_id);
  session.Write(kReleaseTime, parameters);
}

}  // namespace gateway::store
