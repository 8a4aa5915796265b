#include "gateway/rest/capability_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "fhir/json/writer.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/parameter_definition.hpp"
#include "gateway/rest/routes.hpp"

namespace gateway::rest {
namespace {

using fhir::metadata::Definitions;
using fhir::metadata::SearchParameter;
using fhir::metadata::SearchType;
using fhir::metadata::TypeId;
using fhir::model::Document;
using fhir::model::Node;
using fhir::search::CustomParameters;
using fhir::search::SearchTypeCode;

/// The parameters this server answers; the others are not announced.
bool IsSearchable(const SearchParameter& parameter) {
  constexpr std::string_view kAnsweredWithoutExpression[] = {"_filter", "_text", "age"};
  return !parameter.expression.empty() ||
         std::ranges::find(kAnsweredWithoutExpression, parameter.code) != std::end(kAnsweredWithoutExpression);
}

/// What the type can be searched by, sorted by code within each kind.
std::vector<const SearchParameter*> SearchableOf(const Definitions& definitions, TypeId type,
                                                 const CustomParameters* custom) {
  std::vector<const SearchParameter*> parameters;
  for (const SearchParameter& parameter : definitions.SearchParameters(type)) {
    if (IsSearchable(parameter)) {
      parameters.push_back(&parameter);
    }
  }
  if (custom != nullptr) {
    for (const SearchParameter& parameter : custom->Of(type)) {
      if (custom->ByNumber(parameter.id)->usable) {
        parameters.push_back(&parameter);
      }
    }
  }
  return parameters;
}

/// What is to be said of those that cannot be searched by yet; empty when there are none.
std::string BeingIndexed(TypeId type, const CustomParameters* custom) {
  std::string names;
  if (custom != nullptr) {
    for (const SearchParameter& parameter : custom->Of(type)) {
      if (!custom->ByNumber(parameter.id)->usable) {
        names += fmt::format("{}`{}`", names.empty() ? "" : ", ", parameter.code);
      }
    }
  }
  return names.empty() ? names
                       : fmt::format("Search parameters that are being indexed, and refused until then: {}.", names);
}

using ReverseIncludes = std::map<TypeId, std::set<std::string>>;

ReverseIncludes CollectReverseIncludes(const Definitions& definitions, const CustomParameters* custom) {
  ReverseIncludes reverse;
  for (const TypeId source : definitions.ResourceTypes()) {
    for (const SearchParameter* parameter : SearchableOf(definitions, source, custom)) {
      if (parameter->type == SearchType::kReference) {
        for (const TypeId target : parameter->targets) {
          reverse[target].insert(fmt::format("{}:{}", definitions.TypeName(source), parameter->code));
        }
      }
    }
  }
  return reverse;
}

std::string_view Flag(bool offered) {
  return offered ? "true" : "false";
}

std::string_view ConditionalDeleteCode(ConditionalDelete offered) {
  switch (offered) {
    case ConditionalDelete::kNotSupported:
      return "not-supported";
    case ConditionalDelete::kSingle:
      return "single";
    case ConditionalDelete::kMultiple:
      return "multiple";
  }
  return "not-supported";
}

void AddInteractions(Document& document, Node& parent, bool on_type) {
  std::set<std::string_view> done;
  for (const RouteRow& row : RouteRows()) {
    const bool row_on_type = row.pattern.starts_with("/{type}");
    if (row_on_type != on_type || row.interaction == "operation" || row.interaction == "capabilities" ||
        !done.insert(row.interaction).second) {
      continue;
    }
    document.Add(document.Add(parent, "interaction"), "code", row.interaction);
    if (row.interaction == "transaction") {
      document.Add(document.Add(parent, "interaction"), "code", "batch");
    }
  }
}

/// Each operation of the rows that `wanted` takes, once, whatever its methods and levels.
template <typename Wanted>
void AddOperations(Document& document, Node& parent, const Wanted& wanted) {
  std::set<std::string_view> done;
  for (const RouteRow& row : RouteRows()) {
    if (OperationOf(row).empty() || !wanted(row) || !done.insert(OperationOf(row)).second) {
      continue;
    }
    const std::string_view name = OperationOf(row).substr(1);
    Node& operation = document.Add(parent, "operation");
    document.Add(operation, "name", name);
    document.Add(operation, "definition",
                 row.definition.empty() ? fmt::format("http://hl7.org/fhir/OperationDefinition/Resource-{}", name)
                                        : std::string(row.definition));
  }
}

void AddResourceType(Document& document, Node& rest, const Definitions& definitions, TypeId type,
                     const ReverseIncludes& reverse, const RestOptions& options, const CustomParameters* custom) {
  Node& resource = document.Add(rest, "resource");
  document.Add(resource, "type", definitions.TypeName(type));
  document.Add(resource, "profile",
               fmt::format("http://hl7.org/fhir/StructureDefinition/{}", definitions.TypeName(type)));
  for (const ProfileOfType& profile : options.profiles) {
    if (profile.type == type) {
      document.Add(resource, "supportedProfile", profile.canonical);
    }
  }
  if (const std::string awaited = BeingIndexed(type, custom); !awaited.empty()) {
    document.Add(resource, "documentation", awaited);
  }
  AddInteractions(document, resource, true);
  document.Add(resource, "versioning", "versioned-update");
  document.Add(resource, "readHistory", "true");
  document.Add(resource, "updateCreate", Flag(options.update_create));
  document.Add(resource, "conditionalCreate", Flag(options.conditional_create));
  document.Add(resource, "conditionalRead", "full-support");
  document.Add(resource, "conditionalUpdate", Flag(options.conditional_update));
  document.Add(resource, "conditionalDelete", ConditionalDeleteCode(options.conditional_delete));
  document.Add(resource, "referencePolicy", "literal");
  document.Add(resource, "referencePolicy", "logical");
  const std::vector<const SearchParameter*> parameters = SearchableOf(definitions, type, custom);
  document.Add(resource, "searchInclude", "*");
  for (const SearchParameter* parameter : parameters) {
    if (parameter->type == SearchType::kReference) {
      document.Add(resource, "searchInclude", fmt::format("{}:{}", definitions.TypeName(type), parameter->code));
    }
  }
  if (const auto found = reverse.find(type); found != reverse.end()) {
    for (const std::string& value : found->second) {
      document.Add(resource, "searchRevInclude", value);
    }
  }
  for (const SearchParameter* parameter : parameters) {
    Node& search = document.Add(resource, "searchParam");
    document.Add(search, "name", parameter->code);
    document.Add(search, "definition", parameter->url);
    document.Add(search, "type", SearchTypeCode(parameter->type));
  }
  AddOperations(document, resource, [&](const RouteRow& row) {
    return row.pattern.starts_with("/{type}/") || TypeNameOf(row) == definitions.TypeName(type);
  });
}

/// What a search of any type can be asked for that is no criterion.
struct SearchMode {
  std::string_view name;
  std::string_view documentation;
};
constexpr SearchMode kSearchModes[] = {
    {"_contained",
     "false, true or both: whether resources that stand inside others are searched, by the standard's "
     "parameters"},
    {"_containedType", "container or contained: which of the two is given"},
    {"_query",
     "the code of a stored OperationDefinition of kind query that the party may read: the search of its extension "
     "https://passerelle.example/fhir/StructureDefinition/operationdefinition-search"},
};

void AddSearchModes(Document& document, Node& rest) {
  for (const SearchMode& mode : kSearchModes) {
    Node& search = document.Add(rest, "searchParam");
    document.Add(search, "name", mode.name);
    document.Add(search, "type", "token");
    document.Add(search, "documentation", mode.documentation);
  }
}

}  // namespace

std::string EtagOfText(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return fmt::format("W/\"{:016x}\"", hash);
}

void AddStatementHead(Document& document, const RestOptions& options) {
  Node& root = document.root();
  document.Add(root, "status", "active");
  document.Add(root, "date", options.started.empty() ? std::string_view("2025-01-01") : options.started);
  document.Add(root, "kind", "instance");
  Node& software = document.Add(root, "software");
  document.Add(software, "name", "Passerelle");
  document.Add(software, "version", options.software_version);
  Node& implementation = document.Add(root, "implementation");
  document.Add(implementation, "description", "Interoperability gateway for the days after a hospital stay");
  document.Add(implementation, "url", options.base_url);
}

std::string MakeCapabilityStatement(const Definitions& definitions, const RestOptions& options,
                                    const std::function<bool(TypeId)>& listed, const CustomParameters* custom) {
  Document document(definitions.FindType("CapabilityStatement"), 1024 * 1024);
  Node& root = document.root();
  AddStatementHead(document, options);
  document.Add(root, "fhirVersion", "4.0.1");
  for (const std::string_view format : {"application/fhir+json", "application/fhir+xml", "json", "xml"}) {
    document.Add(root, "format", format);
  }
  for (const std::string_view format :
       {"application/json-patch+json", "application/fhir+json", "application/fhir+xml"}) {
    document.Add(root, "patchFormat", format);
  }
  for (const std::string& guide : options.guides) {
    document.Add(root, "implementationGuide", guide);
  }
  Node& rest = document.Add(root, "rest");
  document.Add(rest, "mode", "server");
  Node& security = document.Add(rest, "security");
  document.Add(security, "description", "Bearer tokens; a party sees what its policy grants, and nothing else.");
  const ReverseIncludes reverse = CollectReverseIncludes(definitions, custom);
  for (const TypeId type : definitions.ResourceTypes()) {
    if (listed && !listed(type)) {
      continue;
    }
    AddResourceType(document, rest, definitions, type, reverse, options, custom);
  }
  AddInteractions(document, rest, false);
  AddSearchModes(document, rest);
  AddOperations(document, rest, [](const RouteRow& row) { return row.pattern.starts_with("/$"); });
  return fhir::json::WriteJson(root);
}

}  // namespace gateway::rest
