#include "gateway/rest/capability_modes.hpp"

#include <fmt/format.h>

#include <string_view>

#include "fhir/json/writer.hpp"
#include "fhir/model/document.hpp"
#include "gateway/rest/capability_statement.hpp"

namespace gateway::rest {
namespace {

using fhir::metadata::Definitions;
using fhir::metadata::TypeId;
using fhir::model::Document;
using fhir::model::Node;
using fhir::packages::Registry;

constexpr std::string_view kStatusExtension =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status";

bool IsNormative(const Definitions& definitions, const Registry& registry, TypeId type) {
  const auto definition = registry.Read(
      "StructureDefinition", fmt::format("http://hl7.org/fhir/StructureDefinition/{}", definitions.TypeName(type)));
  if (!definition) {
    return false;
  }
  for (const Node& child : definition->root().children()) {
    if (child.name == "extension" && child.ChildValue("url") == kStatusExtension) {
      return child.ChildValue("valueCode") == "normative";
    }
  }
  return false;
}

}  // namespace

std::string MakeNormativeStatement(const Definitions& definitions, const RestOptions& options,
                                   const Registry& registry) {
  return MakeCapabilityStatement(definitions, options,
                                 [&](TypeId type) { return IsNormative(definitions, registry, type); });
}

std::string MakeTerminologyCapabilities(const Definitions& definitions, const RestOptions& options,
                                        const Registry& registry) {
  Document document(definitions.FindType("TerminologyCapabilities"), 256 * 1024);
  Node& root = document.root();
  AddStatementHead(document, options);
  Node* system = nullptr;
  std::string_view url;
  // Sorted by url and version: the versions of one system follow each other.
  registry.ForEach("CodeSystem", [&](const fhir::packages::ResourceName& name) {
    if (system == nullptr || name.url != url) {
      url = name.url;
      system = &document.Add(root, "codeSystem");
      document.Add(*system, "uri", name.url);
    }
    if (!name.version.empty()) {
      document.Add(document.Add(*system, "version"), "code", name.version);
    }
  });
  return fhir::json::WriteJson(root);
}

}  // namespace gateway::rest
