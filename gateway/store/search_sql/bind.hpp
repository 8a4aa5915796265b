// Values of a compiled statement as parameters of the database connection.
#pragma once

#include <span>

#include "gateway/store/pg/parameters.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// The parameters borrow the texts of `values`.
pg::Parameters Bound(std::span<const SqlValue> values);

}  // namespace gateway::store::search_sql
