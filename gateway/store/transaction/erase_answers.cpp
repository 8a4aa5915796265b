#include "gateway/store/transaction/erase_answers.hpp"

#include "gateway/store/pg/array.hpp"
#include "gateway/store/pg/statement.hpp"

namespace gateway::store::transaction {
namespace {

// First: what becomes finished until the next statement is seen by that one. A step under way finds its claim taken.
constexpr pg::Statement kRestartAnswers{"restart_answers", R"sql(
UPDATE job SET lease = lease + 1, lease_until = NULL, due_at = clock_timestamp()
 WHERE kind = 'request' AND state = 'running' AND lease_until IS NOT NULL)sql"};

// $1 ids. As the writer of bodies quotes them; in a request they stand in many ways.
constexpr pg::Statement kEraseAnswers{"erase_answers", R"sql(
UPDATE job SET state = 'cancelled', parameters = '', result = NULL, reason = NULL, expires_at = clock_timestamp()
 WHERE kind = 'request' AND state IN ('done', 'failed')
   AND EXISTS (SELECT FROM unnest($1::text[]) AS w(id)
                WHERE position(convert_to('"id":"' || w.id || '"', 'UTF8') IN result) > 0
                   OR position(convert_to(w.id, 'UTF8') IN parameters) > 0))sql"};

}  // namespace

fhir::Result<void> EraseAnswers(Session& session, std::span<const std::string> ids) {
  if (ids.empty()) {
    return {};
  }
  session.Write(kRestartAnswers, {});
  session.Write(kEraseAnswers, pg::Parameters().Add(pg::Array::Texts(ids)));
  return session.Flush();
}

}  // namespace gateway::store::transaction
