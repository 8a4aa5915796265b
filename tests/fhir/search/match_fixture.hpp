// Whether a resource meets a query, both as texts.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "fhir/json/reader.hpp"
#include "fhir/search/extractor.hpp"
#include "fhir/search/match.hpp"
#include "fhir/search/query_parser.hpp"

namespace search_test {

inline bool Matches(std::string_view json, std::string_view query_text,
                    const fhir::search::ParseOptions& options = {}) {
  static fhir::search::Extractor extractor;
  fhir::IssueList issues;
  const auto document = fhir::json::ReadJson(json, {}, issues);
  const auto parameters = fhir::search::SplitQueryText(query_text);
  if (!document || issues.HasErrors() || !parameters) {
    ADD_FAILURE() << "the test's own resource or query cannot be read: " << query_text;
    return false;
  }
  const auto query = fhir::search::ParseQuery(document->root().type, *parameters, options, issues);
  if (!query) {
    ADD_FAILURE() << query_text << ": " << query.error().public_text.text;
    return false;
  }
  const auto values = extractor.Extract(document->root(), {.base_url = "http://gw/fhir"}, issues);
  EXPECT_TRUE(issues.empty()) << (issues.empty() ? "" : issues.issues().front().text);
  EXPECT_TRUE(fhir::search::CanMatchAlone(query->criteria)) << query_text;
  return fhir::search::Matches(query->criteria, values,
                               {.id = std::string(document->id()), .type = document->root().type});
}

}  // namespace search_test
