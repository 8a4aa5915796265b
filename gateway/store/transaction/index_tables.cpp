#include "gateway/store/transaction/index_tables.hpp"

#include <fmt/format.h>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using pg::ElementType;
using search_sql::EqualityText;
using search_sql::PlainText;
using search_sql::PrefixText;

void AddReference(RowBatch& batch, std::size_t column, const fhir::search::ReferenceIndex& value) {
  if (value.id.empty()) {
    batch.Int(column, 0);
    batch.Text(column + 1, EqualityText(value.url));
    return;
  }
  const int code = TypeCode(fhir::metadata::Definitions::R4().FindType(value.type));
  const bool contained = value.id.find('#') != std::string::npos;
  batch.Int(column, contained ? -code : code > 0 ? code : -1);
  batch.Text(column + 1, EqualityText(value.id));
}
/// Columns that a value does not use hold a zero, which nothing compares with.
std::string_view OrZero(std::string_view decimal) {
  return decimal.empty() ? "0" : decimal;
}
void AddUnits(RowBatch& batch, std::size_t column, const fhir::search::QuantityIndex& value) {
  batch.Text(column, EqualityText(value.unit));
  batch.Text(column + 1, OrZero(value.base_low));
  batch.Text(column + 2, OrZero(value.base_high));
  batch.Text(column + 3, EqualityText(value.base_unit));
}
}  // namespace

// Every statement: $1 ids, $2 types, $3 parameters, then the columns of the table. LIMIT: see versions.cpp.
constexpr IndexColumn kStringColumns[] = {{"folded", ElementType::kText, "text"},
                                          {"exact", ElementType::kText, "text"}};
const IndexTable kStringTable{"idx_string",
                              kStringColumns,
                              {"insert_idx_string", R"sql(
INSERT INTO idx_string (id, type, parameter, folded, exact)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[]))sql"},
                              {"close_idx_string", R"sql(
UPDATE idx_string t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, folded, exact)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.folded = w.folded AND t.exact = w.exact)sql"}};

constexpr IndexColumn kTokenColumns[] = {{"system", ElementType::kText, "text"},
                                         {"code", ElementType::kText, "text"},
                                         {"identifier_type", ElementType::kText, "text"},
                                         {"text", ElementType::kText, "text"}};
const IndexTable kTokenTable{"idx_token",
                             kTokenColumns,
                             {"insert_idx_token", R"sql(
INSERT INTO idx_token (id, type, parameter, system, code, identifier_type, text)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[]))sql"},
                             {"close_idx_token", R"sql(
UPDATE idx_token t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[],
                             $7::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, system, code, identifier_type, text)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.system = w.system AND t.code = w.code AND t.identifier_type = w.identifier_type
   AND (t.text = w.text OR t.text = ''))sql"}};

constexpr IndexColumn kReferenceColumns[] = {{"target_type", ElementType::kInt2, "smallint"},
                                             {"target", ElementType::kText, "text"}};
const IndexTable kReferenceTable{"idx_reference",
                                 kReferenceColumns,
                                 {"insert_idx_reference", R"sql(
INSERT INTO idx_reference (id, type, parameter, target_type, target)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::smallint[], $5::text[]))sql"},
                                 {"close_idx_reference", R"sql(
UPDATE idx_reference t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::smallint[], $5::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, target_type, target)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.target_type = w.target_type AND t.target = w.target)sql"}};

constexpr IndexColumn kDateColumns[] = {{"low", ElementType::kInt8, "bigint"}, {"high", ElementType::kInt8, "bigint"}};
const IndexTable kDateTable{"idx_date",
                            kDateColumns,
                            {"insert_idx_date", R"sql(
INSERT INTO idx_date (id, type, parameter, low, high)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[]))sql"},
                            {"close_idx_date", R"sql(
UPDATE idx_date t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, low, high)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.low = w.low AND t.high = w.high)sql"}};

// Decimals travel as text: the server reads them.
constexpr IndexColumn kNumberColumns[] = {{"low", ElementType::kText, "text::numeric"},
                                          {"high", ElementType::kText, "text::numeric"}};
const IndexTable kNumberTable{"idx_number",
                              kNumberColumns,
                              {"insert_idx_number", R"sql(
INSERT INTO idx_number (id, type, parameter, low, high)
SELECT id, type, parameter, low::numeric, high::numeric
  FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[])
    AS w(id, type, parameter, low, high))sql"},
                              {"close_idx_number", R"sql(
UPDATE idx_number t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, low, high)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.low = w.low::numeric AND t.high = w.high::numeric)sql"}};

