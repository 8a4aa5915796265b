#include <algorithm>
#include <compare>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/decimal.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

std::vector<const Node*> Parts(const Node& node, std::string_view name) {
  std::vector<const Node*> found;
  for (const Node& child : node.children()) {
    if (child.name == name) {
      found.push_back(&child);
    }
  }
  return found;
}

/// Two concepts share a coding.
bool ShareCoding(const Node& left, const Node& right) {
  for (const Node* mine : Parts(left, "coding")) {
    for (const Node* theirs : Parts(right, "coding")) {
      if (mine->ChildValue("code") == theirs->ChildValue("code") &&
          mine->ChildValue("system") == theirs->ChildValue("system")) {
        return true;
      }
    }
  }
  return false;
}

/// The same, or neither has codings and both have one text.
bool SameConcept(const Node& left, const Node& right) {
  return ShareCoding(left, right) ||
         (left.Child("coding") == nullptr && right.Child("coding") == nullptr && !left.ChildValue("text").empty() &&
          left.ChildValue("text") == right.ChildValue("text"));
}

const Node* MatchByCode(const Node& code, const std::vector<const Node*>& defined) {
  const auto found = std::find_if(defined.begin(), defined.end(), [&code](const Node* candidate) {
    const Node* theirs = candidate->Child("code");
    return theirs != nullptr && SameConcept(code, *theirs);
  });
  return found == defined.end() ? nullptr : *found;
}

/// Which parts of the measure the parts of a report are, each by its code.
using Matches = std::vector<std::pair<const Node*, const Node*>>;

/// Every part has a code that the measure has, and no two have the same.
Matches MatchParts(const Node& report, std::string_view name, const std::vector<const Node*>& defined,
                   IssueList& issues) {
  Matches matches;
  for (const Node* part : Parts(report, name)) {
    const Node* code = part->Child("code");
    const Node* match = code == nullptr ? nullptr : MatchByCode(*code, defined);
    if (match == nullptr) {
      Report(*part, IssueType::kBusinessRule, fmt::format("a {} of the measure is expected, by its code", name),
             issues);
      continue;
    }
    const bool known =
        std::any_of(matches.begin(), matches.end(), [match](const auto& each) { return each.second == match; });
    if (known) {
      Report(*part, IssueType::kBusinessRule, fmt::format("each {} of the measure is expected once", name), issues);
    } else {
      matches.emplace_back(part, match);
    }
  }
  return matches;
}

/// What the measure defines is there.
void CheckMissing(const Node& report, std::string_view name, const std::vector<const Node*>& defined,
                  const Matches& matches, IssueList& issues) {
  for (const Node* part : defined) {
    const Node* code = part->Child("code");
    const bool found =
        std::any_of(matches.begin(), matches.end(), [part](const auto& each) { return each.second == part; });
    if (!found && code != nullptr && code->Find("coding.code") != nullptr &&
        code->FindValue("coding.code") != "measure-observation") {
      Report(report, IssueType::kBusinessRule, fmt::format("every {} of the measure is expected", name), issues);
    }
  }
}

void CheckSubjects(const Node& population, std::string_view type, IssueList& issues) {
  if (type == "subject-list") {
    return;
  }
  if (population.Child("subjectResults") != nullptr) {
    Report(population, IssueType::kBusinessRule, "subjects are expected in a report of type subject-list alone",
           issues);
  }
  if (population.Child("count") == nullptr) {
    Report(population, IssueType::kBusinessRule, "a count is expected in a report that lists no subjects", issues,
           Severity::kWarning);
  }
}

/// A share is a number from 0 to 1 without a unit.
void CheckProportion(const Node& score, IssueList& issues) {
  for (const Node& part : score.children()) {
    if (part.name == "unit" || part.name == "system" || part.name == "code") {
      Report(part, IssueType::kBusinessRule, "no unit is expected of a proportion", issues);
    }
  }
  const Node* value = score.Child("value");
  if (value != nullptr && value->HasValue() &&
      (CompareDecimals(value->value, "0") == std::strong_ordering::less ||
       CompareDecimals(value->value, "1") == std::strong_ordering::greater)) {
    Report(*value, IssueType::kRequired, "a value from 0 to 1 is expected of a proportion", issues);
  }
}

/// Source: https://hl7.org/fhir/R4/valueset-measure-scoring.html
void CheckScore(const Node& group, std::string_view scoring, std::string_view type, IssueList& issues) {
  constexpr std::string_view kScored[] = {"proportion", "ratio", "continuous-variable"};
  const Node* score = group.Child("measureScore");
  if (type == "data-collection" || scoring == "cohort") {
    if (score != nullptr) {
      Report(*score, IssueType::kBusinessRule,
             type == "data-collection" ? "no score is expected where data is collected"
                                       : "no score is expected, since the measure counts a cohort",
             issues);
    }
    return;
  }
  if (std::find(std::begin(kScored), std::end(kScored), scoring) == std::end(kScored)) {
    return;
  }
  if (score == nullptr) {
    Report(group, IssueType::kRequired, fmt::format("a score is expected, since the measure's is a {}", scoring),
           issues);
    return;
  }
  if (score->Child("value") == nullptr && score->Child("extension") == nullptr) {
    Report(*score, IssueType::kRequired, "a value is expected of a score", issues);
  }
  if (scoring == "proportion") {
    CheckProportion(*score, issues);
  }
}

/// The only group of a report on a measure of one group may do without a code, and has no other.
void CheckOnlyGroup(const Node& group, const Node& defined, IssueList& issues) {
  const Node* code = group.Child("code");
  const Node* theirs = defined.Child("code");
  if (code != nullptr && theirs != nullptr && !SameConcept(*code, *theirs)) {
    Report(group, IssueType::kBusinessRule, "the code of the measure's group is expected", issues);
  }
}

}  // namespace

void CheckMeasureReport(const Node& report, const FamilyContext& context, IssueList& issues) {
  const std::string_view type = report.ChildValue("type");
  const std::vector<const Node*> groups = Parts(report, "group");
  for (const Node* group : groups) {
    for (const Node* population : Parts(*group, "population")) {
      CheckSubjects(*population, type, issues);
    }
  }
  const std::string_view canonical = report.ChildValue("measure");
  const Node* measure = canonical.starts_with('#') ? context.resolve(report, canonical)
                        : canonical.empty()        ? nullptr
                                                   : context.registry.Find("Measure", canonical);
  const std::vector<const Node*> defined = measure == nullptr ? std::vector<const Node*>{} : Parts(*measure, "group");
  if (defined.empty()) {
    return;  // nothing is known, or the measure has no groups
  }
  Matches matches;
  if (groups.size() == 1 && defined.size() == 1) {
    CheckOnlyGroup(*groups.front(), *defined.front(), issues);
    matches.emplace_back(groups.front(), defined.front());
  } else {
    matches = MatchParts(report, "group", defined, issues);
    if (type != "data-collection") {
      CheckMissing(report, "group", defined, matches, issues);
    }
  }
  for (const auto& [group, match] : matches) {
    for (const std::string_view name : {"population", "stratifier"}) {
      const std::vector<const Node*> parts = Parts(*match, name);
      CheckMissing(*group, name, parts, MatchParts(*group, name, parts, issues), issues);
    }
    CheckScore(*group, measure->FindValue("scoring.coding.code"), type, issues);
  }
}

}  // namespace fhir::validation
