#include "tests/fuzz/json_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "fhir/json/reader.hpp"
#include "fhir/json/value.hpp"
#include "fhir/json/writer.hpp"

namespace fuzz {
namespace {

void Require(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

void TryResource(std::string_view text) {
  const fhir::Limits limits{
      .body_bytes_max = 1024 * 1024, .depth_max = 50, .string_bytes_max = 64 * 1024, .issues_max = 20};
  fhir::IssueList issues(limits.issues_max);
  std::string written;  // the tree itself is gone before the next one is made: memory is measured as of one reading
  {
    const auto document = fhir::json::ReadJson(text, limits, issues);
    if (!document) {
      Require(!document.error().public_text.text.empty(), "a refusal without a text\n");
      return;
    }
    written = fhir::json::WriteJson(document->root());
  }
  // What has issues may lose the parts they name; a clean text must come back whole.
  if (!issues.empty()) {
    return;
  }
  fhir::IssueList again_issues(limits.issues_max);
  const auto again = fhir::json::ReadJson(written, {.depth_max = 50}, again_issues);
  Require(again.has_value() && again_issues.empty(), "what was written cannot be read\n");
  Require(fhir::json::WriteJson(again->root()) == written, "writing is not stable\n");
}

void TryValue(std::string_view text) {
  const auto value = fhir::json::ReadValue(text);
  if (value) {
    const std::string written = fhir::json::WriteValue(*value);
    const auto again = fhir::json::ReadValue(written, {.bytes_max = 16 * 1024 * 1024, .depth_max = 32});
    Require(again.has_value() && *again == *value, "a value is not read back\n");
  }
}

}  // namespace

void TryJson(std::string_view text) {
  TryResource(text);
  TryValue(text);
}

}  // namespace fuzz
