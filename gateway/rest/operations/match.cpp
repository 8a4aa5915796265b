// Patient/$match: who of the record a patient may be. It reads, and never links: links are made by an equal qualified
// INS alone. Source: https://hl7.org/fhir/R4/patient-operation-match.html
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/operations/patient_traits.hpp"
#include "gateway/rest/operations/searchset.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
namespace search = fhir::search;

constexpr ParameterRow kMatchParameters[] = {
    {.name = "resource",
     .kind = ParameterKind::kResource,
     .required = true,
     .resource_type = "Patient",
     .may_be_body = true},
    {.name = "onlyCertainMatches", .kind = ParameterKind::kBoolean},
    {.name = "count", .kind = ParameterKind::kPositive},
};

constexpr int kCandidatesMax = 100;  // of each search
constexpr std::int64_t kMatchesUsual = 10;
constexpr std::size_t kIdentifiersMax = 20;

/// Searches that find whoever may be meant: by identifier, and by any two of name, given name and birth date.
class CandidateSearches {
 public:
  CandidateSearches(const Call& call, const PatientTraits& traits) : call_(call), traits_(traits) {}

  std::vector<search::Query> Make() {
    ByIdentifier();
    const std::vector<search::Criterion> name = ByText("family", traits_.family_text);
    const std::vector<search::Criterion> given = ByText("given", traits_.given_text);
    const std::vector<search::Criterion> date = ByBirthDate();
    Both(name, date);
    Both(given, date);
    Both(name, given);
    return std::move(queries_);
  }

 private:
  search::Criterion Criterion(std::string_view parameter) const {
    search::Criterion criterion;
    criterion.parameter = call_.definitions().FindSearchParameter(call_.type, parameter);
    return criterion;
  }
  void Add(std::vector<search::Criterion> criteria) {
    search::Query query;
    query.type = call_.type;
    query.criteria = std::move(criteria);
    query.count = kCandidatesMax;
    queries_.push_back(std::move(query));
  }
  void Both(const std::vector<search::Criterion>& a, const std::vector<search::Criterion>& b) {
    if (!a.empty() && !b.empty()) {
      Add({a.front(), b.front()});
    }
  }
  void ByIdentifier() {
    search::Criterion criterion = Criterion("identifier");
    for (const PersonIdentifier& identifier : traits_.identifiers) {
      if (!identifier.system.empty() && !identifier.shared && criterion.values.size() < kIdentifiersMax) {
        criterion.values.push_back(search::TokenValue{.system = identifier.system, .code = identifier.value});
      }
    }
    if (!criterion.values.empty()) {
      Add({std::move(criterion)});
    }
  }
  std::vector<search::Criterion> ByText(std::string_view parameter, const std::string& text) const {
    if (text.empty()) {
      return {};
    }
    search::Criterion criterion = Criterion(parameter);
    criterion.values.push_back(search::StringValue{text});
    return {std::move(criterion)};
  }
  std::vector<search::Criterion> ByBirthDate() const {
    const auto date = fhir::ParseDate(traits_.birth_date);
    const auto range = date ? fhir::ToRange(*date, call_.options().zone) : fhir::Result<fhir::UsRange>();
    if (!date || !range) {
      return {};
    }
    search::Criterion criterion = Criterion("birthdate");
    criterion.values.push_back(search::DateValue{search::Prefix::kEq, range->low_us, range->high_us});
    return {std::move(criterion)};
  }

  const Call& call_;
  const PatientTraits& traits_;
  std::vector<search::Query> queries_;
};

struct Candidate {
  port::StoredResource resource;
  PatientMatch match;
};

fhir::Result<std::vector<Candidate>> FindCandidates(Call& call, const PatientTraits& traits,
                                                    const std::vector<search::Query>& queries) {
  std::map<std::string, port::StoredResource> found;
  for (const search::Query& query : queries) {
    GW_ASSIGN(port::SearchPage page, call.service.ports().store.Search(call.actor, query));
    for (port::SearchHit& hit : page.hits) {
      found.try_emplace(hit.resource.id, std::move(hit.resource));
    }
  }
  std::vector<Candidate> candidates;
  for (auto& [id, resource] : found) {
    fhir::IssueList ignored(1);
    GW_ASSIGN(const fhir::model::Document document,
              fhir::json::ReadJson(resource.body, call.options().limits, ignored));
    const PatientMatch match = Compare(traits, TraitsOf(document.root()));
    if (match.grade != MatchGrade::kCertainlyNot) {
      candidates.push_back({std::move(resource), match});
    }
  }
  std::ranges::sort(candidates, {}, [](const Candidate& candidate) {
    return std::tuple(candidate.match.grade, -candidate.match.percent, std::string_view(candidate.resource.id));
  });
  return candidates;
}

}  // namespace

fhir::Result<http::Response> MatchPatient(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kMatchParameters));
  const PatientTraits traits = TraitsOf(*parameters.Element("resource"));
  const std::vector<search::Query> queries = CandidateSearches(call, traits).Make();
  if (queries.empty()) {
    return parameters.Refuse(
        fhir::ErrorCode::kInvalid, "resource",
        "an identifier with its system, or two of birth name, given name and birth date are needed");
  }
  GW_ASSIGN(std::vector<Candidate> candidates, FindCandidates(call, traits, queries));
  Searchset searchset;
  if (parameters.Flag("onlyCertainMatches")) {
    std::erase_if(candidates, [](const Candidate& each) { return each.match.grade != MatchGrade::kCertain; });
    if (candidates.size() > 1) {
      // Several that are certain are, for who asks for one, none: the standard wants them held back.
      candidates.clear();
      searchset.warnings = fhir::operation_outcome::ToOperationOutcome(
          "there is more than one certain match: ask without onlyCertainMatches to see them");
    }
  }
  const auto count = static_cast<std::size_t>(parameters.Number("count").value_or(kMatchesUsual));
  if (candidates.size() > count) {
    candidates.resize(count);
  }
  for (const Candidate& candidate : candidates) {
    searchset.entries.push_back(
        {.type_name = call.type_name(),
         .id = candidate.resource.id,
         .body = candidate.resource.body,
         .included = false,
         .score = fmt::format("{}.{:02}", candidate.match.percent / 100, candidate.match.percent % 100),
         .match_grade = Code(candidate.match.grade)});
    call.audit.entities.push_back({candidate.resource.type, candidate.resource.id, candidate.resource.version});
  }
  searchset.total = static_cast<std::int64_t>(candidates.size());
  searchset.self = OperationUrl(call, {});
  return SearchsetResponse(call, searchset);
}

}  // namespace gateway::rest::operations
