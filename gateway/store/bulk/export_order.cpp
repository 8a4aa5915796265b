#include "gateway/store/bulk/export_order.hpp"

#include <utility>
#include <vector>

#include "fhir/base/issue.hpp"
#include "fhir/json/value.hpp"
#include "fhir/search/query_parser.hpp"

namespace gateway::store::bulk {
namespace {

using adapters::port::ExportLevel;
using adapters::port::ExportOrder;
using fhir::json::Value;

constexpr std::string_view kLevelNames[] = {"system", "patients", "group"};

Value TextList(const std::vector<std::string>& texts) {
  std::vector<Value> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) {
    items.push_back(Value::String(text));
  }
  return Value::Array(std::move(items));
}

std::vector<std::string> TextsOf(const Value& object, std::string_view name) {
  std::vector<std::string> texts;
  if (const Value* list = object.Find(name)) {
    for (const Value& item : list->items()) {
      texts.push_back(item.text());
    }
  }
  return texts;
}

std::int64_t IntegerOf(const Value& object, std::string_view name) {
  const Value* value = object.Find(name);
  return value == nullptr ? 0 : value->AsInteger().value_or(0);
}

}  // namespace

std::string WriteOrder(const StoredOrder& stored) {
  const ExportOrder& order = stored.order;
  const auto& r4 = fhir::metadata::Definitions::R4();
  Value value = Value::Object();
  value.Set("level", Value::String(std::string(kLevelNames[static_cast<std::size_t>(order.level)])));
  value.Set("group", Value::String(order.group));
  value.Set("leftOut", TextList(order.patients_left_out));
  std::vector<std::string> types;
  types.reserve(order.types.size());
  for (const auto type : order.types) {
    types.emplace_back(r4.TypeName(type));
  }
  value.Set("types", TextList(types));
  value.Set("filters", TextList(order.filters));
  if (order.since_us) {
    value.Set("since", Value::Integer(*order.since_us));
  }
  value.Set("elements", TextList(order.elements));
  value.Set("request", Value::String(order.request));
  value.Set("token", Value::Boolean(order.token_needed));
  value.Set("ordered", Value::Integer(stored.ordered_us));
  value.Set("fileBytes", Value::Integer(stored.file_bytes_max));
  return fhir::json::WriteValue(value);
}

fhir::Result<StoredOrder> ReadOrder(std::string_view text) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  GW_ASSIGN(const Value value, fhir::json::ReadValue(text, {.bytes_max = 64u * 1024 * 1024, .depth_max = 8}));
  StoredOrder stored;
  ExportOrder& order = stored.order;
  const std::string_view level = value.FindText("level");
  order.level = level == kLevelNames[2]   ? ExportLevel::kGroup
                : level == kLevelNames[1] ? ExportLevel::kPatients
                                          : ExportLevel::kSystem;
  order.group = value.FindText("group");
  order.patients_left_out = TextsOf(value, "leftOut");
  for (const std::string& name : TextsOf(value, "types")) {
    order.types.push_back(r4.FindType(name));
    if (!r4.IsResource(order.types.back())) {
      return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"an export order names an unknown type"});
    }
  }
  order.filters = TextsOf(value, "filters");
  if (const Value* since = value.Find("since")) {
    order.since_us = since->AsInteger();
  }
  order.elements = TextsOf(value, "elements");
  order.request = value.FindText("request");
  const Value* token = value.Find("token");
  order.token_needed = token != nullptr && token->AsBoolean().value_or(false);
  stored.ordered_us = IntegerOf(value, "ordered");
  stored.file_bytes_max = IntegerOf(value, "fileBytes");
  return stored;
}

fhir::Result<search_sql::ExportedRows> RowsOf(const StoredOrder& stored, fhir::metadata::TypeId type,
                                              const StoreOptions& options) {
  const ExportOrder& order = stored.order;
  search_sql::ExportedRows rows;
  rows.type = type;
  rows.since_us = order.since_us;
  // A type that cannot be in a patient's compartment is exported whole, where it was asked for by name.
  rows.of_patients = order.level != ExportLevel::kSystem && search_sql::IsOfPatients(type);
  if (order.level == ExportLevel::kGroup) {
    rows.group = order.group;
    rows.patients_left_out = order.patients_left_out;
  }
  fhir::search::ParseOptions parse;
  parse.base_url = options.base_url;
  parse.zone = options.zone;
  parse.now_us = stored.ordered_us;
  parse.narrative_types = options.narrative_types;
  parse.content_types = options.content_types;
  if (!order.filters.empty() && options.search_parameters != nullptr) {
    GW_ASSIGN(parse.custom, options.search_parameters->Current());
  }
  const std::string_view name = fhir::metadata::Definitions::R4().TypeName(type);
  fhir::search::Criterion any{.kind = fhir::search::CriterionKind::kAny};
  for (const std::string& filter : order.filters) {
    const std::size_t mark = std::min(filter.find('?'), filter.size());
    if (std::string_view(filter).substr(0, mark) != name) {
      continue;
    }
    GW_ASSIGN(auto query, fhir::search::ParseConditional(type, std::string_view(filter).substr(mark), parse));
    any.parts.push_back({.kind = fhir::search::CriterionKind::kAll, .parts = std::move(query.criteria)});
  }
  if (any.parts.size() == 1) {
    rows.criteria = std::move(any.parts.front().parts);
  } else if (!any.parts.empty()) {
    rows.criteria.push_back(std::move(any));
  }
  return rows;
}

}  // namespace gateway::store::bulk
