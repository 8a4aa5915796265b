// The command `convert`: a resource from JSON or XML to JSON or XML.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "gateway/app/commands/command.hpp"

namespace gateway::app {

struct ConvertTarget {
  enum class Format : unsigned char { kJson, kXml } format = Format::kJson;
  bool pretty = false;
};

/// The resource in the other format; what the text says itself tells which one it is in.
/// Errors, issues: of the reader of the format. What issues name may be missing in the result.
fhir::Result<std::string> ConvertText(std::string_view text, const ConvertTarget& target, fhir::IssueList& issues);

ExitCode RunConvert(const Arguments& arguments);

}  // namespace gateway::app
