#include "tests/fuzz/xml_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/xml/reader.hpp"
#include "fhir/xml/writer.hpp"

namespace fuzz {
namespace {

constexpr fhir::Limits kXmlLimits{
    .body_bytes_max = 1024 * 1024, .depth_max = 50, .string_bytes_max = 64 * 1024, .issues_max = 20};

void RequireXml(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

}  // namespace

void TryXml(std::string_view text) {
  fhir::IssueList issues(kXmlLimits.issues_max);
  std::string json;  // the tree itself is gone before the next one is made: memory is measured as of one reading
  std::string xml;
  {
    const auto document = fhir::xml::ReadXml(text, kXmlLimits, issues);
    if (!document) {
      RequireXml(!document.error().public_text.text.empty(), "a refusal without a text\n");
      RequireXml(document.error().code != fhir::ErrorCode::kInternal, "a failure of the library\n");
      return;
    }
    json = fhir::json::WriteJson(document->root());
    xml = fhir::xml::WriteXml(document->root());
  }
  // Whatever was read can be written as JSON and read again, though not all is kept of what has issues.
  fhir::IssueList json_issues;
  RequireXml(fhir::json::ReadJson(json, {}, json_issues).has_value(), "what was written as JSON cannot be read\n");
  fhir::IssueList xml_issues;
  const auto again = fhir::xml::ReadXml(xml, {}, xml_issues);
  RequireXml(again.has_value(), "what was written cannot be read\n");
  if (issues.empty()) {
    RequireXml(xml_issues.empty() && json_issues.empty(), "what was written has issues\n");
    RequireXml(fhir::json::WriteJson(again->root()) == json, "another tree is read back\n");
    RequireXml(fhir::xml::WriteXml(again->root()) == xml, "writing is not stable\n");
  }
}

}  // namespace fuzz
