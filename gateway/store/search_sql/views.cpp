#include "gateway/store/search_sql/views.hpp"

#include <algorithm>
#include <utility>

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::Grants;
using fhir::metadata::SearchType;
using fhir::metadata::TypeId;

SearchStatement FinishedView(SqlText&& sql) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

// " FROM resource_version r WHERE …" of what meets the query and may be found and read.
fhir::Result<void> AppendFound(SqlText& sql, const Grants& grants, const fhir::search::Query& query) {
  Compiler compiler(sql, grants);
  const Scope scope{.alias = "r", .type = query.type, .versions = true};
  AppendResources(sql, Walk::kByResource);
  sql << " WHERE r.type = " << TypeCode(query.type);
  AppendResourcesCount(sql, Walk::kByResource);
  GW_TRY(compiler.AppendCriteria(scope, query.criteria));
  GW_TRY(compiler.AppendGranted(scope, adapters::port::kSearch));
  return compiler.AppendGranted(scope, adapters::port::kRead);
}

std::vector<TypeId> GrantedTypes(TypeId type, const Grants& grants) {
  if (type != fhir::metadata::kNoType) {
    return {type};
  }
  std::vector<TypeId> types;
  for (const TypeId each : fhir::metadata::Definitions::R4().ResourceTypes()) {
    if (grants.unrestricted || grants.by_type.contains(each)) {
      types.push_back(each);
    }
  }
  return types;
}

struct LabelParameter {
  MetaKind kind;
  std::string_view code;
};
constexpr LabelParameter kLabelParameters[] = {
    {MetaKind::kProfile, "_profile"}, {MetaKind::kTag, "_tag"}, {MetaKind::kSecurity, "_security"}};

}  // namespace

fhir::Result<SearchStatement> CompileHeads(std::span<const fhir::search::Query> queries, const Grants& grants,
                                           std::int64_t rows_max) {
  SqlText sql;
  sql << "SELECT h.type, h.id, h.version, h.last_updated FROM (";
  for (std::size_t i = 0; i < queries.size(); ++i) {
    sql << (i == 0 ? "" : " UNION ") << "SELECT r.type, r.id, r.version, r.last_updated";
    GW_TRY(AppendFound(sql, grants, queries[i]));
  }
  (sql << ") h ORDER BY h.type, h.id LIMIT ").Bind(rows_max);
  return FinishedView(std::move(sql));
}

fhir::Result<SearchStatement> CompileReadMany(std::span<const adapters::port::ResourceKey> keys, const Grants& grants) {
  std::vector<std::int64_t> codes;
  std::vector<std::string> ids;
  std::vector<TypeId> types;
  for (const auto& key : keys) {
    codes.push_back(TypeCode(key.type));
    ids.push_back(EqualityText(key.id));
    if (std::find(types.begin(), types.end(), key.type) == types.end()) {
      types.push_back(key.type);
    }
  }
  SqlText sql;
  Compiler compiler(sql, grants);
  (sql << "SELECT r.type, r.id, r.version, r.last_updated, r.body FROM unnest(").Bind(std::move(codes)) << ", ";
  sql.Bind(std::move(ids)) << ") WITH ORDINALITY AS k (type, id, position) JOIN resource_version r"
                              " ON r.type = k.type::smallint AND r.id = k.id WHERE true";
  AppendResourcesCount(sql, Walk::kByResource);
  GW_TRY(compiler.AppendGrantedAnyType("r", types, adapters::port::kRead));
  sql << " ORDER BY k.position";
  return FinishedView(std::move(sql));
}

fhir::Result<SearchStatement> CompileGroups(const adapters::port::LatestQuery& query, const Grants& grants,
                                            std::int64_t rows_max) {
  SqlText sql;
  Compiler compiler(sql, grants);
  // A row without a code is a text, marked by kGroupTextMark.
  sql << "SELECT r.id, ARRAY(SELECT CASE WHEN g.code = '' THEN E'\\t' || g.text ELSE g.system || '|' || g.code END";
  compiler.AppendHeadRows("g", query.query.type, query.group_by->id, query.group_by->type);
  sql << " AND g.id = r.id), (SELECT max(o.low)";
  compiler.AppendHeadRows("o", query.query.type, query.order_by->id, query.order_by->type);
  sql << " AND o.id = r.id) AS moment";
  GW_TRY(AppendFound(sql, grants, query.query));
  (sql << " ORDER BY moment DESC NULLS LAST, r.id DESC LIMIT ").Bind(rows_max);
  return FinishedView(std::move(sql));
}

fhir::Result<SearchStatement> CompileMetaInUse(TypeId type, const Grants& grants, std::int64_t rows_max) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  SqlText sql;
  Compiler compiler(sql, grants);
  sql << "SELECT DISTINCT u.kind, u.system, u.code FROM (SELECT 0 AS kind, '' AS system, '' AS code WHERE false";
  if (grants.unrestricted && type == fhir::metadata::kNoType) {
    // One range of an index for each kind, whatever the types are.
    for (const LabelParameter& label : kLabelParameters) {
      const auto* parameter = definitions.FindSearchParameter(definitions.ResourceTypes().front(), label.code);
      sql << " UNION ALL (SELECT DISTINCT " << static_cast<int>(label.kind)
          << (parameter->type == SearchType::kUri ? ", '', l.uri" : ", l.system, l.code") << " FROM "
          << IndexTable(parameter->type) << " l WHERE l.parameter = " << parameter->id;
      AppendCounts(sql, "l");
      (sql << " LIMIT ").Bind(rows_max) << ")";
    }
    (sql << ") u ORDER BY u.kind, u.system, u.code LIMIT ").Bind(rows_max);
    return FinishedView(std::move(sql));
  }
  for (const TypeId each : GrantedTypes(type, grants)) {
    for (const LabelParameter& label : kLabelParameters) {
      const auto* parameter = definitions.FindSearchParameter(each, label.code);
      if (parameter == nullptr) {
        continue;
      }
      sql << " UNION ALL (SELECT DISTINCT " << static_cast<int>(label.kind)
          << (parameter->type == SearchType::kUri ? ", '', l.uri" : ", l.system, l.code");
      compiler.AppendHeadRows("l", each, parameter->id, parameter->type);
      if (!grants.unrestricted) {
        sql << " AND EXISTS (SELECT 1 FROM resource_version r WHERE r.type = l.type AND r.id = l.id";
        AppendResourcesCount(sql, Walk::kByResource);
        GW_TRY(compiler.AppendGranted({.alias = "r", .type = each, .versions = true}, adapters::port::kRead));
        sql << ")";
      }
      (sql << " LIMIT ").Bind(rows_max) << ")";
    }
  }
  (sql << ") u ORDER BY u.kind, u.system, u.code LIMIT ").Bind(rows_max);
  return FinishedView(std::move(sql));
}

}  // namespace gateway::store::search_sql
