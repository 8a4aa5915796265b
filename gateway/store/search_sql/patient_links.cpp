#include "gateway/store/search_sql/patient_links.hpp"

#include "fhir/metadata/definitions.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {

void AppendPatientLinks(SqlText& sql, std::string_view alias) {
  static const auto kPatient = fhir::metadata::Definitions::R4().FindType("Patient");
  static const int kLink = fhir::metadata::Definitions::R4().FindSearchParameter(kPatient, "link")->id;
  const int patient = TypeCode(kPatient);
  sql << " FROM idx_reference " << alias << " WHERE " << alias << ".type = " << patient << " AND " << alias
      << ".parameter = " << kLink << " AND " << alias << ".target_type = " << patient;
  AppendCounts(sql, alias);
}

void AppendIsLinked(SqlText& sql, const NamedPatients& patients) {
  sql << "(SELECT EXISTS (SELECT 1";
  AppendPatientLinks(sql, "f");
  if (patients.any) {
    sql << "))";
    return;
  }
  std::vector<std::string> ids;
  ids.reserve(patients.ids.size());
  for (const std::string& id : patients.ids) {
    ids.push_back(EqualityText(id));
  }
  (sql << " AND f.id = ANY (").Bind(ids) << ")) OR EXISTS (SELECT 1";
  AppendPatientLinks(sql, "f");
  (sql << " AND f.target = ANY (").Bind(std::move(ids)) << ")))";
}

}  // namespace gateway::store::search_sql
