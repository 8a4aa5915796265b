#include "gateway/store/search_sql/compartment.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "fhir/search/answering_rows.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/fingerprint.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::CompartmentQuery;
using adapters::port::Grants;
using fhir::metadata::Definitions;
using fhir::metadata::SearchType;
using fhir::metadata::TypeId;

// The parameters that tell when care took place. Dates of writing down are none: an allergy is in scope whenever it was
// recorded.
constexpr std::array<std::string_view, 19> kCareDates = {
    "date",     "period",     "onset-date",   "effective",  "effective-time", "occurrence", "whenhandedover",
    "sent",     "started",    "identified",   "collected",  "datetime",       "event-date", "datewritten",
    "authored", "authoredon", "service-date", "start-date", "created"};
constexpr std::string_view kRecorded = "recordedDate";

/// Types and parameters of one compartment, in the numbers of the database.
struct Members {
  std::vector<TypeId> types;             // that can be in it, its own included
  std::vector<TypeId> outside;           // that cannot
  std::vector<std::int64_t> references;  // (type, parameter) that put a resource into it
  std::vector<std::int64_t> dates;       // (type, parameter) of care
};

std::int64_t Pair(TypeId type, std::uint16_t parameter) {
  return std::int64_t{TypeCode(type)} * 65536 + parameter;
}

constexpr std::string_view kPairOf = ".type::bigint * 65536 + ";

Members MembersOf(const CompartmentQuery& query) {
  const auto& definitions = Definitions::R4();
  const TypeId compartment = query.compartment;
  Members members;
  for (const TypeId type : definitions.ResourceTypes()) {
    if (std::find(query.left_out.begin(), query.left_out.end(), type) != query.left_out.end()) {
      continue;
    }
    const auto codes = definitions.CompartmentParameters(compartment, type);
    if (codes.empty() && type != compartment) {
      members.outside.push_back(type);
      continue;
    }
    members.types.push_back(type);
    for (const std::string_view code : codes) {
      const auto* parameter = definitions.FindSearchParameter(type, code);
      if (parameter != nullptr && parameter->type == SearchType::kReference) {
        for (const auto id : fhir::search::RowsAnswering(type, parameter->id, parameter->type).parameters) {
          members.references.push_back(Pair(type, id));
        }
      }
    }
    if (type == compartment) {
      continue;
    }
    for (const std::string_view code : kCareDates) {
      const auto* parameter = definitions.FindSearchParameter(type, code);
      if (parameter != nullptr && parameter->type == SearchType::kDate &&
          parameter->expression.find(kRecorded) == std::string_view::npos) {
        for (const auto id : fhir::search::RowsAnswering(type, parameter->id, parameter->type).parameters) {
          members.dates.push_back(Pair(type, id));
        }
      }
    }
  }
  return members;
}

/// What a page is cut from: from which row on, in which direction, and how long it may be.
struct PageBounds {
  std::int64_t place = 0;
  std::string id;
  Direction direction = Direction::kAfter;
  std::int64_t rows_max = 0;
};

class CompartmentSql {
 public:
  /// `bounds` may be null: the rows of all pages, for the fingerprint. `as_of`: see SqlText. Borrowed, as the others
  /// are.
  CompartmentSql(const CompartmentQuery& query, const Grants& grants, const PageBounds* bounds = nullptr,
                 const Snapshot* as_of = nullptr)
      : query_(query),
        grants_(grants),
        bounds_(bounds),
        members_(MembersOf(query)),
        sql_(as_of),
        compiler_(sql_, grants),
        state_(StateAlias(sql_, Walk::kByResource)) {}

  /// The whole statement; without bounds, all but the position, the order and the limit.
  fhir::Result<void> AppendRows() {
    GW_TRY(query_.id.empty() ? AppendAll() : AppendOne());
    if (bounds_ != nullptr) {
      (sql_ << " AND (k.place, k.id)" << Beyond() << "(").Bind(bounds_->place) << ", ";
      sql_.Bind(bounds_->id) << ")";
      (sql_ << " ORDER BY k.place" << Order() << ", k.id" << Order() << " LIMIT ").Bind(bounds_->rows_max);
    }
    return {};
  }

  /// The definitions know no compartment of this type.
  bool empty() const { return members_.references.empty(); }
  SqlText& sql() { return sql_; }

