#include "gateway/store/search_sql/export_rows.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fhir/search/answering_rows.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/fingerprint.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::Grants;
using fhir::metadata::Definitions;
using fhir::metadata::SearchType;
using fhir::metadata::TypeId;

TypeId PatientType() {
  static const TypeId type = Definitions::R4().FindType("Patient");
  return type;
}

std::vector<std::uint16_t> PatientParameters(TypeId type) {
  const auto& r4 = Definitions::R4();
  std::vector<std::uint16_t> parameters;
  for (const std::string_view code : r4.CompartmentParameters(PatientType(), type)) {
    const auto* parameter = r4.FindSearchParameter(type, code);
    if (parameter != nullptr && parameter->type == SearchType::kReference) {
      std::ranges::copy(fhir::search::RowsAnswering(type, parameter->id, parameter->type).parameters,
                        std::back_inserter(parameters));
    }
  }
  return parameters;
}

// "(SELECT m.target …)": ids of the group's patients.
void AppendMembers(SqlText& sql, const ExportedRows& rows) {
  const auto& r4 = Definitions::R4();
  const TypeId group = r4.FindType("Group");
  sql << "(SELECT m.target FROM idx_reference m WHERE m.type = " << TypeCode(group)
      << " AND m.parameter = " << r4.FindSearchParameter(group, "member")->id
      << " AND m.target_type = " << TypeCode(PatientType());
  (sql << " AND m.id = ").Bind(EqualityText(rows.group));
  AppendCounts(sql, "m");
  if (!rows.patients_left_out.empty()) {
    (sql << " AND m.target <> ALL (").Bind(rows.patients_left_out) << ")";
  }
  sql << ")";
}

// A look at each resource's own references, not a set of all patients' resources that every stretch would make anew.
void AppendOfPatients(SqlText& sql, const ExportedRows& rows) {
  if (rows.type == PatientType()) {
    if (!rows.group.empty()) {
      sql << " AND r.id IN ";
      AppendMembers(sql, rows);
    }
    return;
  }
  sql << " AND EXISTS (SELECT 1 FROM idx_reference c WHERE c.id = r.id AND c.type = " << TypeCode(rows.type)
      << " AND c.parameter IN (";
  std::string_view separator = "";
  for (const std::uint16_t parameter : PatientParameters(rows.type)) {
    sql << separator << parameter;
    separator = ", ";
  }
  sql << (separator.empty() ? "NULL)" : ")") << " AND c.target_type = " << TypeCode(PatientType());
  AppendCounts(sql, "c");
  if (!rows.group.empty()) {
    sql << " AND c.target IN ";
    AppendMembers(sql, rows);
  }
  sql << ")";
}

// " FROM … WHERE …" of all rows of the export.
fhir::Result<void> AppendExported(SqlText& sql, const ExportedRows& rows, const Grants& grants) {
  Compiler compiler(sql, grants);
  const Scope scope{.alias = "r", .type = rows.type, .versions = true};
  AppendResources(sql, Walk::kByResource);
  sql << " WHERE r.type = " << TypeCode(rows.type);
  AppendResourcesCount(sql, Walk::kByResource);
  if (rows.since_us) {
    sql << " AND " << StateAlias(sql, Walk::kByResource);
    (sql << ".last_updated >= ").Bind(*rows.since_us);
  }
  if (rows.of_patients) {
    AppendOfPatients(sql, rows);
  }
  GW_TRY(compiler.AppendCriteria(scope, rows.criteria));
  GW_TRY(compiler.AppendGranted(scope, adapters::port::kSearch));
  return compiler.AppendGranted(scope, adapters::port::kRead);
}

SearchStatement FinishedExport(SqlText&& sql) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

}  // namespace

bool IsOfPatients(TypeId type) {
  return type == PatientType() || !PatientParameters(type).empty();
}

bool GrantedWhole(const Grants& grants, TypeId type) {
  if (grants.unrestricted) {
    return true;
  }
  const auto found = grants.by_type.find(type);
  const auto whole = [&](std::uint16_t interaction) {
    return std::any_of(found->second.grants.begin(), found->second.grants.end(), [&](const auto& grant) {
      return (grant.interactions & interaction) != 0 && grant.where.empty();
    });
  };
  return found != grants.by_type.end() && whole(adapters::port::kRead) && whole(adapters::port::kSearch);
}

fhir::Result<SearchStatement> CompileExportSizes(const ExportedRows& rows, const Grants& grants, const Snapshot& as_of,
                                                 std::string_view after, std::int64_t rows_max) {
  SqlText sql(&as_of);
  sql << "SELECT r.id, octet_length(" << StateAlias(sql, Walk::kByResource) << ".body)";
  GW_TRY(AppendExported(sql, rows, grants));
  (sql << " AND r.id > ").Bind(std::string(after));
  (sql << " ORDER BY r.id LIMIT ").Bind(rows_max);
  return FinishedExport(std::move(sql));
}

fhir::Result<SearchStatement> CompileExportBodies(const ExportedRows& rows, const Grants& grants, const Snapshot& as_of,
                                                  std::string_view after, std::string_view last) {
  SqlText sql(&as_of);
  sql << "SELECT " << StateAlias(sql, Walk::kByResource) << ".body";
  GW_TRY(AppendExported(sql, rows, grants));
  (sql << " AND r.id > ").Bind(std::string(after));
  (sql << " AND r.id <= ").Bind(std::string(last)) << " ORDER BY r.id";
  return FinishedExport(std::move(sql));
}

SearchStatement CompileExportDeletions(TypeId type, std::int64_t since_us, const Snapshot& as_of,
                                       std::string_view after, std::string_view last, std::int64_t rows_max) {
  SqlText sql(&as_of);
  sql << "SELECT v.id, 0 FROM resource_version v WHERE v.type = " << TypeCode(type) << " AND v.deleted";
  (sql << " AND v.last_updated >= ").Bind(since_us);
  AppendCounts(sql, "v");
  (sql << " AND v.id > ").Bind(std::string(after));
  if (!last.empty()) {
    (sql << " AND v.id <= ").Bind(std::string(last));
  }
  (sql << " ORDER BY v.id LIMIT ").Bind(rows_max);
  return FinishedExport(std::move(sql));
}

fhir::Result<std::string> ExportFingerprint(const ExportedRows& rows, const Grants& grants) {
  SqlText sql;
  GW_TRY(AppendExported(sql, rows, grants));
  return Fingerprint(sql.text(), sql.values());
}

}  // namespace gateway::store::search_sql
