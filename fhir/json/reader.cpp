#include "fhir/json/reader.hpp"

#include <utility>

#include "fhir/json/resource_builder.hpp"
#include "fhir/json/scan.hpp"

namespace fhir::json {
namespace {

struct Attempt {
  ScanEnd end;
  Result<model::Document> document;
};

/// One scan of the text with issues of its own, since it may have to be done again.
Attempt ScanResource(std::string_view text, std::string_view stream_text, const Limits& limits, IssueList& issues) {
  ResourceBuilder builder(text, limits, issues);
  ScanEnd end = Scan(text, stream_text, builder);
  if (end.stopped) {
    end.error = builder.TakeError();
  }
  if (end.error || end.number_too_big) {
    return {std::move(end), Fail(ErrorCode::kMalformed, "")};
  }
  return {std::move(end), builder.Finish()};
}

}  // namespace

Result<model::Document> ReadJson(std::string_view text, const Limits& limits, IssueList& issues) {
  if (auto error = CheckBytes(text, limits.body_bytes_max)) {
    return std::unexpected(*std::move(error));
  }
  IssueList found(limits.issues_max);
  Attempt attempt = ScanResource(text, text, limits, found);
  if (attempt.end.number_too_big) {
    found = IssueList(limits.issues_max);
    attempt = ScanResource(text, MaskBigNumbers(text), limits, found);
  }
  issues.AddAll(found);
  if (attempt.end.error) {
    return std::unexpected(*std::move(attempt.end.error));
  }
  if (attempt.end.number_too_big) {
    return std::unexpected(MalformedAt("a number that cannot be read", 0));
  }
  return std::move(attempt.document);
}

}  // namespace fhir::json
