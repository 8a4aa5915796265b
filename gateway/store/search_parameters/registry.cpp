#include "gateway/store/search_parameters/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fhir/search/parameter_definition.hpp"

namespace gateway::store::search_parameters {
namespace {

using fhir::metadata::Definitions;
using fhir::search::CustomParameter;
using fhir::search::CustomParameters;

constexpr pg::Statement kSelectVersion{"select_search_registry_version", "SELECT version FROM search_registry"};

// A row without a number when there are no parameters.
const std::string& SelectParametersSql() {
  static const std::string sql = fmt::format(
      "SELECT r.version, (extract(epoch FROM r.changed_at) * 1000000)::bigint, {}"
      " FROM search_registry r LEFT JOIN search_parameter p ON p.state <> 'leaving' ORDER BY p.number",
      kParameterColumns);
  return sql;
}

std::vector<fhir::metadata::TypeId> TypesNamed(const std::vector<std::string>& names) {
  std::vector<fhir::metadata::TypeId> types;
  for (const std::string& name : names) {
    const auto type = Definitions::R4().FindType(name);
    if (type != fhir::metadata::kNoType) {
      types.push_back(type);
    }
  }
  std::sort(types.begin(), types.end());
  return types;
}

std::vector<fhir::search::ComponentDefinition> ComponentsIn(const std::vector<std::string>& texts) {
  std::vector<fhir::search::ComponentDefinition> components;
  components.reserve(texts.size() / 3);
  for (std::size_t i = 0; i + 2 < texts.size(); i += 3) {
    if (const auto type = fhir::search::FindSearchType(texts[i])) {
      components.push_back({.code = texts[i + 1], .expression = texts[i + 2], .type = *type});
    }
  }
  return components;
}

}  // namespace

std::vector<std::string> ComponentTexts(const std::vector<fhir::search::ComponentDefinition>& components) {
  std::vector<std::string> texts;
  texts.reserve(3 * components.size());
  for (const auto& component : components) {
    texts.emplace_back(fhir::search::SearchTypeCode(component.type));
    texts.push_back(component.code);
    texts.push_back(component.expression);
  }
  return texts;
}

CustomParameter ReadParameter(const pg::Row& row, int column) {
  CustomParameter parameter;
  parameter.number = static_cast<std::uint16_t>(row.Int(column));
  parameter.definition.url = row.String(column + 1);
  parameter.origin = row.String(column + 2);
  parameter.definition.code = row.String(column + 3);
  parameter.definition.name = row.String(column + 4);
  parameter.definition.type = fhir::search::FindSearchType(row.Text(column + 5)).value_or(parameter.definition.type);
  parameter.definition.expression = row.String(column + 6);
  parameter.definition.bases = TypesNamed(row.TextArray(column + 7));
  parameter.definition.targets = TypesNamed(row.TextArray(column + 8));
  parameter.usable = row.Bool(column + 9);
  parameter.percent = static_cast<int>(row.Int(column + 10));
  parameter.definition.components = ComponentsIn(row.TextArray(column + 11));
  return parameter;
}

Registry::Registry(pg::Pool& pool) : pool_(pool) {
  held_.parameters = std::make_shared<const CustomParameters>();
}

InForce Registry::Held() {
  const std::lock_guard lock(mutex_);
  return held_;
}

std::shared_ptr<const CustomParameters> Registry::Known() {
  return Held().parameters;
}

fhir::Result<void> Registry::Load(pg::Connection& connection) {
  outdated_ = false;
  auto rows = connection.ExecuteAdHoc("select_search_parameters", SelectParametersSql(), {}, pg::Plan::kKept);
  if (!rows || rows->empty()) {
    outdated_ = true;
    return rows ? fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"search_registry has no row"})
                : fhir::Result<void>(std::unexpected(std::move(rows).error()));
  }
  std::vector<CustomParameter> parameters;
  for (int i = 0; i < rows->size(); ++i) {
    if (!(*rows)[i].IsNull(2)) {
      parameters.push_back(ReadParameter((*rows)[i], 2));
    }
  }
  const std::int64_t version = (*rows)[0].Int(0);
  InForce loaded{.parameters = std::make_shared<const CustomParameters>(Definitions::R4(), std::move(parameters),
                                                                        version, (*rows)[0].Int(1)),
                 .extractor = nullptr};
  const InForce held = Held();
  // Of the same version progress alone is another.
  loaded.extractor = held.extractor != nullptr && held.parameters->version() == version
                         ? held.extractor
                         : std::make_shared<fhir::search::Extractor>(Definitions::R4(), loaded.parameters);
  const std::lock_guard lock(mutex_);
  held_ = std::move(loaded);
  return {};
}

fhir::Result<std::shared_ptr<const CustomParameters>> Registry::Current() {
  const std::lock_guard lock(loading_);
  GW_ASSIGN(const auto connection, pool_.Acquire());
  const auto known = Known();
  if (!outdated_ && !known->HasUnusable()) {
    GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectVersion));
    if (!rows.empty() && rows[0].Int(0) == known->version()) {
      return known;
    }
  }
  GW_TRY(Load(*connection));
  return Known();
}

fhir::Result<InForce> Registry::ForWriting() {
  if (outdated_) {
    const std::lock_guard lock(loading_);
    if (outdated_) {
      GW_ASSIGN(const auto connection, pool_.Acquire());
      GW_TRY(Load(*connection));
    }
  }
  return Held();
}

}  // namespace gateway::store::search_parameters
