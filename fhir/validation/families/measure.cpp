#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/base64.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

constexpr std::string_view kCql = "text/cql";

/// The CQL of a Library; empty when it holds none.
std::string CqlOf(const Node& library) {
  for (const Node& content : library.children()) {
    if (content.name == "content" && content.ChildValue("contentType").starts_with(kCql)) {
      return DecodeBase64(content.ChildValue("data")).value_or(std::string{});
    }
  }
  return {};
}

/// Whether the text has `define NAME` or `define "NAME"`, `function` between them or not.
bool Defines(std::string_view cql, std::string_view name) {
  constexpr std::string_view kDefine = "define";
  constexpr std::string_view kFunction = "function";
  for (std::size_t at = cql.find(kDefine); at != std::string_view::npos; at = cql.find(kDefine, at + 1)) {
    std::string_view rest = cql.substr(at + kDefine.size());
    const auto skip_space = [&rest] { rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size())); };
    skip_space();
    if (rest.starts_with(kFunction)) {
      rest.remove_prefix(kFunction.size());
      skip_space();
    }
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
    }
    if (rest.starts_with(name) &&
        (rest.size() == name.size() || std::isalnum(static_cast<unsigned char>(rest[name.size()])) == 0)) {
      return true;
    }
  }
  return false;
}

struct Library {
  std::string name;
  std::string cql;
};

void CheckCriteria(const Node& criteria, const std::vector<Library>& libraries, IssueList& issues) {
  std::string_view expression = criteria.ChildValue("expression");
  const std::size_t dot = expression.find('.');
  if (!criteria.ChildValue("language").starts_with(kCql) || dot == std::string_view::npos) {
    return;
  }
  std::string_view name = expression.substr(dot + 1);
  if (name.size() > 1 && name.starts_with('"') && name.ends_with('"')) {
    name = name.substr(1, name.size() - 2);
  }
  for (const Library& library : libraries) {
    if (library.name == expression.substr(0, dot) && !Defines(library.cql, name)) {
      Report(criteria, IssueType::kInvalid, "an expression that the library defines is expected", issues);
    }
  }
}

void CheckBelow(const Node& parent, const std::vector<Library>& libraries, IssueList& issues) {
  for (const Node& child : parent.children()) {
    if (child.name == "criteria") {
      CheckCriteria(child, libraries, issues);
    } else if (child.name == "group" || child.name == "population" || child.name == "stratifier" ||
               child.name == "component" || child.name == "supplementalData") {
      CheckBelow(child, libraries, issues);
    }
  }
}

}  // namespace

void CheckMeasure(const Node& measure, const FamilyContext& context, IssueList& issues) {
  std::vector<Library> libraries;
  for (const Node& reference : measure.children()) {
    const Node* library = reference.name == "library" && reference.HasValue()
                              ? context.registry.Find("Library", reference.value)
                              : nullptr;
    if (library != nullptr) {
      const std::string_view url = library->ChildValue("url");
      std::string cql = CqlOf(*library);
      if (!cql.empty()) {
        libraries.push_back({.name = std::string(url.substr(url.rfind('/') + 1)), .cql = std::move(cql)});
      }
    }
  }
  if (!libraries.empty()) {
    CheckBelow(measure, libraries, issues);
  }
}

}  // namespace fhir::validation
