#include "gateway/store/search_sql/matches.hpp"

#include <algorithm>
#include <vector>

#include "gateway/store/search_sql/equality.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::Grants;
using fhir::search::Criterion;

constexpr std::size_t kWalksMax = 200;  // values that are walked one by one
constexpr std::size_t kRecordsMax = 4;  // that are few matches together: a patient and those it replaces

// How many resources refer to what is found is anybody's guess, the server's too.
bool FollowsReferences(const Criterion& criterion) {
  using fhir::search::CriterionKind;
  return criterion.kind == CriterionKind::kChain || criterion.kind == CriterionKind::kHas ||
         std::any_of(criterion.parts.begin(), criterion.parts.end(), FollowsReferences);
}

/// The less, the rather a walk goes along it. Whether fewer rows lie elsewhere the server knows better: of criteria
/// that it can join it takes up the one that it expects fewest of. What counts here is which rows come in the order of
/// ids.
int Rank(const Criterion& criterion, const std::optional<Equality>& equality) {
  if (equality && equality->values.size() == 1) {
    return equality->column == "target" ? 0 : 3;
  }
  if (FollowsReferences(criterion)) {
    return 1;
  }
  if (criterion.kind == fhir::search::CriterionKind::kParameter &&
      criterion.parameter->type == fhir::metadata::SearchType::kString) {
    return 2;  // the beginning of a name is rarer than most codes, and its index cannot be asked for one resource
  }
  return equality ? 4 : 5;
}

// Whether the grants that allow searching a type are the same rows as those that allow reading it.
bool SearchMeansRead(const Grants& grants, fhir::metadata::TypeId type) {
  if (type == fhir::metadata::kNoType) {
    return std::all_of(grants.by_type.begin(), grants.by_type.end(),
                       [&](const auto& row) { return SearchMeansRead(grants, row.first); });
  }
  const auto found = grants.by_type.find(type);
  if (found == grants.by_type.end()) {
    return true;
  }
  for (const auto& grant : found->second.grants) {
    const bool search = (grant.interactions & adapters::port::kSearch) != 0;
    const bool read = (grant.interactions & adapters::port::kRead) != 0;
    if (search != read) {
      return false;
    }
  }
  return true;
}

// What a patient's record refers to within itself, it refers to as often as one record is long: to a patient or an
// encounter, not to an organization or a practitioner.
bool PointsIntoOneRecord(const Criterion& criterion, const Equality& equality) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  static const auto kPatient = definitions.FindType("Patient");
  const auto in_record = [&](fhir::metadata::TypeId type) {
    return type == kPatient || !definitions.CompartmentParameters(kPatient, type).empty();
  };
  if (equality.column != "target" || equality.values.size() > kRecordsMax) {
    return false;
  }
  if (equality.target_type) {
    return *equality.target_type > 0 && in_record(TypeOfCode(*equality.target_type));
  }
  return !criterion.parameter->targets.empty() &&
         std::all_of(criterion.parameter->targets.begin(), criterion.parameter->targets.end(), in_record);
}

// What is asked of one resource after another, in one way whatever the values.
bool AskedOneByOne(const Criterion& criterion) {
  using fhir::search::CriterionKind;
  return criterion.kind == CriterionKind::kId ||
         (criterion.kind == CriterionKind::kParameter && criterion.parameter != nullptr && !criterion.values.empty());
}

// What others refer to may have been deleted, or never been there.
bool NamesWhatIsReferredTo(const Criterion& criterion) {
  return criterion.kind == fhir::search::CriterionKind::kHas ||
         std::any_of(criterion.parts.begin(), criterion.parts.end(), NamesWhatIsReferredTo);
}

}  // namespace

