// What a row of an index table must fulfil for one criterion: a function per search type, each in the file of its name.
// Every function appends one boolean expression over `alias`, without a leading AND, in parentheses when it needs them.
// Errors: kUnsupported for a modifier the type has not, kInternal for a value of another type.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

fhir::Result<void> AppendString(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendToken(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendReference(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendDate(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendNumber(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendQuantity(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendUri(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendComposite(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
fhir::Result<void> AppendNear(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);
/// Of full-text search: any of the values.
fhir::Result<void> AppendWords(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion);

/// One range of a date criterion over two columns or expressions; _lastUpdated uses it with one column for both.
void AppendDateRange(SqlText& sql, std::string_view low, std::string_view high, const fhir::search::DateValue& value);
/// One range of a number over two columns, also the number of a quantity.
void AppendNumberRange(SqlText& sql, std::string_view low, std::string_view high,
                       const fhir::search::NumberValue& value);
/// One value of a quantity; system and code of the unit stand in the columns named.
void AppendQuantityValue(SqlText& sql, std::string_view alias, std::string_view unit_system, std::string_view unit_code,
                         const fhir::search::QuantityValue& value);
/// One reference over the columns target_type and target.
void AppendReferenceValue(SqlText& sql, std::string_view alias, const fhir::search::ReferenceValue& value);

/// The failure for a modifier that the parameter's type does not have here.
std::unexpected<fhir::Error> UnsupportedModifier(const fhir::search::Criterion& criterion);
/// The failure for a value whose type is not the parameter's.
std::unexpected<fhir::Error> UnexpectedValue(const fhir::search::Criterion& criterion);

/// " AND …": a row of idx_reference leads to a resource of `target`, of this server, contained, or of another server;
/// nothing for kNoType.
void AppendLeadsTo(SqlText& sql, std::string_view alias, fhir::metadata::TypeId target);
/// The search type whose table answers: identifiers of references stand among the tokens.
fhir::metadata::SearchType RowType(const fhir::search::Criterion& criterion);
/// The index table of a search type.
const char* IndexTable(fhir::metadata::SearchType type);

}  // namespace gateway::store::search_sql