  /// "SELECT type, id": members that are in no other compartment of the kind.
  fhir::Result<void> AppendOwn() {
    sql_ << "SELECT r.type, r.id";
    AppendReferring();
    sql_ << " AND NOT EXISTS (SELECT 1 FROM idx_reference o WHERE o.type = r.type AND o.id = r.id";
    AppendCounts(sql_, "o");
    sql_ << " AND o.target_type = " << TypeCode(query_.compartment);
    (sql_ << " AND o.target <> ").Bind(EqualityText(query_.id));
    (sql_ << " AND o" << kPairOf << "o.parameter = ANY (").Bind(members_.references) << "))";
    return compiler_.AppendGrantedAnyType("r", members_.types, adapters::port::kRead);
  }

 private:
  bool Wanted(TypeId type) const {
    const bool asked =
        query_.types.empty() || std::find(query_.types.begin(), query_.types.end(), type) != query_.types.end();
    return asked && (grants_.unrestricted || grants_.by_type.contains(type)) &&
           (bounds_ == nullptr || (Backwards() ? PlaceOf(type) <= bounds_->place : PlaceOf(type) >= bounds_->place));
  }
  bool Backwards() const { return bounds_ != nullptr && bounds_->direction == Direction::kBefore; }
  std::string_view Beyond() const { return Backwards() ? " < " : " > "; }
  std::string_view Order() const { return Backwards() ? " DESC" : ""; }
  std::int64_t PlaceOf(TypeId type) const { return type == query_.compartment ? 0 : std::int64_t{TypeCode(type)}; }

  // A type gives no more than a page, from where the page begins.
  void AppendBounds(TypeId type) {
    if (bounds_ == nullptr) {
      return;
    }
    if (PlaceOf(type) == bounds_->place) {
      (sql_ << " AND r.id" << Beyond()).Bind(bounds_->id);
    }
    (sql_ << " ORDER BY r.id" << Order() << " LIMIT ").Bind(bounds_->rows_max);
  }

  // The compartment of one resource: what refers to it is one range of an index.
  fhir::Result<void> AppendOne() {
    sql_ << "WITH member AS MATERIALIZED (SELECT r.type, r.id";
    AppendResources(sql_, Walk::kByResource);
    sql_ << " WHERE r.type = " << TypeCode(query_.compartment);
    AppendResourcesCount(sql_, Walk::kByResource);
    sql_ << " AND r.id";
    AppendIsOne();
    GW_TRY(
        compiler_.AppendGranted({.alias = "r", .type = query_.compartment, .versions = true}, adapters::port::kRead));
    sql_ << " UNION SELECT r.type, r.id";
    AppendReferring();
    AppendCare("r");
    GW_TRY(compiler_.AppendGrantedAnyType("r", members_.types, adapters::port::kRead));
    sql_ << "), outside AS MATERIALIZED (SELECT r.type, r.id";
    AppendResources(sql_, Walk::kByResource);
    sql_ << " JOIN (SELECT DISTINCT f.target_type AS type, f.target AS id FROM member m JOIN idx_reference f"
            " ON f.type = m.type AND f.id = m.id WHERE true";
    AppendCounts(sql_, "f");
    (sql_ << " AND f.target_type = ANY (").Bind(CodesOf(members_.outside));
    sql_ << ")) f ON r.type = f.type AND r.id = f.id WHERE true";
    AppendResourcesCount(sql_, Walk::kByResource);
    GW_TRY(compiler_.AppendGrantedAnyType("r", members_.outside, adapters::port::kRead));
    sql_ << ") ";
    AppendShown();
    sql_ << " JOIN (SELECT type, id, false AS outside, CASE WHEN type = " << TypeCode(query_.compartment)
         << " THEN 0 ELSE type END::bigint AS place FROM member UNION ALL SELECT type, id, true, type FROM outside) k";
    AppendKept();
    if (!query_.types.empty()) {
      (sql_ << " AND r.type = ANY (").Bind(CodesOf(query_.types)) << ")";
    }
    AppendSince();
    return {};
  }

