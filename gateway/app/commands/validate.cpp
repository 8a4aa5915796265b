#include "gateway/app/commands/validate.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/date_time.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/clock_and_ids.hpp"
#include "gateway/app/commands/files.hpp"
#include "gateway/app/commands/packages.hpp"
#include "gateway/app/validation/file_list.hpp"
#include "gateway/app/validation/ordered_work.hpp"
#include "gateway/app/validation/resource_lines.hpp"
#include "gateway/app/validation/text_validation.hpp"

namespace gateway::app {
namespace {

namespace validation = fhir::validation;

/// Gives the texts of the files one after another: a file whole, the lines of an NDJSON file each for itself.
class Texts {
 public:
  Texts(std::vector<std::string> paths, const validation::Validator& validator,
        const validation::ValidatorOptions& options)
      : paths_(std::move(paths)), validator_(validator), options_(options) {}

  Piece Next() {
    while (lines_ || at_ < paths_.size()) {
      if (lines_) {
        if (Piece piece = NextLine()) {
          return piece;
        }
      } else if (std::string path = paths_[at_++]; !IsNdjson(path)) {
        return [this, path = std::move(path)] { return OutcomeOfFile(path); };
      } else if (auto problem = Open(path); !problem.empty()) {
        return [this, path = std::move(path), problem = std::move(problem)] {
          return OutcomeOfProblem(fhir::IssueType::kNotFound, problem, {.text = {}, .name = path});
        };
      }
    }
    return {};
  }

  bool errors() const { return errors_; }

 private:
  using SourceText = fhir::operation_outcome::SourceText;

  /// Begins an NDJSON file. Returns why it cannot be read, or nothing.
  std::string Open(const std::string& path) {
    if (std::error_code failed; std::filesystem::is_directory(path, failed)) {
      return fmt::format("{}: a file is expected, not a directory", path);
    }
    errno = 0;
    file_ = std::ifstream(path, std::ios::binary);
    if (!file_) {
      return fmt::format("{}: cannot be read: {}", path, std::generic_category().message(errno));
    }
    path_ = path;
    lines_.emplace(file_, kFileBytesMax);
    any_line_ = false;
    return {};
  }

  Piece NextLine() {
    if (auto line = lines_->Next()) {
      any_line_ = true;
      return [this, path = path_, line = *std::move(line)] { return OutcomeOfLine(path, line); };
    }
    lines_.reset();
    if (any_line_ && !file_.bad()) {
      return {};
    }
    return [this, path = path_, broken = file_.bad()] {
      return OutcomeOfProblem(fhir::IssueType::kNotFound,
                              fmt::format("{}: {}", path, broken ? "cannot be read to its end" : "holds no resource"),
                              {.text = {}, .name = path});
    };
  }

  std::string OutcomeOfFile(const std::string& path) {
    const auto text = ReadWholeFile(path);
    const std::string_view name = path == "-" ? std::string_view{} : std::string_view(path);
    return text ? OutcomeOf({.text = *text, .name = name})
                : OutcomeOfProblem(fhir::IssueType::kNotFound, text.error().public_text.text,
                                   {.text = {}, .name = name});
  }

  std::string OutcomeOfLine(const std::string& path, const ResourceLine& line) {
    const std::string name = fmt::format("{}:{}", path, line.number);
    if (line.too_long) {
      return OutcomeOfProblem(
          fhir::IssueType::kTooLong,
          fmt::format("{}: is longer than {} bytes, the most that is read of one line", name, kFileBytesMax),
          {.text = {}, .name = name});
    }
    return OutcomeOf({.text = line.text, .name = name, .first_line = line.number});
  }

  std::string OutcomeOf(const SourceText& source) {
    fhir::IssueList issues(kFileIssuesMax);
    ValidateText(source.text, validator_, options_, issues);
    return Told(issues, source);
  }

  std::string OutcomeOfProblem(fhir::IssueType type, const std::string& problem, const SourceText& source) {
    fhir::IssueList issues;
    issues.AddAt("", fhir::Severity::kFatal, type, problem);
    return Told(issues, source);
  }

  std::string Told(const fhir::IssueList& issues, const SourceText& source) {
    if (issues.HasErrors()) {
      errors_ = true;
    }
    return fhir::operation_outcome::ToOperationOutcome(issues, source);
  }

  const std::vector<std::string> paths_;
  const validation::Validator& validator_;
  const validation::ValidatorOptions& options_;
  std::atomic<bool> errors_ = false;
  // What Next has come to, for one thread at a time.
  std::size_t at_ = 0;
  std::ifstream file_;
  std::string path_;
  std::optional<ResourceLines> lines_;  // of file_
  bool any_line_ = false;
};

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
  const std::string now = fhir::FormatInstant(SystemClock().NowUs());
  options.now = now;
  FileList list = ListFiles(arguments.operands());
  for (const std::string& problem : list.problems) {
    fmt::print(stderr, "passerelle validate: {}\n", problem);
  }
  Texts texts(std::move(list.files), validator, options);
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  fhir::Result<void> written;
  RunInOrder(
      {.threads = threads, .waiting_max = 8 * threads}, [&texts] { return texts.Next(); },
      [&written](const std::string& line) {
        written = WriteOutput(line + '\n');
        return written.has_value();
      });
  if (const auto flushed = FlushOutput(); !written || !flushed) {
    return Report(written ? flushed.error() : written.error());
  }
  const bool failed = texts.errors() || !list.problems.empty() || !packages->whole;
  return failed ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace gateway::app
