// Searchsets that operations answer with, and the links among their pages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/port/resource_store.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest::operations {

/// A resource and what the search says of it. The texts are borrowed.
struct SearchsetEntry {
  std::string_view type_name;
  std::string_view id;
  std::string_view body;
  bool included = false;
  std::string score = {};             ///< Bundle.entry.search.score, a decimal; empty: none
  std::string_view match_grade = {};  ///< extension match-grade of the search; empty: none
};

struct Searchset {
  std::vector<SearchsetEntry> entries;
  std::optional<std::int64_t> total;
  std::string self;
  std::string first;     ///< empty on a first page
  std::string previous;  ///< empty on a first page
  std::string next;      ///< empty on the last page
  std::string warnings;  ///< an OperationOutcome; empty: none
};

http::Response SearchsetResponse(const Call& call, const Searchset& searchset);

/// The URL of the request's path with these parameters, percent-encoded; those without a value are left out.
std::string OperationUrl(const Call& call,
                         const std::vector<std::pair<std::string_view, std::string_view>>& parameters);

/// Entries for hits, which they borrow from; each is noted for the audit.
std::vector<SearchsetEntry> EntriesOf(Call& call, const std::vector<adapters::port::SearchHit>& hits);

}  // namespace gateway::rest::operations
