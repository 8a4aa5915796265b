#include "fhir/search/parameter_name.hpp"

#include <algorithm>
#include <vector>

#include "fhir/metadata/definitions.hpp"

namespace fhir::search {
namespace {

constexpr std::size_t kNameBytesMax = 200;

std::vector<std::string_view> StandardWords() {
  const metadata::Definitions& r4 = metadata::Definitions::R4();
  // What no SearchParameter defines: parameters of results, of interactions and of their representation; modifiers.
  std::vector<std::string_view> words = {
      "_at",        "_contained", "_containedType", "_count",   "_cursor", "_elements", "_filter",  "_format",  "_has",
      "_include",   "_list",      "_page",          "_pretty",  "_query",  "_since",    "_sort",    "_summary", "_text",
      "_total",     "_type",      "_revinclude",    "_content", "above",   "below",     "contains", "exact",    "in",
      "identifier", "iterate",    "missing",        "not",      "not-in",  "of-type",   "recurse",  "text"};
  for (const metadata::TypeId type : r4.ResourceTypes()) {
    words.push_back(r4.TypeName(type));
    for (const metadata::SearchParameter& parameter : r4.SearchParameters(type)) {
      words.push_back(parameter.code);
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  words.shrink_to_fit();
  return words;
}

}  // namespace

bool IsStandardName(std::string_view name) {
  static const std::vector<std::string_view> words = StandardWords();
  if (name.size() > kNameBytesMax) {
    return false;
  }
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(name.find_first_of(".:", begin), name.size());
    if (!std::binary_search(words.begin(), words.end(), name.substr(begin, end - begin))) {
      return false;
    }
    if (end == name.size()) {
      return true;
    }
    begin = end + 1;
  }
}

}  // namespace fhir::search
