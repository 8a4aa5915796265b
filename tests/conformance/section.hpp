// docs/conformance.md is made by the conformance tests: each writes its section, between two marks, when the
// environment variable GW_UPDATE_GOLDEN is set, and compares it with the file when not.
#pragma once

#include <string>
#include <string_view>

namespace fhir::conformance {

/// What a section of docs/conformance.md, or of another page, differs in from `text`; empty when it is the same or has
/// just been written. Shape: name is that of the marks, "validator".
std::string CheckSection(std::string_view name, std::string_view text, std::string_view page = "docs/conformance.md");

}  // namespace fhir::conformance
