#include "gateway/app/conformance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "fhir/base/issue.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "fhir/search/parameter_definition.hpp"

namespace gateway::app {
namespace {

namespace packages = fhir::packages;

std::string TextOf(const fhir::Issue& issue) {
  return issue.expression.empty() ? issue.text : fmt::format("{}: {}", issue.expression, issue.text);
}

fhir::Result<std::unique_ptr<const packages::Registry>> LoadRegistry(const std::vector<std::string>& paths,
                                                                     std::vector<std::string>& warnings) {
  packages::RegistryBuilder builder;
  fhir::IssueList issues;
  for (const std::string& path : paths) {
    if (auto loaded = builder.LoadPath(path, issues); !loaded) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("packages: {}: {}", path, loaded.error().public_text.text));
    }
  }
  auto registry = builder.Build(issues);
  for (const fhir::Issue& issue : issues.issues()) {
    if (issue.severity == fhir::Severity::kError || issue.severity == fhir::Severity::kFatal) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, "packages: " + TextOf(issue));
    }
    warnings.push_back(TextOf(issue));
  }
  return registry;
}

/// Whether a resource comes from a package, not from R4 itself.
bool IsAdded(const packages::ResourceName& name) {
  const auto core = packages::Registry::Core().Lookup(name.type, name.url);
  return !core || core->version != name.version;
}

void ListGuidesAndProfiles(const packages::Registry& registry, Conformance& conformance) {
  registry.ForEach("ImplementationGuide", [&](const packages::ResourceName& name) {
    if (IsAdded(name)) {
      conformance.guides.emplace_back(name.url);
    }
  });
  const auto& definitions = fhir::metadata::Definitions::R4();
  registry.ForEach("StructureDefinition", [&](const packages::ResourceName& name) {
    if (!IsAdded(name)) {
      return;
    }
    const auto definition = registry.Read(name.type, fmt::format("{}|{}", name.url, name.version));
    if (!definition || definition->root().ChildValue("derivation") != "constraint") {
      return;
    }
    const fhir::metadata::TypeId type = definitions.FindType(definition->root().ChildValue("type"));
    if (definitions.IsResource(type)) {
      conformance.profiles.push_back({type, std::string(name.url)});
    }
  });
}

/// Those that cannot be indexed are left out with a warning: a guide may define what this server does not have.
void ListSearchParameters(const packages::Registry& registry, Conformance& conformance) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  registry.ForEach("SearchParameter", [&](const packages::ResourceName& name) {
    if (!IsAdded(name)) {
      return;
    }
    const auto resource = registry.Read(name.type, fmt::format("{}|{}", name.url, name.version));
    if (!resource) {
      return;
    }
    fhir::IssueList issues;
    auto definition = fhir::search::ReadParameterDefinition(resource->root(), definitions, issues);
    if (definition) {
      conformance.search_parameters.push_back(*std::move(definition));
    }
    for (const fhir::Issue& issue : issues.issues()) {
      conformance.warnings.push_back(fmt::format("search parameter {} is not indexed: {}", name.url, TextOf(issue)));
    }
  });
}

}  // namespace

fhir::Result<Conformance> LoadConformance(const settings::Settings& settings) {
  Conformance conformance;
  GW_ASSIGN(conformance.registry, LoadRegistry(settings.packages, conformance.warnings));
  const packages::Registry& registry = *conformance.registry;
  conformance.terminology = std::make_unique<const fhir::terminology::Terminology>(registry);
  conformance.validator = std::make_unique<const fhir::validation::Validator>(registry, *conformance.terminology);
  GW_ASSIGN(WriteCheck check, WriteCheck::Create(*conformance.validator, settings.validation, settings.limits));
  conformance.write_check = std::make_unique<const WriteCheck>(std::move(check));
  if (!settings.packages.empty()) {
    ListGuidesAndProfiles(registry, conformance);
    ListSearchParameters(registry, conformance);
  }
  return conformance;
}

}  // namespace gateway::app
