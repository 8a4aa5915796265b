// Rows of Patient.link, and whether there are any: what a page that names patients asks along the way, so that nothing
// more is asked where nobody was merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// Patients that a query names.
struct NamedPatients {
  std::vector<std::string> ids;
  bool any = false;  ///< a chain leads through patients, who may be anybody
};

/// " FROM idx_reference <alias> WHERE …": links between patients.
void AppendPatientLinks(SqlText& sql, std::string_view alias);

/// "(SELECT EXISTS (…))": one of the patients, or with `any` anybody, has a link, or one leads to them.
/// Cost: two look-ups per patient; with `any`, one row of an index of links alone.
void AppendIsLinked(SqlText& sql, const NamedPatients& patients);

}  // namespace gateway::store::search_sql
