#include "gateway/app/commands/packages.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "fhir/base/issue.hpp"
#include "fhir/packages/registry_builder.hpp"

namespace gateway::app {

fhir::Result<Packages> LoadPackages(const std::vector<std::string>& paths) {
  fhir::packages::RegistryBuilder builder;
  fhir::IssueList issues;
  for (const std::string& path : paths) {
    GW_TRY(builder.LoadPath(path, issues));
  }
  Packages packages{.registry = builder.Build(issues)};
  for (const fhir::Issue& issue : issues.issues()) {
    fmt::print(stderr, "{}: {}{}{}\n", Code(issue.severity), issue.expression, issue.expression.empty() ? "" : ": ",
               issue.text);
  }
  packages.whole = !issues.HasErrors();
  return packages;
}

}  // namespace gateway::app