  // "SELECT … FROM …": what a page shows of r; the rows k that name it follow.
  void AppendShown() {
    sql_ << "SELECT r.type, r.id, " << state_ << ".version, " << state_ << ".last_updated, " << state_
         << ".body, k.outside, k.place, "
         << (sql_.as_of() == nullptr ? "(SELECT pg_current_snapshot()::text)" : "NULL::text");
    AppendResources(sql_, Walk::kByResource);
  }
  void AppendKept() {
    sql_ << " ON r.type = k.type AND r.id = k.id WHERE true";
    AppendResourcesCount(sql_, Walk::kByResource);
  }

  // " FROM … WHERE …": what refers to the compartment's own resource, as r.
  void AppendReferring() {
    AppendResources(sql_, Walk::kByResource);
    sql_ << " JOIN (SELECT DISTINCT f.type, f.id FROM idx_reference f WHERE f.target_type = "
         << TypeCode(query_.compartment);
    AppendCounts(sql_, "f");
    sql_ << " AND f.target";
    AppendIsOne();
    (sql_ << " AND f" << kPairOf << "f.parameter = ANY (").Bind(members_.references);
    sql_ << ")) f ON r.type = f.type AND r.id = f.id WHERE true";
    AppendResourcesCount(sql_, Walk::kByResource);
  }

  // " = …": the compartment's own resource, or one of those whose compartments count as its.
  void AppendIsOne() {
    if (query_.also.empty()) {
      (sql_ << " = ").Bind(EqualityText(query_.id));
      return;
    }
    std::vector<std::string> ids{EqualityText(query_.id)};
    for (const std::string& id : query_.also) {
      ids.push_back(EqualityText(id));
    }
    (sql_ << " = ANY (").Bind(std::move(ids)) << ")";
  }

  // The compartments of all: each type is walked in the order of its ids, and a page takes from the front.
  fhir::Result<void> AppendAll() {
    AppendShown();
    sql_ << " JOIN (SELECT 0::smallint AS type, ''::text COLLATE \"C\" AS id, false AS outside, 0::bigint AS place"
            " WHERE false";
    for (const TypeId type : members_.types) {
      if (Wanted(type)) {
        GW_TRY(AppendMembersOf(type));
      }
    }
    for (const TypeId type : members_.outside) {
      if (Wanted(type)) {
        GW_TRY(AppendReferredOf(type));
      }
    }
    sql_ << ") k";
    AppendKept();
    return {};
  }

  fhir::Result<void> AppendMembersOf(TypeId type) {
    const bool own = type == query_.compartment;
    sql_ << " UNION ALL (SELECT r.type, r.id, false, " << (own ? 0 : int{TypeCode(type)});
    AppendOfType(type);
    if (!own) {
      sql_ << " AND EXISTS (SELECT 1 FROM idx_reference f WHERE f.type = r.type AND f.id = r.id";
      AppendCounts(sql_, "f");
      sql_ << " AND f.target_type = " << TypeCode(query_.compartment);
      (sql_ << " AND f" << kPairOf << "f.parameter = ANY (").Bind(members_.references) << "))";
      AppendCare("r");
    }
    AppendSince();
    GW_TRY(compiler_.AppendGranted({.alias = "r", .type = type, .versions = true}, adapters::port::kRead));
    AppendBounds(type);
    sql_ << ")";
    return {};
  }

  fhir::Result<void> AppendReferredOf(TypeId type) {
    sql_ << " UNION ALL (SELECT r.type, r.id, true, " << int{TypeCode(type)};
    AppendOfType(type);
    sql_ << " AND EXISTS (SELECT 1 FROM idx_reference f JOIN resource_version m ON m.type = f.type AND m.id = f.id"
            " WHERE f.target_type = r.type AND f.target = r.id";
    AppendCounts(sql_, "f");
    AppendCounts(sql_, "m");
    (sql_ << " AND NOT m.deleted AND f.type = ANY (").Bind(CodesOf(members_.types)) << ") AND (m.type = ";
    sql_ << TypeCode(query_.compartment)
         << " OR EXISTS (SELECT 1 FROM idx_reference g WHERE g.type = m.type AND g.id = m.id";
    AppendCounts(sql_, "g");
    sql_ << " AND g.target_type = " << TypeCode(query_.compartment);
    (sql_ << " AND g" << kPairOf << "g.parameter = ANY (").Bind(members_.references) << ")))";
    GW_TRY(compiler_.AppendGrantedAnyType("m", members_.types, adapters::port::kRead));
    sql_ << ")";
    AppendSince();
    GW_TRY(compiler_.AppendGranted({.alias = "r", .type = type, .versions = true}, adapters::port::kRead));
    AppendBounds(type);
    sql_ << ")";
    return {};
  }

