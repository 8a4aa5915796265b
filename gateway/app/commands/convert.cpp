#include "gateway/app/commands/convert.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "fhir/base/source_position.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/xml/losses.hpp"
#include "fhir/xml/writer.hpp"
#include "gateway/app/commands/files.hpp"
#include "gateway/app/commands/resource_text.hpp"

namespace gateway::app {
namespace {

/// "FILE:3:7: error: Patient.name[0]: ...", as compilers say it, so that editors find the place.
void Say(std::string_view path, std::string_view text, std::optional<std::size_t> offset, std::string_view severity,
         std::string_view expression, std::string_view what) {
  std::string place(path);
  if (offset) {
    const fhir::SourcePosition position = fhir::PositionOf(text, *offset);
    place += fmt::format(":{}:{}", position.line, position.column);
  }
  fmt::print(stderr, "{}: {}: {}{}{}\n", place, severity, expression, expression.empty() ? "" : ": ", what);
}

}  // namespace

fhir::Result<std::string> ConvertText(std::string_view text, const ConvertTarget& target, fhir::IssueList& issues) {
  GW_ASSIGN(const fhir::model::Document document, ReadResourceText(text, {}, issues));
  if (target.format == ConvertTarget::Format::kXml) {
    fhir::xml::CheckLosses(document.root(), issues);
  }
  std::string converted = target.format == ConvertTarget::Format::kXml
                              ? fhir::xml::WriteXml(document.root(), {.pretty = target.pretty})
                              : fhir::json::WriteJson(document.root(), {.pretty = target.pretty});
  if (!converted.ends_with('\n')) {
    converted += '\n';
  }
  return converted;
}

ExitCode RunConvert(const Arguments& arguments) {
  const std::string to = arguments.Value("--to").value_or("");
  if (to != "json" && to != "xml") {
    return Usage("convert", "--to json or --to xml is expected");
  }
  if (arguments.operands().size() != 1) {
    return Usage("convert", "one file is expected, or - for standard input");
  }
  const std::string& path = arguments.operands().front();
  const auto text = ReadWholeFile(path);
  if (!text) {
    return Report(text.error());
  }
  const ConvertTarget target{to == "xml" ? ConvertTarget::Format::kXml : ConvertTarget::Format::kJson,
                             arguments.Has("--pretty")};
  fhir::IssueList issues;
  const auto converted = ConvertText(*text, target, issues);
  for (const fhir::Issue& issue : issues.issues()) {
    Say(path, *text, issue.offset, Code(issue.severity), issue.expression, issue.text);
  }
  if (!converted) {
    const fhir::Error& error = converted.error();
    Say(path, *text, error.offset, "error", error.expression, error.public_text.text);
    return ExitCode::kFailed;
  }
  if (const auto written = WriteOutput(*converted), flushed = FlushOutput(); !written || !flushed) {
    return Report(written ? flushed.error() : written.error());
  }
  return issues.HasErrors() ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace gateway::app
