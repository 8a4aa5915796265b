#include "gateway/store/transaction/grant_check.hpp"

#include <algorithm>

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

std::unexpected<fhir::Error> NotGranted() {
  return fhir::Fail(fhir::ErrorCode::kForbidden, "The party may not make this change.");
}

}  // namespace

fhir::Result<void> CheckTypeGranted(const adapters::port::Grants& grants, fhir::metadata::TypeId type,
                                    std::uint16_t interactions) {
  if (grants.unrestricted) {
    return {};
  }
  const auto found = grants.by_type.find(type);
  if (found != grants.by_type.end()) {
    for (const auto& grant : found->second.grants) {
      if ((grant.interactions & interactions) != 0) {
        return {};
      }
    }
  }
  return NotGranted();
}

fhir::Result<void> CheckGranted(Session& session, const adapters::port::Grants& grants, const IdsByType& ids,
                                std::uint16_t interactions) {
  if (grants.unrestricted) {
    return {};
  }
  for (const auto& [type, wanted] : ids) {
    std::vector<std::string> distinct = wanted;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    const auto expected = static_cast<std::int64_t>(distinct.size());
    search_sql::SqlText sql;
    search_sql::Compiler compiler(sql, grants);
    sql << "SELECT count(*) FROM resource_version r WHERE r.closed_tx IS NULL AND NOT r.deleted AND r.type = "
        << TypeCode(type);
    (sql << " AND r.id = ANY (").Bind(std::move(distinct)) << ")";
    GW_TRY(compiler.AppendGranted({.alias = "r", .type = type, .versions = true}, interactions));
    auto values = sql.TakeValues();
    const search_sql::SearchStatement statement{sql.TakeText(), std::move(values)};
    GW_ASSIGN(const auto rows, session.Read("check_grants", statement));
    if (rows[0].Int(0) != expected) {
      return NotGranted();
    }
  }
  return {};
}

}  // namespace gateway::store::transaction
