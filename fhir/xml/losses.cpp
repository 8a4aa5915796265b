#include "fhir/xml/losses.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/base/xhtml.hpp"
#include "fhir/model/path.hpp"

namespace fhir::xml {
namespace {

bool FitsXml(std::string_view value) {
  const bool controls = std::any_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  return !controls && value.find("\xEF\xBF\xBE") == std::string_view::npos &&
         value.find("\xEF\xBF\xBF") == std::string_view::npos;
}

void CheckValue(const model::Node& node, metadata::TypeId xhtml, IssueList& issues) {
  std::string text;
  if (node.type == xhtml) {
    const std::string_view problem = XhtmlProblem(node.value, XhtmlRules::kSyntax);
    if (problem.empty()) {
      return;
    }
    text = "XML carries this narrative as text alone: ";
    text += problem;
  } else if (FitsXml(node.value)) {
    return;
  } else {
    text = "expected characters that XML 1.0 can hold; written as U+FFFD";
  }
  issues.AddAt(issues.Keeps(Severity::kError) ? model::PathOf(node) : std::string(), Severity::kError,
               IssueType::kValue, std::move(text),
               node.source_offset != 0 ? std::optional<std::size_t>(node.source_offset) : std::nullopt);
}

}  // namespace

void CheckLosses(const model::Node& resource, IssueList& issues) {
  const metadata::TypeId xhtml = metadata::Definitions::R4().FindType("xhtml");
  const model::Node* node = &resource;
  while (true) {
    if (node->HasValue()) {
      CheckValue(*node, xhtml, issues);
    }
    if (node->first_child != nullptr) {
      node = node->first_child;
      continue;
    }
    while (node != &resource && node->next == nullptr) {
      node = node->parent;
    }
    if (node == &resource) {
      return;
    }
    node = node->next;
  }
}

}  // namespace fhir::xml