std::optional<Lead> LeadOf(const fhir::search::Query& query, const Grants& grants) {
  if (query.type == fhir::metadata::kNoType) {
    return std::nullopt;
  }
  std::optional<Lead> lead;
  int best = 0;
  int indexed = 0;
  for (std::size_t i = 0; i < query.criteria.size(); ++i) {
    const Criterion& criterion = query.criteria[i];
    if (!Compiler::YieldsIds(query.type, criterion)) {
      continue;
    }
    ++indexed;
    const auto equality = EqualityOf(criterion);
    if (const int rank = Rank(criterion, equality); !lead || rank < best) {
      best = rank;
      lead = Lead{.criterion = i,
                  .value_by_value = equality && equality->values.size() > 1 && equality->values.size() <= kWalksMax,
                  .few = equality && PointsIntoOneRecord(criterion, *equality),
                  .settled = equality.has_value()};
    }
  }
  if (lead) {
    lead->value_by_value = lead->value_by_value && indexed == 1;
    lead->settled = lead->settled && grants.unrestricted &&
                    (query.criteria.size() == 1 ||
                     (lead->few && std::all_of(query.criteria.begin(), query.criteria.end(), AskedOneByOne)));
  }
  return lead;
}

fhir::Result<void> AppendMatchingIds(SqlText& sql, const fhir::search::Query& query, const Grants& grants,
                                     const Lead& lead, const IdWindow* window) {
  Compiler compiler(sql, grants, query.types);
  const std::span<const Criterion> criteria(query.criteria);
  const auto append_window = [&] {
    (sql << " ORDER BY m.id" << (window->direction == Direction::kAfter ? "" : " DESC") << " LIMIT ")
        .Bind(window->rows_max);
  };
  sql << "SELECT DISTINCT m.id FROM ";
  const bool by_value = lead.value_by_value && window != nullptr;
  if (by_value) {
    // As one condition on a list the rows would come by value, and all of them would have to be read and sorted.
    (sql << "unnest(").Bind(EqualityOf(criteria[lead.criterion])->values);
    sql << ") l(v) CROSS JOIN LATERAL (SELECT DISTINCT m.id FROM ";
  }
  const Criterion& leading = criteria[lead.criterion];
  const bool look_up = NamesWhatIsReferredTo(leading);
  // What references lead to is gathered and put in order, and then each is asked, until the page is full. So is what
  // one record refers to: to ask a few hundred resources takes less than to weigh which criterion has fewer.
  const bool one_by_one = (window != nullptr && FollowsReferences(leading)) || (lead.few && criteria.size() > 1);
  const bool gathered = look_up || one_by_one;
  sql << (gathered ? "(SELECT DISTINCT n.id FROM (" : "(");
  GW_TRY(compiler.AppendIdSet(query.type, leading, by_value ? "l.v" : ""));
  sql << (gathered ? ") n(id) WHERE true" : ") m(id) WHERE true");
  if (window != nullptr && window->from != nullptr) {
    (sql << (gathered ? " AND n.id" : " AND m.id") << (window->direction == Direction::kAfter ? " > " : " < "))
        .Bind(*window->from);
    compiler.WalkFrom("m", *window->from, window->direction);
  }
  if (one_by_one && window != nullptr) {
    sql << " ORDER BY n.id" << (window->direction == Direction::kAfter ? "" : " DESC") << " OFFSET 0";
  }
  sql << (gathered ? ") m WHERE true" : "");
  if (look_up) {
    sql << " AND EXISTS (SELECT 1";
    AppendResources(sql, Walk::kByResource);
    sql << " WHERE r.type = " << TypeCode(query.type) << " AND r.id = m.id";
    AppendResourcesCount(sql, Walk::kByResource);
    sql << " OFFSET 0)";
  }
  const Scope scope{.alias = "m", .type = query.type, .one_by_one = one_by_one};
  GW_TRY(compiler.AppendCriteria(scope, criteria.first(lead.criterion)));
  GW_TRY(compiler.AppendCriteria(scope, criteria.subspan(lead.criterion + 1)));
  GW_TRY(AppendMayFind(compiler, scope, grants));
  if (by_value) {
    append_window();
    sql << ") m";
  }
  if (window != nullptr) {
    append_window();
  }
  return {};
}

fhir::Result<void> AppendMayFind(Compiler& compiler, const Scope& scope, const Grants& grants) {
  GW_TRY(compiler.AppendGranted(scope, adapters::port::kSearch));
  if (!SearchMeansRead(grants, scope.type)) {
    GW_TRY(compiler.AppendGranted(scope, adapters::port::kRead));
  }
  return {};
}

}  // namespace gateway::store::search_sql
