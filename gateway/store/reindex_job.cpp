#include "gateway/store/reindex_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "fhir/json/value.hpp"
#include "gateway/store/transaction/reindex.hpp"
#include "gateway/store/transaction/search_parameter_rows.hpp"
#include "gateway/store/transaction/session.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::JobStep;
using fhir::json::Value;
using fhir::metadata::Definitions;

constexpr int kAttemptsMax = 5;  // of one transaction

// $1 types
constexpr pg::Statement kCountResources{"count_resources_to_reindex", R"sql(
SELECT count(*) FROM resource_version WHERE closed_tx IS NULL AND type = ANY ($1::smallint[]))sql"};

Value Texts(std::span<const std::string> texts) {
  std::vector<Value> values;
  for (const std::string& text : texts) {
    values.push_back(Value::String(text));
  }
  return Value::Array(std::move(values));
}

std::vector<std::string> TextsIn(const Value& order, std::string_view name) {
  std::vector<std::string> texts;
  if (const Value* const list = order.Find(name)) {
    for (const Value& item : list->items()) {
      texts.emplace_back(item.text());
    }
  }
  return texts;
}

std::int64_t NumberIn(const Value& place, std::string_view name) {
  const Value* const number = place.Find(name);
  return number == nullptr ? 0 : number->AsInteger().value_or(0);
}

/// The numbers of the types named, or of all, ascending.
std::vector<std::int16_t> CodesOf(const std::vector<std::string>& names) {
  const Definitions& r4 = Definitions::R4();
  std::vector<std::int16_t> codes;
  for (const auto type : r4.ResourceTypes()) {
    if (names.empty() || std::ranges::find(names, r4.TypeName(type)) != names.end()) {
      codes.push_back(TypeCode(type));
    }
  }
  std::sort(codes.begin(), codes.end());
  return codes;
}

std::string ResultOf(std::int64_t resources, std::int64_t unreadable) {
  return fmt::format(R"({{"resourceType":"Parameters","parameter":[{{"name":"resources","valueInteger":{}}},)"
                     R"({{"name":"unreadable","valueInteger":{}}}]}})",
                     resources, unreadable);
}

}  // namespace

/// Where a job stands: of `type` the ids up to `id` are done.
struct ReindexJob::Place {
  std::int16_t type = 0;
  std::string id;
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::int64_t unreadable = 0;
  bool finished = false;

  static fhir::Result<Place> Read(const std::string& text) {
    Place place;
    GW_ASSIGN(const Value value, fhir::json::ReadValue(text, {}));
    place.type = static_cast<std::int16_t>(NumberIn(value, "type"));
    place.id = value.FindText("id");
    place.done = NumberIn(value, "done");
    place.total = NumberIn(value, "total");
    place.unreadable = NumberIn(value, "unreadable");
    return place;
  }

  std::string Write() const {
    Value value = Value::Object();
    value.Set("type", Value::Integer(type));
    value.Set("id", Value::String(id));
    value.Set("done", Value::Integer(done));
    value.Set("total", Value::Integer(total));
    value.Set("unreadable", Value::Integer(unreadable));
    return fhir::json::WriteValue(value);
  }
};

