// Reads the official FHIRPath suite and judges our answers by it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fhir::conformance {

/// One <output>: the type may be left unsaid.
struct SuiteOutput {
  std::string type;
  std::string text;
};

/// One <test> of the suite, as written there.
struct SuiteCase {
  std::string group;
  std::string name;
  std::string input_file;  ///< empty when the case has none
  std::string expression;
  std::string invalid;  ///< "syntax", "semantic", "execution", or empty
  bool predicate = false;
  bool ordered = true;
  std::vector<SuiteOutput> outputs;
};

/// The cases in the order of the file. Nothing when it cannot be read.
std::optional<std::vector<SuiteCase>> ReadSuite(const std::filesystem::path& file);

}  // namespace fhir::conformance
