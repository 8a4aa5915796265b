// The published validator cases, when the shared material is there: the same verdict, errors in the same places, none
// where none is expected.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/source_position.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "fhir/xml/reader.hpp"
#include "gateway/app/validation/text_validation.hpp"
#include "tests/conformance/reasons.hpp"
#include "tests/conformance/section.hpp"
#include "tests/conformance/tables.hpp"
#include "tests/conformance/validator_cases.hpp"

namespace fhir::conformance {
namespace {

const std::string kFolder = GW_SOURCE_DIR "/../shared/data/validator";

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

struct Found {
  std::string expression;
  std::size_t line = 0;
  std::string text;
};

struct Score {
  std::size_t runs = 0;
  std::size_t same = 0;
  std::size_t places = 0;
  std::size_t places_found = 0;
  std::size_t valid = 0;
  std::size_t valid_with_errors = 0;
  std::size_t extra = 0;
};

/// The canonical of a profile's file.
std::string UrlOf(const std::string& file) {
  const std::string text = ReadBytes(kFolder + "/files/" + file);
  IssueList issues;
  const auto document = file.ends_with(".xml") ? xml::ReadXml(text, {}, issues) : json::ReadJson(text, {}, issues);
  return document ? std::string(document->root().ChildValue("url")) : std::string();
}

std::vector<Found> Validate(const ValidatorCase& each) {
  packages::RegistryBuilder builder;
  IssueList loading;
  for (const std::string& file : each.supporting) {
    (void)builder.LoadPath(kFolder + "/files/" + file, loading);
  }
  std::vector<std::string> profiles;
  if (!each.profile.empty()) {
    const bool loaded = each.profile.starts_with("http");
    if (!loaded) {
      (void)builder.LoadPath(kFolder + "/files/" + each.profile, loading);
    }
    profiles.push_back(loaded ? each.profile : UrlOf(each.profile));
  }
  const auto registry = builder.Build(loading);
  const terminology::Terminology terminology(*registry);
  const validation::Validator validator(*registry, terminology);
  validation::ValidatorOptions options;
  options.profiles = profiles;
  options.extension_domains = each.extension_domains;
  options.examples = each.examples_allowed ? validation::Checking::kOff : validation::Checking::kOn;
  IssueList issues(gateway::app::kFileIssuesMax);
  const std::string text = ReadBytes(kFolder + "/files/" + each.file);
  gateway::app::ValidateText(text, validator, options, issues);
  const LineIndex lines(text);
  std::vector<Found> found;
  for (const Issue& issue : issues.issues()) {
    if (issue.severity == Severity::kError || issue.severity == Severity::kFatal) {
      found.push_back({.expression = issue.expression,
                       .line = issue.offset ? lines.Find(*issue.offset).line : 0,
                       .text = issue.text});
    }
  }
  return found;
}

bool IsFound(const ExpectedError& expected, const std::vector<Found>& found) {
  return std::any_of(found.begin(), found.end(), [&expected](const Found& error) {
    return error.expression == expected.expression || (expected.line != 0 && error.line == expected.line);
  });
}

TEST(ValidatorCases, VerdictsAndPlaces_AreThoseOfTheReferenceValidator) {
  if (!std::filesystem::exists(kFolder + "/cases.json")) {
    GTEST_SKIP() << "../shared/data/validator is not there";
  }
  const auto cases = ReadValidatorCases(kFolder);
  ASSERT_TRUE(cases) << cases.error().public_text.text;
  const char* only = std::getenv("GW_VALIDATOR_CASE");
  std::map<char, Score> scores;
  auto reasons = Reasons::Read("validator_misses.json");
  ASSERT_TRUE(reasons) << reasons.error().public_text.text;
  std::string misses;
  for (const ValidatorCase& each : *cases) {
    if (only != nullptr && each.name.find(only) == std::string::npos) {
      continue;
    }
    const std::vector<Found> found = Validate(each);
    Score& score = scores[each.tier];
    ++score.runs;
    const bool same = found.empty() == (each.errors_expected == 0);
    score.same += same ? 1 : 0;
    if (each.errors_expected == 0) {
      ++score.valid;
      score.valid_with_errors += found.empty() ? 0 : 1;
      score.extra += found.size();
    }
    if (!same) {
      misses += fmt::format("| {} | {} | {} | {} | {} |\n", each.tier, Cell(each.name),
                            found.empty() ? "error not found" : "error where none is expected",
                            found.empty() ? "" : Cell(found.front().expression), reasons->Find(each.name));
    }
    std::set<std::string> places;
    for (const ExpectedError& expected : each.errors) {
      if (!places.insert(fmt::format("{} {}", expected.expression, expected.line)).second) {
        continue;
      }
      ++score.places;
      const bool is_found = IsFound(expected, found);
      score.places_found += is_found ? 1 : 0;
      if (!is_found) {
        misses += fmt::format("| {} | {} | place not found ({}) | {} | {} |\n", each.tier, Cell(each.name),
                              expected.code, Cell(expected.expression), reasons->Find(each.name));
      }
    }
    if (!same || only != nullptr) {
      for (const Found& error : found) {
        fmt::print("FOUND {} {} | {} line {} | {}\n", each.tier, each.name, error.expression, error.line, error.text);
      }
    }
  }
  std::string text =
      "| tier | runs | same verdict | error places found | valid runs with errors | errors in them |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const auto& [tier, score] : scores) {
    text += fmt::format("| {} | {} | {} ({}) | {} of {} ({}) | {} of {} ({}) | {} |\n", tier, score.runs, score.same,
                        Percent(score.same, score.runs), score.places_found, score.places,
                        Percent(score.places_found, score.places), score.valid_with_errors, score.valid,
                        Percent(score.valid_with_errors, score.valid), score.extra);
  }
  text += "\n| tier | case | miss | place | why |\n| --- | --- | --- | --- | --- |\n" + misses;
  fmt::print("{}", text);
  if (only != nullptr) {
    return;
  }
  EXPECT_EQ(reasons->Problems(), "");
  EXPECT_EQ(CheckSection("validator", text), "");
  EXPECT_GE(scores['A'].same * 100, scores['A'].runs * 95);
  EXPECT_GE(scores['B'].same * 100, scores['B'].runs * 88);
  for (const auto& [tier, score] : scores) {
    EXPECT_GE(score.places_found * 100, score.places * 85) << tier;
    EXPECT_LT(score.valid_with_errors * 100, score.valid * 5) << tier;
  }
}

}  // namespace
}  // namespace fhir::conformance
