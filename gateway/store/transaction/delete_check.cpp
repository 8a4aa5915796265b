#include "gateway/store/transaction/delete_check.hpp"

#include <utility>
#include <vector>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

// arrays: $1 types, $2 ids, $3 types whose references do not count, $4 their names, by which what they contain is
// known. The first that something refers to. OFFSET 0: each is looked for by the index of targets.
constexpr pg::Statement kFindReferredTo{"find_referred_to", R"sql(
SELECT min(w.n)
  FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY AS w(type, id, n)
 WHERE EXISTS (SELECT 1 FROM idx_reference f
                WHERE f.target = w.id AND f.target_type = w.type AND f.closed_tx IS NULL
                  AND f.type <> ALL ($3::smallint[])
                  AND (f.type > 0 OR split_part(f.id, '/', 1) <> ALL ($4::text[]))
               OFFSET 0))sql"};

// arrays: $1 types, $2 ids. All versions: one that has been replaced was the head for who has found it. Locked before
// the head is closed, so that who waits for it looks at it again.
constexpr pg::Statement kLockVersions{"lock_versions", R"sql(
SELECT 1
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) LIMIT cardinality($2::text[])) AS w(type, id)
  JOIN resource_version r ON r.id = w.id AND r.type = w.type
 ORDER BY r.type, r.id, r.version
   FOR UPDATE OF r)sql"};

}  // namespace

void LockDeleted(const ApplyContext& context, std::span<const Step> steps) {
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  for (const Step& step : steps) {
    if (step.effect == adapters::port::Effect::kDeleted) {
      types.AddInt(TypeCode(step.change.type));
      ids.AddText(step.id);
    }
  }
  if (ids.size() > 0 && context.options.references_checked) {
    pg::Parameters parameters;
    parameters.Add(types).Add(ids);
    context.session.Write(kLockVersions, parameters);
  }
}

fhir::Result<void> CheckDeletes(const ApplyContext& context, std::span<const Step> steps) {
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  std::vector<const Step*> deleted;
  for (const Step& step : steps) {
    if (step.effect == adapters::port::Effect::kDeleted) {
      types.AddInt(TypeCode(step.change.type));
      ids.AddText(step.id);
      deleted.push_back(&step);
    }
  }
  if (deleted.empty()) {
    return {};
  }
  pg::Array ignored(pg::ElementType::kInt2);
  for (const auto& name : context.options.referrers_ignored) {
    ignored.AddInt(TypeCode(fhir::metadata::Definitions::R4().FindType(name)));
  }
  pg::Parameters parameters;
  parameters.Add(types).Add(ids).Add(ignored).Add(pg::Array::Texts(context.options.referrers_ignored));
  GW_ASSIGN(const auto rows, context.session.Read(kFindReferredTo, parameters));
  if (rows[0].IsNull(0)) {
    return {};
  }
  fhir::Error error;
  error.code = fhir::ErrorCode::kConflict;
  error.public_text.text = "Other resources still refer to the resource.";
  error.expression = deleted[static_cast<std::size_t>(rows[0].Int(0)) - 1]->change.place;
  return std::unexpected(std::move(error));
}

}  // namespace gateway::store::transaction