fhir::Result<std::optional<std::vector<std::uint16_t>>> ReindexJob::NumbersOf(
    const fhir::search::CustomParameters& in_force, std::span<const std::string> urls) const {
  if (urls.empty()) {
    return std::optional<std::vector<std::uint16_t>>();
  }
  const Definitions& r4 = Definitions::R4();
  std::vector<std::uint16_t> numbers;
  for (const std::string& url : urls) {
    const std::size_t before = numbers.size();
    if (const auto* const custom = in_force.ByUrl(url)) {
      numbers.push_back(custom->number);
    }
    for (const auto type : r4.ResourceTypes()) {
      for (const auto& parameter : r4.SearchParameters(type)) {
        if (parameter.url == url) {
          numbers.push_back(parameter.id);
        }
      }
    }
    if (numbers.size() == before) {
      return fhir::Fail(fhir::ErrorCode::kNotFound, "There is no search parameter of that url here.");
    }
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return std::optional(std::move(numbers));
}

// One transaction. The version of the parameters is checked as any writer's is: with all parameters meant, rows of one
// that this node does not know yet would be closed.
fhir::Result<void> ReindexJob::Advance(std::span<const std::string> urls, std::span<const std::int16_t> types,
                                       Place& place) {
  const auto at = std::lower_bound(types.begin(), types.end(), place.type);
  if (at == types.end()) {
    place.finished = true;
    return {};
  }
  search_parameters::Registry& registry = *options_.search_parameters;
  GW_ASSIGN(const search_parameters::InForce in_force, registry.ForWriting());
  GW_ASSIGN(auto only, NumbersOf(*in_force.parameters, urls));
  GW_ASSIGN(const auto session, transaction::Session::Open(pool_));
  const transaction::ReindexContext context{
      .session = *session, .options = options_, .extractor = *in_force.extractor, .only = std::move(only)};
  transaction::ReindexPart part{.type = *at, .after = *at == place.type ? place.id : std::string(), .until = {}};
  part.resources_max = limits_.resources_max;
  GW_ASSIGN(const transaction::PartDone done, transaction::ReindexNext(context, part));
  transaction::CheckParameterVersion(*session, in_force.parameters->version());
  if (auto committed = session->Commit(); !committed) {
    if (session->parameters_outdated()) {
      registry.Outdated();
    }
    return committed;
  }
  place.done += done.resources;
  place.unreadable += done.unreadable;
  place.type = done.more ? *at : static_cast<std::int16_t>(*at + 1);
  place.id = done.more ? done.last_id : std::string();
  return {};
}

fhir::Result<JobStep> ReindexJob::Step(const adapters::port::Job& job, const adapters::port::JobRun& run) {
  GW_ASSIGN(const Value order, fhir::json::ReadValue(job.parameters, {}));
  const std::vector<std::string> urls = TextsIn(order, "urls");
  const std::vector<std::int16_t> types = CodesOf(TextsIn(order, "types"));
  Place place;
  if (!job.position.empty()) {
    GW_ASSIGN(place, Place::Read(job.position));
  } else {
    pg::Array codes(pg::ElementType::kInt2);
    for (const std::int16_t code : types) {
      codes.AddInt(code);
    }
    GW_ASSIGN(const auto connection, pool_.Acquire());
    GW_ASSIGN(const pg::Rows rows, connection->Execute(kCountResources, pg::Parameters().Add(codes)));
    place.total = rows[0].Int(0);
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.step_ms_max);
  int failures = 0;
  while (!place.finished) {
    if (auto advanced = Advance(urls, types, place); !advanced) {
      const bool again = advanced.error().retry == fhir::Retry::kLater &&
                         advanced.error().code == fhir::ErrorCode::kConflict && ++failures < kAttemptsMax;
      if (!again) {
        return std::unexpected(std::move(advanced).error());
      }
      continue;
    }
    failures = 0;
    if (run.Stopping() || std::chrono::steady_clock::now() >= end) {
      break;
    }
  }
  return JobStep{.finished = place.finished,
                 .position = place.Write(),
                 .done = place.done,
                 .total = std::max(place.total, place.done),
                 .result = place.finished ? ResultOf(place.done, place.unreadable) : std::string()};
}

fhir::Result<std::string> ReindexJob::ParametersOf(const adapters::port::ReindexOrder& order) {
  GW_ASSIGN(const auto in_force, options_.search_parameters->Current());
  GW_TRY(NumbersOf(*in_force, order.urls));
  std::vector<std::string> types;
  types.reserve(order.types.size());
  for (const auto type : order.types) {
    types.emplace_back(Definitions::R4().TypeName(type));
  }
  Value value = Value::Object();
  value.Set("types", Texts(types));
  value.Set("urls", Texts(order.urls));
  return fhir::json::WriteValue(value);
}

fhir::Result<void> ReindexJob::ReindexOne(fhir::metadata::TypeId type, std::string_view id,
                                          std::span<const std::string> urls) {
  search_parameters::Registry& registry = *options_.search_parameters;
  GW_TRY(registry.Current());
  GW_ASSIGN(const search_parameters::InForce in_force, registry.ForWriting());
  GW_ASSIGN(auto only, NumbersOf(*in_force.parameters, urls));
  GW_ASSIGN(const auto session, transaction::Session::Open(pool_));
  const transaction::ReindexContext context{
      .session = *session, .options = options_, .extractor = *in_force.extractor, .only = std::move(only)};
  const std::string ids[] = {std::string(id)};
  GW_ASSIGN(const transaction::PartDone done, transaction::ReindexResources(context, TypeCode(type), ids));
  if (done.resources == 0) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such resource.");
  }
  if (done.unreadable > 0) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"A stored resource cannot be read."}, {"its body is not readable"});
  }
  transaction::CheckParameterVersion(*session, in_force.parameters->version());
  auto committed = session->Commit();
  if (!committed && session->parameters_outdated()) {
    registry.Outdated();
  }
  return committed;
}

}  // namespace gateway::store
