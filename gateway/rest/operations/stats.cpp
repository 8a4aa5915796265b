// Observation/$stats: statistics over the measurements of one subject.
// Source: https://hl7.org/fhir/R4/observation-operation-stats.html
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/search/query_parser.hpp"
#include "fhir/terminology/operations.hpp"
#include "fhir/ucum/ucum.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/operations/statistics.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using fhir::model::Document;
using fhir::model::Node;
using fhir::terminology::Coding;

constexpr ParameterRow kStatsParameters[] = {
    {.name = "subject", .required = true},
    {.name = "code", .repeats = true},
    {.name = "system"},
    {.name = "coding", .kind = ParameterKind::kCoding, .repeats = true},
    {.name = "duration", .kind = ParameterKind::kDecimal},
    {.name = "period", .kind = ParameterKind::kPeriod},
    {.name = "statistic", .required = true, .repeats = true},
    {.name = "include", .kind = ParameterKind::kBoolean},
    {.name = "limit", .kind = ParameterKind::kPositive},
};

constexpr std::size_t kCodesMax = 20;             // of one question; each is a search of its own
constexpr std::size_t kObservationsMax = 10'000;  // of one code
constexpr std::size_t kSourcesMax = 10'000;       // that an answer includes
constexpr int kObservationsPerPage = 1'000;
constexpr double kUsPerHour = 3'600e6;
constexpr std::string_view kStatisticSystem = "http://terminology.hl7.org/CodeSystem/observation-statistics";

/// [low, high) of the period of interest; unset where it is open.
struct Stretch {
  std::optional<std::int64_t> low_us;
  std::optional<std::int64_t> high_us;
};

fhir::Result<Stretch> StretchIn(const Call& call, const Parameters& parameters) {
  Stretch stretch;
  if (parameters.Has("duration") == parameters.Has("period")) {
    if (parameters.Has("period")) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "period", "expected a duration or a period, not both");
    }
    return stretch;
  }
  if (parameters.Has("duration")) {
    const std::string_view text = parameters.Text("duration");
    double hours = 0;
    std::from_chars(text.data(), text.data() + text.size(), hours);
    if (!(hours > 0) || hours > 1e7) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "duration",
                               "the duration must be a number of hours above 0");
    }
    stretch.high_us = call.service.ports().clock->NowUs() + 1;
    stretch.low_us = *stretch.high_us - static_cast<std::int64_t>(hours * kUsPerHour);
    return stretch;
  }
  const Node& period = *parameters.Element("period");
  const auto range = [&](std::string_view name) -> fhir::Result<fhir::UsRange> {
    GW_ASSIGN(const fhir::DateTime moment, fhir::ParseDateTime(period.ChildValue(name)));
    return fhir::ToRange(moment, call.options().zone);
  };
  if (!period.ChildValue("start").empty()) {
    GW_ASSIGN(const fhir::UsRange start, range("start"));
    stretch.low_us = start.low_us;
  }
  if (!period.ChildValue("end").empty()) {
    GW_ASSIGN(const fhir::UsRange end, range("end"));
    stretch.high_us = end.high_us;
  }
  return stretch;
}

/// What is asked for, each once.
fhir::Result<std::vector<std::string_view>> StatisticsIn(const Parameters& parameters) {
  std::vector<std::string_view> statistics;
  for (std::string_view list : parameters.Texts("statistic")) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      const std::string_view statistic = list.substr(0, comma);
      if (!IsStatistic(statistic)) {
        return parameters.Refuse(fhir::ErrorCode::kUnsupported, "statistic",
                                 "this statistic is not known here, or not supported");
      }
      if (std::ranges::find(statistics, statistic) == statistics.end()) {
        statistics.push_back(statistic);
      }
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
  return statistics;
}

/// The codes asked about, each once.
fhir::Result<std::vector<Coding>> CodesIn(const Parameters& parameters) {
  std::vector<Coding> codings;
  const auto add = [&](std::string_view parameter, const Coding& coding) -> fhir::Result<void> {
    const bool known = std::ranges::any_of(
        codings, [&](const Coding& other) { return other.system == coding.system && other.code == coding.code; });
    if (!known && codings.size() == kCodesMax) {
      return parameters.Refuse(fhir::ErrorCode::kTooCostly, parameter,
                               fmt::format("one question can be about {} codes at most", kCodesMax));
    }
    if (!known) {
      codings.push_back(coding);
    }
    return {};
  };
  for (const Node* coding : parameters.Elements("coding")) {
    GW_TRY(add("coding", fhir::terminology::CodingOf(*coding)));
  }
  for (const std::string_view code : parameters.Texts("code")) {
    if (!parameters.Has("system")) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "code", "a code needs its system");
    }
    GW_TRY(add("code", {.system = parameters.Text("system"), .version = {}, .code = code, .display = {}}));
  }
  if (codings.empty()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "one of the parameters code and coding is needed");
  }
  return codings;
}