// What is derived from the value (base units) tells no two rows apart.
constexpr IndexColumn kQuantityColumns[] = {
    {"low", ElementType::kText, "text::numeric"},
    {"high", ElementType::kText, "text::numeric"},
    {"system", ElementType::kText, "text"},
    {"code", ElementType::kText, "text"},
    {"unit", ElementType::kText, "text"},
    {"base_low", ElementType::kText, "text::numeric"},
    {"base_high", ElementType::kText, "text::numeric"},
    {"base_unit", ElementType::kText, "text"},
};
const IndexTable kQuantityTable{"idx_quantity",
                                kQuantityColumns,
                                {"insert_idx_quantity", R"sql(
INSERT INTO idx_quantity (id, type, parameter, low, high, system, code, unit, base_low, base_high, base_unit)
SELECT id, type, parameter, low::numeric, high::numeric, system, code, unit, base_low::numeric,
       base_high::numeric, base_unit
  FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::text[], $11::text[])
    AS w(id, type, parameter, low, high, system, code, unit, base_low, base_high, base_unit))sql"},
                                {"close_idx_quantity", R"sql(
UPDATE idx_quantity t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, low, high, system, code, unit, base_low, base_high, base_unit)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.low = w.low::numeric AND t.high = w.high::numeric AND t.system = w.system AND t.code = w.code
   AND (t.unit = w.unit OR t.unit = ''))sql"}};

constexpr IndexColumn kUriColumns[] = {{"uri", ElementType::kText, "text"}};
const IndexTable kUriTable{"idx_uri",
                           kUriColumns,
                           {"insert_idx_uri", R"sql(
INSERT INTO idx_uri (id, type, parameter, uri)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[]))sql"},
                           {"close_idx_uri", R"sql(
UPDATE idx_uri t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, uri)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.uri = w.uri)sql"}};

constexpr IndexColumn kCompositeColumns[] = {
    {"code", ElementType::kText, "text"},
    {"system", ElementType::kText, "text"},
    {"code2", ElementType::kText, "text"},
    {"system2", ElementType::kText, "text"},
    {"low", ElementType::kText, "text::numeric"},
    {"high", ElementType::kText, "text::numeric"},
    {"unit_system", ElementType::kText, "text"},
    {"unit_code", ElementType::kText, "text"},
    {"unit", ElementType::kText, "text"},
    {"base_low", ElementType::kText, "text::numeric"},
    {"base_high", ElementType::kText, "text::numeric"},
    {"base_unit", ElementType::kText, "text"},
    {"low2", ElementType::kText, "text::numeric"},
    {"high2", ElementType::kText, "text::numeric"},
    {"start_us", ElementType::kInt8, "bigint"},
    {"end_us", ElementType::kInt8, "bigint"},
    {"folded", ElementType::kText, "text"},
    {"target_type", ElementType::kInt2, "smallint"},
    {"target", ElementType::kText, "text"},
};
const IndexTable kCompositeTable{"idx_composite",
                                 kCompositeColumns,
                                 {"insert_idx_composite", R"sql(
INSERT INTO idx_composite (id, type, parameter, code, system, code2, system2, low, high, unit_system, unit_code, unit, base_low,
    base_high, base_unit, low2, high2, start_us, end_us, folded, target_type, target)
SELECT id, type, parameter, code, system, code2, system2, low::numeric, high::numeric, unit_system, unit_code,
       unit, base_low::numeric, base_high::numeric, base_unit, low2::numeric, high2::numeric, start_us, end_us,
       folded, target_type, target
  FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
              $15::text[], $16::text[], $17::text[], $18::bigint[], $19::bigint[], $20::text[],
              $21::smallint[], $22::text[])
    AS w(id, type, parameter, code, system, code2, system2, low, high, unit_system, unit_code, unit, base_low,
         base_high, base_unit, low2, high2, start_us, end_us, folded, target_type, target))sql"},
                                 {"close_idx_composite", R"sql(
UPDATE idx_composite t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                             $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::bigint[],
                             $19::bigint[], $20::text[], $21::smallint[], $22::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, code, system, code2, system2, low, high, unit_system, unit_code, unit, base_low,
         base_high, base_unit, low2, high2, start_us, end_us, folded, target_type, target)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.code = w.code AND t.system = w.system AND t.code2 = w.code2 AND t.system2 = w.system2
   AND t.low = w.low::numeric AND t.high = w.high::numeric AND t.unit_system = w.unit_system
   AND t.unit_code = w.unit_code AND t.unit = w.unit AND t.low2 = w.low2::numeric
   AND t.high2 = w.high2::numeric AND t.start_us = w.start_us AND t.end_us = w.end_us AND t.folded = w.folded
   AND t.target_type = w.target_type AND t.target = w.target)sql"}};

