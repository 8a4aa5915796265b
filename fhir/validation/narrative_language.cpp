#include "fhir/validation/narrative_language.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"

namespace fhir::validation {
namespace {

/// The value of lang or xml:lang in the text of a tag; empty when it has neither.
std::string_view LanguageOf(std::string_view tag) {
  const std::size_t name = tag.find("lang=");
  if (name == std::string_view::npos || name + 6 >= tag.size()) {
    return {};
  }
  const char quote = tag[name + 5];
  const std::size_t end = tag.find(quote, name + 6);
  return end == std::string_view::npos ? std::string_view{} : tag.substr(name + 6, end - name - 6);
}

}  // namespace

std::vector<std::string_view> LanguageSections(std::string_view div) {
  std::vector<std::string_view> languages;
  std::size_t depth = 0;
  for (std::size_t at = div.find('<'); at != std::string_view::npos; at = div.find('<', at + 1)) {
    const bool comment = div.substr(at).starts_with("<!--");
    const std::size_t end = comment ? div.find("-->", at) : div.find('>', at);
    if (end == std::string_view::npos) {
      break;
    }
    if (comment) {
      at = end;
      continue;
    }
    const std::string_view tag = div.substr(at, end - at);
    if (tag.starts_with("</")) {
      depth -= depth > 0 ? 1 : 0;
    } else {
      if (depth == 1 && tag.starts_with("<div") && !LanguageOf(tag).empty()) {
        languages.push_back(LanguageOf(tag));
      }
      depth += tag.ends_with('/') ? 0 : 1;
    }
    at = end;
  }
  return languages;
}

std::string NarrativeLanguageProblem(const model::Node& narrative, std::string_view control) {
  const std::vector<std::string_view> sections = LanguageSections(narrative.ChildValue("div"));
  if (control == "_no") {
    return sections.empty() ? std::string() : "expected no sections by language";
  }
  if (control == "_yes") {
    return sections.empty() ? "expected sections by language" : std::string();
  }
  const std::string_view language =
      control == "_resource" ? fhirpath::EnclosingResource(narrative).ChildValue("language") : control;
  const bool found = std::find(sections.begin(), sections.end(), language) != sections.end();
  return found || language.empty() ? std::string() : fmt::format("expected a section in the language {}", language);
}

}  // namespace fhir::validation
