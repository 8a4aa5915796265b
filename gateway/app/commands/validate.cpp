#include "gateway/app/commands/validate.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/commands/files.hpp"
#include "gateway/app/commands/packages.hpp"
#include "gateway/app/validation/file_list.hpp"
#include "gateway/app/validation/ordered_work.hpp"
#include "gateway/app/validation/text_validation.hpp"

namespace gateway::app {
namespace {

namespace validation = fhir::validation;

struct Files {
  std::vector<std::string> paths;
  const validation::Validator& validator;
  const validation::ValidatorOptions& options;
  std::atomic<bool> errors = false;
};

/// The line of one file.
std::string Outcome(Files& files, std::size_t at) {
  const std::string& path = files.paths[at];
  fhir::IssueList issues(kFileIssuesMax);
  const auto text = ReadWholeFile(path);
  if (text) {
    ValidateText(*text, files.validator, files.options, issues);
  } else {
    issues.AddAt("", fhir::Severity::kFatal, fhir::IssueType::kNotFound, text.error().public_text.text);
  }
  if (issues.HasErrors()) {
    files.errors = true;
  }
  return fhir::operation_outcome::ToOperationOutcome(
      issues, {.text = text ? std::string_view(*text) : std::string_view{}, .name = path == "-" ? "" : path});
}

}  // namespace

ExitCode RunValidate(const Arguments& arguments) {
  if (arguments.operands().empty()) {
    return Usage("validate", "at least one file or directory is expected");
  }
  const auto packages = LoadPackages(arguments.Values("--package"));
  if (!packages) {
    return Report(packages.error());
  }
  const fhir::packages::Registry& registry = *packages->registry;
  const fhir::terminology::Terminology terminology(registry);
  const validation::Validator validator(registry, terminology);
  const std::vector<std::string> profiles = arguments.Values("--profile");
  validation::ValidatorOptions options;
  options.profiles = profiles;
  FileList list = ListFiles(arguments.operands());
  for (const std::string& problem : list.problems) {
    fmt::print(stderr, "passerelle validate: {}\n", problem);
  }
  Files files{.paths = std::move(list.files),
              .validator = validator,
              .options = options,
              .errors = !list.problems.empty() || !packages->whole};
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  fhir::Result<void> written;
  RunInOrder(
      {.pieces = files.paths.size(), .threads = threads, .waiting_max = 8 * threads},
      [&files](std::size_t at) { return Outcome(files, at); },
      [&written](const std::string& line) {
        written = WriteOutput(line + '\n');
        return written.has_value();
      });
  if (const auto flushed = FlushOutput(); !written || !flushed) {
    return Report(written ? flushed.error() : written.error());
  }
  return files.errors ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace gateway::app
