// Criteria that ask one column for equality. Their rows stand in the index in the order of the resource's id, so that a
// page can be read along them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

struct Equality {
  std::string_view column;                          ///< of the index table
  std::vector<std::string> values;                  ///< as they stand there; each once, one at least
  std::optional<std::vector<std::string>> systems;  ///< of a token, with any of which each value counts
  std::optional<int> target_type;                   ///< of a reference
  bool local = false;                               ///< a reference whose type was not said
};

/// Unset when the values ask for several things: codes that each have another system, references to several types,
/// whole systems; and under a modifier.
std::optional<Equality> EqualityOf(const fhir::search::Criterion& criterion);

/// Appends the condition on a row; `value`: an expression that stands for one of the values, empty for all of them.
void AppendEquality(SqlText& sql, std::string_view alias, const Equality& equality, std::string_view value = {});

/// Appends "column = $1", or of several values "column = ANY ($1)": only the first keeps the order of an index.
void AppendOneOf(SqlText& sql, std::string_view alias, std::string_view column, std::vector<std::string> values);

}  // namespace gateway::store::search_sql
