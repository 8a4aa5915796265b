// The letters of a query string: escapes, separators, percent-encoding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fhir::search {

/// Splits at every `separator` without a backslash before it. Escapes stay in the parts.
std::vector<std::string_view> SplitUnescaped(std::string_view text, char separator);
/// Resolves \, \| \$ and \\ ; another backslash stays. Source: https://hl7.org/fhir/R4/search.html#escaping
std::string Unescape(std::string_view text);
/// For a URL's query: everything but unreserved characters and ":/,|$." stands as %XX.
std::string PercentEncode(std::string_view text);
/// The known words nearest to `word` by editing distance, at most three, none farther than half the word.
std::vector<std::string_view> Nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace fhir::search