  void AppendOfType(TypeId type) {
    AppendResources(sql_, Walk::kByResource);
    sql_ << " WHERE r.type = " << TypeCode(type);
    AppendResourcesCount(sql_, Walk::kByResource);
  }

  // What has no date of care is in scope always, as allergies and coverages are.
  void AppendCare(std::string_view alias) {
    if (!query_.start_us && !query_.end_us) {
      return;
    }
    const auto append_dates = [&] {
      sql_ << "EXISTS (SELECT 1 FROM idx_date d WHERE d.type = " << alias << ".type AND d.id = " << alias << ".id";
      AppendCounts(sql_, "d");
      (sql_ << " AND d" << kPairOf << "d.parameter = ANY (").Bind(members_.dates) << ")";
    };
    sql_ << " AND (NOT ";
    append_dates();
    sql_ << ") OR ";
    append_dates();
    if (query_.start_us) {
      (sql_ << " AND d.high > ").Bind(*query_.start_us);
    }
    if (query_.end_us) {
      (sql_ << " AND d.low < ").Bind(*query_.end_us);
    }
    sql_ << "))";
  }

  void AppendSince() {
    if (query_.since_us) {
      (sql_ << " AND " << state_ << ".last_updated >= ").Bind(*query_.since_us);
    }
  }

  static std::vector<std::int64_t> CodesOf(const std::vector<TypeId>& types) {
    std::vector<std::int64_t> codes;
    codes.reserve(types.size());
    for (const TypeId type : types) {
      codes.push_back(TypeCode(type));
    }
    return codes;
  }

  const CompartmentQuery& query_;
  const Grants& grants_;
  const PageBounds* bounds_;
  const Members members_;
  SqlText sql_;
  Compiler compiler_;
  const std::string_view state_;  // the alias of what a page shows of r
};

fhir::Result<void> CheckHasCompartment(const CompartmentSql& compartment) {
  return compartment.empty() ? fhir::Fail(fhir::ErrorCode::kUnsupported, "There is no compartment of this type.")
                             : fhir::Result<void>();
}

}  // namespace

fhir::Result<SearchStatement> CompileCompartment(const CompartmentQuery& query, const Grants& grants, int rows_max,
                                                 const PagePlace& place) {
  PageBounds bounds{.place = 0, .id = {}, .direction = place.direction, .rows_max = rows_max};
  if (place.position != nullptr) {
    const Position& position = *place.position;
    const bool fits = position.keys.size() == 1 && position.keys[0];
    const auto number = fits ? std::string_view(*position.keys[0]) : std::string_view();
    if (!fits || std::from_chars(number.data(), number.data() + number.size(), bounds.place).ec != std::errc()) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "The page link does not fit the query.");
    }
    bounds.id = position.id;
  }
  CompartmentSql page(query, grants, &bounds, place.as_of);
  GW_TRY(CheckHasCompartment(page));
  GW_TRY(page.AppendRows());
  auto values = page.sql().TakeValues();
  return SearchStatement{page.sql().TakeText(), std::move(values)};
}

fhir::Result<std::string> CompartmentFingerprint(const CompartmentQuery& query, const Grants& grants) {
  CompartmentSql all(query, grants);
  GW_TRY(CheckHasCompartment(all));
  GW_TRY(all.AppendRows());
  return Fingerprint(all.sql().text(), all.sql().values());
}

fhir::Result<SearchStatement> CompileOwnMembers(const CompartmentQuery& query, const Grants& grants,
                                                std::int64_t rows_max) {
  CompartmentSql compartment(query, grants);
  GW_TRY(CheckHasCompartment(compartment));
  GW_TRY(compartment.AppendOwn());
  SqlText& sql = compartment.sql();
  (sql << " ORDER BY r.type, r.id LIMIT ").Bind(rows_max);
  auto values = sql.TakeValues();
  return SearchStatement{sql.TakeText(), std::move(values)};
}

Position CompartmentPosition(std::int64_t place, std::string_view id) {
  return {{std::to_string(place)}, std::string(id)};
}

}  // namespace gateway::store::search_sql
