#include "gateway/store/search_parameters/start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "fhir/json/reader.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/search/parameter_definition.hpp"
#include "gateway/store/transaction/search_parameter_rows.hpp"
#include "gateway/store/transaction/session.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_parameters {
namespace {

using fhir::search::CustomParameter;
using fhir::search::CustomParameters;
using fhir::search::ParameterDefinition;
using transaction::ParameterChange;

constexpr int kAttemptsMax = 20;  // nodes that start together follow each other

// $1 type; one by one, so that resources of any size are not held together
constexpr pg::Statement kSelectStoredIds{"select_stored_search_parameters", R"sql(
SELECT id FROM resource_version WHERE type = $1::smallint AND closed_tx IS NULL AND NOT deleted ORDER BY id)sql"};
// $1 type, $2 id
constexpr pg::Statement kSelectStored{"select_stored_search_parameter", R"sql(
SELECT body FROM resource_version WHERE type = $1::smallint AND id = $2::text AND closed_tx IS NULL AND NOT deleted)sql"};

struct Candidate {
  ParameterDefinition definition;
  std::string origin;  // id of the resource; empty of a package
};

/// Active SearchParameter resources that can be indexed and are not.
fhir::Result<std::vector<Candidate>> StoredParameters(pg::Pool& pool, const CustomParameters& in_force) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  const std::int16_t type = TypeCode(r4.FindType("SearchParameter"));
  std::vector<Candidate> candidates;
  GW_ASSIGN(const auto connection, pool.Acquire());
  GW_ASSIGN(const pg::Rows ids, connection->Execute(kSelectStoredIds, pg::Parameters().Int(type)));
  for (int i = 0; i < ids.size(); ++i) {
    const std::string id = ids[i].String(0);
    if (std::ranges::find(in_force.all(), id, &CustomParameter::origin) != in_force.all().end()) {
      continue;
    }
    GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectStored, pg::Parameters().Int(type).Text(id)));
    if (rows.empty()) {
      continue;
    }
    fhir::IssueList issues(1);
    const auto document = fhir::json::ReadJson(rows[0].Bytes(0), {}, issues);
    if (!document) {
      continue;
    }
    if (auto definition = fhir::search::ReadParameterDefinition(document->root(), r4, issues)) {
      candidates.push_back({*std::move(definition), id});
    }
  }
  return candidates;
}

/// What is missing, and what cannot come.
std::vector<ParameterChange> Missing(const CustomParameters& in_force, std::span<const Candidate> candidates,
                                     StartReport& report) {
  std::vector<ParameterChange> changes;
  std::vector<const ParameterDefinition*> beside;
  for (const CustomParameter& parameter : in_force.all()) {
    beside.push_back(&parameter.definition);
  }
  for (const auto& [definition, origin] : candidates) {
    const CustomParameter* const known = in_force.ByUrl(definition.url);
    if (known != nullptr && (!known->origin.empty() || (origin.empty() && known->definition == definition))) {
      continue;
    }
    const std::string& url = definition.url;
    if (std::ranges::any_of(changes, [&](const ParameterChange& other) { return other.comes->url == url; })) {
      continue;  // of two the first, resources before packages
    }
    const auto rival = std::ranges::find_if(beside, [&, &wanted = definition](const ParameterDefinition* other) {
      return other->url != wanted.url && fhir::search::Collide(*other, wanted);
    });
    if (rival != beside.end()) {
      report.passed_over.push_back(
          fmt::format("search parameter {}: {} has its name on one of the same types", url, (*rival)->url));
      continue;
    }
    if (known == nullptr && beside.size() >= transaction::kCustomParametersMax) {
      report.passed_over.push_back(
          fmt::format("search parameter {}: more than {} are not indexed", url, transaction::kCustomParametersMax));
      continue;
    }
    beside.push_back(&definition);
    changes.push_back({.url = known == nullptr ? std::string() : url, .origin = origin, .comes = definition});
  }
  return changes;
}

}  // namespace

fhir::Result<StartReport> TakeParameters(pg::Pool& pool, Registry& registry,
                                         std::span<const ParameterDefinition> of_packages) {
  for (int attempt = 1;; ++attempt) {
    StartReport report;
    GW_ASSIGN(const auto in_force, registry.Current());
    GW_ASSIGN(std::vector<Candidate> candidates, StoredParameters(pool, *in_force));
    for (const ParameterDefinition& definition : of_packages) {
      candidates.push_back({definition, {}});
    }
    const std::vector<ParameterChange> changes = Missing(*in_force, candidates, report);
    report.taken = static_cast<int>(changes.size());
    if (changes.empty()) {
      return report;
    }
    GW_ASSIGN(const auto session, transaction::Session::Open(pool));
    auto written = transaction::WriteParameterChanges(*session, in_force->version(), changes);
    if (written) {
      written = session->Commit();
    }
    registry.Outdated();
    if (written) {
      return report;
    }
    if (written.error().retry != fhir::Retry::kLater || attempt == kAttemptsMax) {
      return std::unexpected(std::move(written).error());
    }
  }
}

}  // namespace gateway::store::search_parameters
