// The tables of the search index, one per type of value: their columns, their statements, and how a value becomes a
// row.
#pragma once

#include "fhir/search/index_values.hpp"
#include "gateway/store/transaction/row_batch.hpp"

namespace gateway::store::transaction {

extern const IndexTable kStringTable;
extern const IndexTable kTokenTable;
extern const IndexTable kReferenceTable;
extern const IndexTable kDateTable;
extern const IndexTable kNumberTable;
extern const IndexTable kQuantityTable;
extern const IndexTable kUriTable;
extern const IndexTable kCompositeTable;
extern const IndexTable kTextTable;
extern const IndexTable kPositionTable;

/// The columns of the row that has begun.
void Add(RowBatch& batch, const fhir::search::StringIndex& value);
void Add(RowBatch& batch, const fhir::search::TokenIndex& value);
void Add(RowBatch& batch, const fhir::search::ReferenceIndex& value);
void Add(RowBatch& batch, const fhir::search::DateIndex& value);
void Add(RowBatch& batch, const fhir::search::NumberIndex& value);
void Add(RowBatch& batch, const fhir::search::QuantityIndex& value);
void Add(RowBatch& batch, const fhir::search::UriIndex& value);
void Add(RowBatch& batch, const fhir::search::CompositeIndex& value);
void Add(RowBatch& batch, const fhir::search::TextIndex& value);
void Add(RowBatch& batch, const fhir::search::PositionIndex& value);

/// Calls `visit` with each table and the member of IndexValues that its rows come from.
template <typename Visit>
void ForEachIndexTable(const Visit& visit) {
  using fhir::search::IndexValues;
  visit(kStringTable, &IndexValues::strings);
  visit(kTokenTable, &IndexValues::tokens);
  visit(kReferenceTable, &IndexValues::references);
  visit(kDateTable, &IndexValues::dates);
  visit(kNumberTable, &IndexValues::numbers);
  visit(kQuantityTable, &IndexValues::quantities);
  visit(kUriTable, &IndexValues::uris);
  visit(kCompositeTable, &IndexValues::composites);
  visit(kTextTable, &IndexValues::texts);
  visit(kPositionTable, &IndexValues::positions);
}

}  // namespace gateway::store::transaction
