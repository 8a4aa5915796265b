#include "gateway/rest/subset.hpp"

#include <algorithm>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/model/document.hpp"

namespace gateway::rest {
namespace {

using fhir::metadata::Definitions;
using fhir::model::Document;
using fhir::model::Node;
using fhir::search::Summary;

constexpr std::string_view kSubsettedSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
constexpr std::string_view kSubsettedCode = "SUBSETTED";

bool NamesElement(const SubsetOptions& options, std::string_view type_name, std::string_view base_name) {
  return std::any_of(options.elements.begin(), options.elements.end(), [&](std::string_view wanted) {
    const std::size_t dot = wanted.find('.');
    return dot == std::string_view::npos ? wanted == base_name
                                         : wanted.substr(0, dot) == type_name && wanted.substr(dot + 1) == base_name;
  });
}

bool Keeps(const Node& child, const SubsetOptions& options, std::string_view type_name,
           const Definitions& definitions) {
  if (child.name == "id" || child.name == "meta") {
    return true;
  }
  if (child.row == nullptr) {
    return false;
  }
  const bool mandatory = child.row->min > 0;
  if (!options.elements.empty()) {
    return mandatory || (child.row->flags & fhir::metadata::kElementModifier) != 0 ||
           NamesElement(options, type_name, definitions.Text(child.row->base_name));
  }
  switch (options.summary) {
    case Summary::kTrue:
      return (child.row->flags & fhir::metadata::kElementSummary) != 0 || mandatory;
    case Summary::kText:
      return child.name == "text" || mandatory;
    case Summary::kData:
      return child.name != "text";
    case Summary::kFalse:
    case Summary::kCount:
      return true;
  }
  return true;
}

}  // namespace

fhir::Result<SubsetOptions> SubsetOfRead(const http::Request& request) {
  SubsetOptions options;
  if (const auto summary = request.QueryValue("_summary"); summary && !summary->empty()) {
    if (*summary != "true" && *summary != "false" && *summary != "text" && *summary != "data") {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "_summary of a read is one of true, false, text and data");
    }
    options.summary = *summary == "true"   ? Summary::kTrue
                      : *summary == "text" ? Summary::kText
                      : *summary == "data" ? Summary::kData
                                           : Summary::kFalse;
  }
  for (const auto& [name, value] : request.query) {
    if (name != "_elements") {
      continue;
    }
    for (std::string_view left = value; !left.empty();) {
      const std::size_t comma = left.find(',');
      if (const std::string_view element = left.substr(0, comma); !element.empty()) {
        options.elements.emplace_back(element);
      }
      left = comma == std::string_view::npos ? std::string_view() : left.substr(comma + 1);
    }
  }
  return options;
}

fhir::Result<std::string> Subset(std::string_view body, const SubsetOptions& options, const Definitions& definitions,
                                 const fhir::Limits& limits) {
  fhir::IssueList ignored(1);
  GW_ASSIGN(Document document, fhir::json::ReadJson(body, limits, ignored));
  Node& root = document.root();
  const std::string_view type_name = document.type_name();
  for (Node* child = root.first_child; child != nullptr;) {
    Node* const next = child->next;
    if (!Keeps(*child, options, type_name, definitions)) {
      document.Remove(*child);
    }
    child = next;
  }
  Node* meta = root.Child("meta");
  if (meta == nullptr) {
    meta = &document.Add(root, "meta");
  }
  Node& tag = document.Add(*meta, "tag");
  document.Add(tag, "system", kSubsettedSystem);
  document.Add(tag, "code", kSubsettedCode);
  return fhir::json::WriteJson(root);
}

}  // namespace gateway::rest
