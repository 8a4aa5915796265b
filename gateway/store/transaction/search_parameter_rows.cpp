#include "gateway/store/transaction/search_parameter_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "fhir/search/parameter_definition.hpp"
#include "gateway/store/pg/array.hpp"
#include "gateway/store/search_parameters/registry.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Effect;
using fhir::metadata::Definitions;
using fhir::metadata::TypeId;
using fhir::search::CustomParameter;
using fhir::search::CustomParameters;
using fhir::search::ParameterDefinition;

// $1 the version that was worked by. Without the row, the logarithm of zero fails the transaction.
constexpr pg::Statement kCheckVersion{"check_search_registry", R"sql(
SELECT ln(count(*)::float8) FROM search_registry WHERE version = $1::bigint)sql"};

// $1 the version that was worked by
constexpr pg::Statement kMoveVersion{"move_search_registry", R"sql(
UPDATE search_registry SET version = version + 1, changed_at = clock_timestamp() WHERE version = $1::bigint)sql"};

// $1 url, $2 id of the resource behind it, or empty
constexpr pg::Statement kLetLeave{"leave_search_parameter", R"sql(
UPDATE search_parameter
   SET state = 'leaving', state_at = clock_timestamp(), wait_tx = NULL, at_type = 0, at_id = '', done = 0, total = NULL
 WHERE state <> 'leaving' AND (url = $1::text OR ($2::text <> '' AND origin = $2::text)))sql"};

// $1 url, $2 origin, $3 code, $4 name, $5 type, $6 expression, $7 bases, $8 targets, $9 components. Numbers are used in
// turn, so that one that became free rests as long as possible.
constexpr pg::Statement kInsertParameter{"insert_search_parameter", R"sql(
WITH made AS (
  INSERT INTO search_parameter (number, url, origin, code, name, type, expression, bases, targets, components, state)
  SELECT n, $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text[], $8::text[], $9::text[], 'indexing'
    FROM generate_series(16384, 32767) AS n
   WHERE NOT EXISTS (SELECT 1 FROM search_parameter p WHERE p.number = n)
   ORDER BY n <= (SELECT last_number FROM search_registry), n
   LIMIT 1
  RETURNING number)
UPDATE search_registry SET last_number = made.number FROM made)sql"};

TypeId ParameterType() {
  static const TypeId kType = Definitions::R4().FindType("SearchParameter");
  return kType;
}

bool WritesParameter(const Step& step) {
  return step.change.type == ParameterType() && !step.same_as && step.effect != Effect::kUnchanged;
}

bool IsWritten(const Step& step) {
  return WritesParameter(step) && step.effect != Effect::kDeleted;
}

void AddAtStep(const Step& step, const fhir::Issue& issue, fhir::IssueList& issues) {
  std::string expression = issue.expression;
  if (!step.change.place.empty()) {
    const std::size_t dot = expression.find('.');
    expression = step.change.place + (dot == std::string::npos ? std::string() : expression.substr(dot));
  }
  issues.AddAt(std::move(expression), issue.severity, issue.type, issue.text);
}

/// Checks each definition against those that stay and those that came before it in the transaction.
class DefinitionChecker {
 public:
  DefinitionChecker(const CustomParameters& in_force, std::span<const Step> steps) {
    std::set<std::string_view> written;
    for (const Step& step : steps) {
      if (WritesParameter(step)) {
        written.insert(step.id);
      }
    }
    for (const CustomParameter& parameter : in_force.all()) {
      if (parameter.origin.empty() || !written.contains(parameter.origin)) {
        beside_.push_back({&parameter.definition, parameter.origin});
      }
    }
  }

  void Check(const Step& step, fhir::IssueList& issues) {
    const fhir::model::Node& resource = step.change.resource->root();
    auto definition = fhir::search::ReadParameterDefinition(resource, Definitions::R4(), issues);
    if (!definition) {
      if (!issues.HasErrors()) {
        issues.AddAt("SearchParameter.status", fhir::Severity::kInformation, fhir::IssueType::kInformational,
                     resource.ChildValue("status") == "active"
                         ? "stored; the standard's own parameter of this name answers searches"
                         : "stored; only an active search parameter is indexed and can be searched by");
      }
      return;
    }
    // A resource takes the place of what a package brought under its url.
    std::erase_if(
        beside_, [&](const Beside& other) { return other.origin.empty() && other.definition->url == definition->url; });
    for (const Beside& other : beside_) {
      if (other.definition->url == definition->url) {
        issues.AddAt("SearchParameter.url", fhir::Severity::kError, fhir::IssueType::kDuplicate,
                     "another active SearchParameter has this url");
      } else if (fhir::search::Collide(*other.definition, *definition)) {
        issues.AddAt(
            "SearchParameter.code", fhir::Severity::kError, fhir::IssueType::kDuplicate,
            fmt::format("the search parameter {} has this name on one of the same types", other.definition->url));
      }
    }
    if (beside_.size() >= kCustomParametersMax) {
      issues.AddAt(
          "SearchParameter", fhir::Severity::kError, fhir::IssueType::kTooCostly,
          fmt::format("at most {} search parameters are indexed beside those of the standard", kCustomParametersMax));
    }
    own_.push_back(std::make_unique<ParameterDefinition>(*std::move(definition)));
    beside_.push_back({own_.back().get(), step.id});
  }

