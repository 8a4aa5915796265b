#include "tests/fuzz/search_fuzz.hpp"

#include <cstdio>
#include <cstdlib>

#include "fhir/metadata/definitions.hpp"
#include "fhir/search/query_parser.hpp"

namespace fuzz {
namespace {

void RequireSearch(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

fhir::search::ParseOptions SearchOptions(fhir::search::UnknownParameter unknown) {
  fhir::search::ParseOptions options;
  options.base_url = "https://gw.example/fhir";
  options.now_us = 1'738'314'000'000'000;
  options.unknown = unknown;
  options.criteria_max = 20;
  options.values_max = 20;
  options.value_bytes_max = 4096;
  return options;
}

void TryType(std::string_view type, std::string_view text, const fhir::search::ParseOptions& options) {
  const auto pairs = fhir::search::SplitQueryText(text);
  if (!pairs) {
    RequireSearch(!pairs.error().public_text.text.empty(), "a refusal without a text\n");
    return;
  }
  const auto id = fhir::metadata::Definitions::R4().FindType(type);
  fhir::IssueList warnings(20);
  const auto query = fhir::search::ParseQuery(id, *pairs, options, warnings);
  if (!query) {
    RequireSearch(!query.error().public_text.text.empty(), "a refusal without a text\n");
    return;
  }
  RequireSearch(query->criteria.size() <= options.criteria_max, "more criteria than allowed\n");
  const auto self_pairs = fhir::search::SplitQueryText(query->self);
  RequireSearch(self_pairs.has_value(), "the self link cannot be split\n");
  fhir::IssueList self_warnings(20);
  const auto again = fhir::search::ParseQuery(id, *self_pairs, options, self_warnings);
  RequireSearch(again.has_value(), "the self link is not understood\n");
  RequireSearch(again->self == query->self && again->criteria.size() == query->criteria.size(),
                "the self link means something else\n");
}

}  // namespace

void TrySearch(std::string_view text) {
  const auto strict = SearchOptions(fhir::search::UnknownParameter::kStrict);
  const auto lenient = SearchOptions(fhir::search::UnknownParameter::kLenient);
  for (const std::string_view type : {"Patient", "Observation", "Claim", "DocumentReference"}) {
    TryType(type, text, strict);
    TryType(type, text, lenient);
  }
  const auto condition =
      fhir::search::ParseConditional(fhir::metadata::Definitions::R4().FindType("Patient"), text, strict);
  RequireSearch(!condition || !condition->criteria.empty(), "a condition without criteria\n");
}

}  // namespace fuzz
