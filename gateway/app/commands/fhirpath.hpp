// passerelle fhirpath: one expression on one resource.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/packages/registry.hpp"
#include "gateway/app/command_line.hpp"
#include "gateway/app/exit_code.hpp"

namespace gateway::app {

/// The answer of `expression` on a resource as a JSON array of {"type":…,"value":…}: primitives as JSON values, other
/// elements as objects, computed dates and quantities as text.
/// Shape:  resource is JSON or XML; now is an instant, for now() and today(); value sets, profiles and definitions that
///         the expression asks for are those of the registry.
/// Cost:   reading, compiling and one evaluation within the default budgets.
/// Errors: as of reading, CompileChecked and Evaluate; those of the expression name their byte in it.
fhir::Result<std::string> EvaluateOnText(std::string_view expression, std::string_view resource, std::string_view now,
                                         const fhir::packages::Registry& registry = fhir::packages::Registry::Core());

ExitCode RunFhirPath(const Arguments& arguments);

}  // namespace gateway::app