 private:
  struct Beside {
    const ParameterDefinition* definition;
    std::string origin;
  };
  std::vector<Beside> beside_;
  std::vector<std::unique_ptr<ParameterDefinition>> own_;
};

pg::Array NamesOf(const std::vector<TypeId>& types) {
  pg::Array names(pg::ElementType::kText);
  for (const TypeId type : types) {
    names.AddText(Definitions::R4().TypeName(type));
  }
  return names;
}

}  // namespace

fhir::Result<void> CheckSearchParameters(const ApplyContext& context, std::span<const Step> steps,
                                         fhir::IssueList& issues) {
  if (std::ranges::none_of(steps, IsWritten)) {
    return {};
  }
  DefinitionChecker checker(*context.search_parameters, steps);
  for (const Step& step : steps) {
    if (!IsWritten(step)) {
      continue;
    }
    fhir::IssueList found(context.options.limits.issues_max);
    checker.Check(step, found);
    for (const fhir::Issue& issue : found.issues()) {
      AddAtStep(step, issue, issues);
    }
    issues.CountLeftOut(found);
    if (found.HasErrors()) {
      fhir::Error error;
      error.code = fhir::ErrorCode::kInvalid;
      error.public_text.text = "The search parameter cannot be indexed; see the issues.";
      error.expression = step.change.place;
      return std::unexpected(std::move(error));
    }
  }
  return {};
}

std::vector<ParameterChange> ParameterChangesOf(const CustomParameters& in_force, std::span<const Step> steps) {
  std::vector<ParameterChange> changes;
  for (const Step& step : steps) {
    if (!WritesParameter(step)) {
      continue;
    }
    const auto all = in_force.all();
    const auto before = std::ranges::find(all, step.id, &CustomParameter::origin);
    fhir::IssueList checked(1);
    ParameterChange change{.url = {}, .origin = step.id, .comes = std::nullopt};
    if (step.effect != Effect::kDeleted) {
      change.comes = fhir::search::ReadParameterDefinition(step.change.resource->root(), Definitions::R4(), checked);
    }
    if (before != all.end()) {
      if (change.comes == before->definition) {
        continue;
      }
      change.url = before->definition.url;
    }
    if (change.comes) {
      const CustomParameter* const of_package = in_force.ByUrl(change.comes->url);
      if (of_package != nullptr && of_package->origin.empty()) {
        changes.push_back({.url = change.comes->url, .origin = {}, .comes = std::nullopt});
      }
    }
    if (!change.url.empty() || change.comes) {
      changes.push_back(std::move(change));
    }
  }
  return changes;
}

fhir::Result<void> WriteParameterChanges(Session& session, std::int64_t version,
                                         std::span<const ParameterChange> changes) {
  GW_ASSIGN(const pg::Rows moved, session.Read(kMoveVersion, pg::Parameters().Int(version)));
  if (moved.affected() != 1) {
    return fhir::Fail(fhir::ErrorCode::kConflict, {"The search parameters in use changed meanwhile."},
                      {"another version of the search parameters is in force"}, fhir::Retry::kLater);
  }
  for (const ParameterChange& change : changes) {
    session.Write(kLetLeave, pg::Parameters().Text(change.url).Text(change.origin));
  }
  for (const ParameterChange& change : changes) {
    if (!change.comes) {
      continue;
    }
    const ParameterDefinition& definition = *change.comes;
    pg::Parameters parameters;
    parameters.Text(definition.url)
        .Text(change.origin)
        .Text(definition.code)
        .Text(definition.name)
        .Text(fhir::search::SearchTypeCode(definition.type))
        .Text(definition.expression)
        .Add(NamesOf(definition.bases))
        .Add(NamesOf(definition.targets))
        .Add(pg::Array::Texts(search_parameters::ComponentTexts(definition.components)));
    GW_ASSIGN(const pg::Rows inserted, session.Read(kInsertParameter, parameters));
    if (inserted.affected() != 1) {
      return fhir::Fail(fhir::ErrorCode::kTooCostly,
                        "Too many search parameters were changed lately: their numbers are being freed.");
    }
  }
  return session.Flush();  // what the statements borrow is the caller's
}

void CheckParameterVersion(Session& session, std::int64_t version) {
  session.Write(kCheckVersion, pg::Parameters().Int(version));
}

}  // namespace gateway::store::transaction