fhir::search::Criterion CriterionOf(const Call& call, std::string_view parameter, fhir::search::Value value) {
  fhir::search::Criterion criterion;
  criterion.parameter = call.definitions().FindSearchParameter(call.type, parameter);
  criterion.values.push_back(std::move(value));
  return criterion;
}

/// What the statistics of one code are made of.
fhir::Result<std::vector<port::StoredResource>> FindObservations(Call& call, const fhir::search::Query& subject,
                                                                 const Coding& coding, const Stretch& stretch) {
  namespace search = fhir::search;
  search::Query query = subject;
  query.criteria.push_back(CriterionOf(
      call, "code", search::TokenValue{.system = std::string(coding.system), .code = std::string(coding.code)}));
  query.criteria.push_back(CriterionOf(call, "status", search::TokenValue{.system = {}, .code = "entered-in-error"}));
  query.criteria.back().modifier = search::Modifier::kNot;
  if (stretch.low_us) {
    query.criteria.push_back(
        CriterionOf(call, "date", search::DateValue{search::Prefix::kGe, *stretch.low_us, *stretch.low_us + 1}));
  }
  if (stretch.high_us) {
    query.criteria.push_back(
        CriterionOf(call, "date", search::DateValue{search::Prefix::kLt, *stretch.high_us, *stretch.high_us + 1}));
  }
  query.sort.push_back({call.definitions().FindSearchParameter(call.type, "date"), true});
  query.count = kObservationsPerPage;
  std::vector<port::StoredResource> observations;
  while (true) {
    GW_ASSIGN(port::SearchPage page, call.service.ports().store.Search(call.actor, query));
    for (port::SearchHit& hit : page.hits) {
      observations.push_back(std::move(hit.resource));
    }
    if (page.next_cursor.empty()) {
      return observations;
    }
    if (observations.size() >= kObservationsMax) {
      return fhir::Fail(fhir::ErrorCode::kTooCostly, "there are too many observations: name a shorter period");
    }
    query.cursor = page.next_cursor;
  }
}

/// The values of observations in the unit of the newest that has one.
struct Measured {
  std::vector<double> values;
  std::string unit;  ///< UCUM code
};

fhir::Result<Measured> Measure(const Call& call, const std::vector<port::StoredResource>& observations) {
  Measured measured;
  for (const port::StoredResource& observation : observations) {
    fhir::IssueList ignored(1);
    GW_ASSIGN(const Document document, fhir::json::ReadJson(observation.body, call.options().limits, ignored));
    const Node* quantity = document.root().Child("valueQuantity");
    // A comparator says that the value is not the number.
    if (quantity == nullptr || quantity->ChildValue("value").empty() || !quantity->ChildValue("comparator").empty() ||
        quantity->ChildValue("system") != fhir::ucum::kSystem) {
      continue;
    }
    const std::string_view unit = quantity->ChildValue("code");
    std::string value(quantity->ChildValue("value"));
    if (measured.unit.empty()) {
      measured.unit = unit;
    } else if (unit != measured.unit) {
      auto converted = fhir::ucum::Convert({.value = value, .unit = unit}, measured.unit);
      if (!converted) {
        return fhir::Fail(fhir::ErrorCode::kInvalid,
                          "the observations are in units that cannot be converted into each other");
      }
      value = *std::move(converted);
    }
    double number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    measured.values.push_back(number);
  }
  return measured;
}

class StatisticsWriter {
 public:
  explicit StatisticsWriter(const Call& call)
      : call_(call), document_(call.definitions().FindType("Parameters"), 64 * 1024) {}