// One document per resource and parameter: the row that closes needs no look at its words.
constexpr IndexColumn kTextColumns[] = {
    {"document", ElementType::kText, "text", "search_document"},
};
const IndexTable kTextTable{"idx_text",
                            kTextColumns,
                            {"insert_idx_text", R"sql(
INSERT INTO idx_text (id, type, parameter, document)
SELECT id, type, parameter, search_document(document)
  FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[])
    AS w(id, type, parameter, document))sql"},
                            {"close_idx_text", R"sql(
UPDATE idx_text t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, document)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL)sql"}};

constexpr IndexColumn kPositionColumns[] = {
    {"latitude", ElementType::kText, "text::float8"},
    {"longitude", ElementType::kText, "text::float8"},
};
const IndexTable kPositionTable{"idx_position",
                                kPositionColumns,
                                {"insert_idx_position", R"sql(
INSERT INTO idx_position (id, type, parameter, latitude, longitude)
SELECT id, type, parameter, latitude::float8, longitude::float8
  FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[])
    AS w(id, type, parameter, latitude, longitude))sql"},
                                {"close_idx_position", R"sql(
UPDATE idx_position t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[], $4::text[], $5::text[])
         LIMIT cardinality($1::text[]))
    AS w(id, type, parameter, latitude, longitude)
 WHERE t.id = w.id AND t.type = w.type AND t.parameter = w.parameter AND t.closed_tx IS NULL
   AND t.latitude = w.latitude::float8 AND t.longitude = w.longitude::float8)sql"}};

void Add(RowBatch& batch, const fhir::search::StringIndex& value) {
  batch.Text(0, PrefixText(value.folded));
  batch.Text(1, PlainText(value.exact));
}
void Add(RowBatch& batch, const fhir::search::TokenIndex& value) {
  batch.Text(0, EqualityText(value.system));
  batch.Text(1, EqualityText(value.code));
  batch.Text(2, EqualityText(value.identifier_type));
  batch.Text(3, PrefixText(value.text));
}
void Add(RowBatch& batch, const fhir::search::ReferenceIndex& value) {
  AddReference(batch, 0, value);
}
void Add(RowBatch& batch, const fhir::search::DateIndex& value) {
  batch.Int(0, value.low_us);
  batch.Int(1, value.high_us);
}
void Add(RowBatch& batch, const fhir::search::NumberIndex& value) {
  batch.Text(0, value.low);
  batch.Text(1, value.high);
}
void Add(RowBatch& batch, const fhir::search::QuantityIndex& value) {
  batch.Text(0, value.low);
  batch.Text(1, value.high);
  batch.Text(2, EqualityText(value.system));
  batch.Text(3, EqualityText(value.code));
  AddUnits(batch, 4, value);
}
void Add(RowBatch& batch, const fhir::search::CompositeIndex& value) {
  batch.Text(0, EqualityText(value.token.code));
  batch.Text(1, EqualityText(value.token.system));
  batch.Text(2, EqualityText(value.second_token.code));
  batch.Text(3, EqualityText(value.second_token.system));
  batch.Text(4, OrZero(value.quantity.low));
  batch.Text(5, OrZero(value.quantity.high));
  batch.Text(6, EqualityText(value.quantity.system));
  batch.Text(7, EqualityText(value.quantity.code));
  AddUnits(batch, 8, value.quantity);
  batch.Text(12, OrZero(value.second_number.low));
  batch.Text(13, OrZero(value.second_number.high));
  batch.Int(14, value.date.low_us);
  batch.Int(15, value.date.high_us);
  batch.Text(16, PrefixText(value.string.folded));
  AddReference(batch, 17, value.reference);
}
void Add(RowBatch& batch, const fhir::search::TextIndex& value) {
  batch.Text(0, PlainText(value.text));
}
void Add(RowBatch& batch, const fhir::search::PositionIndex& value) {
  batch.Text(0, fmt::format("{}", value.latitude));
  batch.Text(1, fmt::format("{}", value.longitude));
}
void Add(RowBatch& batch, const fhir::search::UriIndex& value) {
  batch.Text(0, EqualityText(value.uri));
}

}  // namespace gateway::store::transaction
