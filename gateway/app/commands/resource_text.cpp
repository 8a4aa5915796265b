#include "gateway/app/commands/resource_text.hpp"

#include "fhir/json/reader.hpp"
#include "fhir/xml/reader.hpp"

namespace gateway::app {

bool LooksLikeXml(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) {
    text.remove_prefix(kMark.size());
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

fhir::Result<fhir::model::Document> ReadResourceText(std::string_view text, const fhir::Limits& limits,
                                                     fhir::IssueList& issues) {
  return LooksLikeXml(text) ? fhir::xml::ReadXml(text, limits, issues) : fhir::json::ReadJson(text, limits, issues);
}

}  // namespace gateway::app