  void AddStatistics(std::string_view subject, const Coding& coding, const Stretch& stretch,
                     const std::vector<std::string_view>& statistics, const Measured& measured,
                     std::size_t observations) {
    Node& observation = Resource("statistics", "Observation");
    document_.Add(observation, "status", "final");
    AddCoding(document_.Add(observation, "code"), coding);
    document_.Add(document_.Add(observation, "subject"), "reference", subject);
    if (stretch.low_us || stretch.high_us) {
      Node& period = document_.Add(observation, "effectivePeriod");
      if (stretch.low_us) {
        document_.Add(period, "start", fhir::FormatInstant(*stretch.low_us));
      }
      if (stretch.high_us) {
        document_.Add(period, "end", fhir::FormatInstant(*stretch.high_us));
      }
    }
    const Sample sample(measured.values, observations);
    for (const std::string_view statistic : statistics) {
      Node& component = document_.Add(observation, "component");
      AddCoding(document_.Add(component, "code"),
                {.system = kStatisticSystem, .version = {}, .code = statistic, .display = {}});
      if (const auto value = sample.Compute(statistic)) {
        AddQuantity(component, *value, statistic, measured.unit);
      } else {
        AddCoding(document_.Add(component, "dataAbsentReason"),
                  {.system = "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                   .version = {},
                   .code = "not-applicable",
                   .display = {}});
      }
    }
  }

  fhir::Result<void> AddSource(const port::StoredResource& source) {
    fhir::IssueList ignored(1);
    GW_ASSIGN(const Document document, fhir::json::ReadJson(source.body, call_.options().limits, ignored));
    Node& parameter = Parameter("source");
    document_.CopyInto(parameter, "resource", document.root());
    return {};
  }

  std::string Text() const { return fhir::json::WriteJson(document_.root()); }

 private:
  Node& Parameter(std::string_view name) {
    Node& parameter = document_.Add(document_.root(), "parameter");
    document_.Add(parameter, "name", name);
    return parameter;
  }
  Node& Resource(std::string_view name, std::string_view type_name) {
    return document_.AddResource(Parameter(name), "resource", call_.definitions().FindType(type_name));
  }
  void AddCoding(Node& concept_node, const Coding& coding) {
    Node& node = document_.Add(concept_node, "coding");
    if (!coding.system.empty()) {
      document_.Add(node, "system", coding.system);
    }
    document_.Add(node, "code", coding.code);
  }
  void AddQuantity(Node& component, double value, std::string_view statistic, std::string_view unit) {
    Node& quantity = document_.Add(component, "valueQuantity");
    // Doubles carry 15 digits; the tenth and what follows is the noise of the computation.
    document_.Add(quantity, "value", fmt::format("{:.10g}", value));
    std::string code = IsCount(statistic) || IsDimensionless(statistic) ? "1" : std::string(unit);
    if (IsSquared(statistic)) {
      code = fmt::format("({})2", code);
    }
    document_.Add(quantity, "unit", code);
    document_.Add(quantity, "system", fhir::ucum::kSystem);
    document_.Add(quantity, "code", code);
  }

  const Call& call_;
  Document document_;
};

}  // namespace

fhir::Result<http::Response> Stats(Call& call) {
  if (call.service.ports().clock == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kStatsParameters));
  GW_ASSIGN(const std::vector<std::string_view> statistics, StatisticsIn(parameters));
  GW_ASSIGN(const std::vector<Coding> codings, CodesIn(parameters));
  GW_ASSIGN(const Stretch stretch, StretchIn(call, parameters));
  fhir::search::ParseOptions options;
  options.base_url = call.options().base_url;
  options.zone = call.options().zone;
  auto subject =
      fhir::search::ParseConditional(call.type, "subject=" + http::PercentEncode(parameters.Text("subject")), options);
  if (!subject) {
    return parameters.Refuse(fhir::ErrorCode::kMalformed, "subject", "the subject must be a reference");
  }
  std::size_t sources_max = 0;
  if (parameters.Flag("include")) {
    const auto limit = static_cast<std::size_t>(parameters.Number("limit").value_or(kObservationsPerPage));
    sources_max = std::min(limit, kSourcesMax);
  }
  StatisticsWriter writer(call);
  std::vector<port::StoredResource> sources;  // those that the answer includes
  for (const Coding& coding : codings) {
    GW_ASSIGN(std::vector<port::StoredResource> observations, FindObservations(call, *subject, coding, stretch));
    GW_ASSIGN(const Measured measured, Measure(call, observations));
    writer.AddStatistics(parameters.Text("subject"), coding, stretch, statistics, measured, observations.size());
    for (port::StoredResource& observation : observations) {
      call.audit.entities.push_back({observation.type, observation.id, observation.version});
      if (sources.size() < sources_max) {
        sources.push_back(std::move(observation));
      }
    }
  }
  for (const port::StoredResource& source : sources) {
    GW_TRY(writer.AddSource(source));
  }
  return JsonResponse(call, 200, writer.Text());
}

}  // namespace gateway::rest::operations
