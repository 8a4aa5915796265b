#include "gateway/store/bulk/bulk_export.hpp"

#include <charconv>
#include <utility>

#include "gateway/store/bulk/snapshot_hold.hpp"
#include "gateway/store/paging/closed_rows.hpp"
#include "gateway/store/pg/array.hpp"
#include "gateway/store/pg/pipeline.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/search_sql/bind.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::bulk {
namespace {

using adapters::port::Actor;
using adapters::port::ExportLevel;
using adapters::port::ExportManifest;
using adapters::port::ExportOrder;
using adapters::port::Grants;
using adapters::port::Job;
using adapters::port::JobStep;

// $1 job, $2 file, $3 content, $4 type, $5 and $6 stretch, $7 rows, $8 print. A step that is done again writes the
// same.
constexpr pg::Statement kWriteExportFile{"write_export_file", R"sql(
INSERT INTO job_file (job_id, file, content, type, after_id, last_id, rows, print)
VALUES ($1::text, $2::int, $3::text, $4::smallint, $5::text, $6::text, $7::bigint, $8::bytea)
ON CONFLICT (job_id, file) DO UPDATE
SET content = excluded.content, type = excluded.type, after_id = excluded.after_id, last_id = excluded.last_id,
    rows = excluded.rows, print = excluded.print)sql"};

constexpr pg::Statement kSelectExportFiles{"select_export_files", R"sql(
SELECT file, type, content = 'deletions', rows FROM job_file
 WHERE job_id = $1::text AND ($2::int IS NULL OR file = $2::int) ORDER BY file)sql"};

constexpr pg::Statement kSelectExportFile{"select_export_file", R"sql(
SELECT f.type, f.content = 'deletions', f.after_id, f.last_id, f.rows, f.print, h.snapshot
  FROM job_file f JOIN snapshot_hold h ON h.job_id = f.job_id
 WHERE f.job_id = $1::text AND f.file = $2::int)sql"};

// Of the numbers in $1, those of types with a version at all: most have none, and a walk through nothing costs its
// plan.
constexpr pg::Statement kSelectTypesInUse{"select_types_in_use", R"sql(
SELECT t FROM unnest($1::bigint[]) t WHERE EXISTS (SELECT 1 FROM resource_version r WHERE r.type = t::smallint))sql"};

constexpr pg::Statement kDeleteExportFiles{"delete_export_files", "DELETE FROM job_file WHERE job_id = $1::text"};

const Grants& ExportGrantsOf(const Actor& actor) {
  static const Grants kNothing;
  return actor.grants != nullptr ? *actor.grants : kNothing;
}

bool TellsDeletions(const StoredOrder& stored, const Grants& grants, fhir::metadata::TypeId type) {
  // Whose a deleted resource was can be told no more, once its index rows are swept.
  return stored.order.since_us && stored.order.level != ExportLevel::kGroup && search_sql::GrantedWhole(grants, type);
}

std::unexpected<fhir::Error> NoSuchFile() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "the export has no such file");
}

std::unexpected<fhir::Error> ExportOutdated() {
  return fhir::Fail(fhir::ErrorCode::kGone,
                    "the state of this export, or the rights it was made by, are not those of today: export again");
}

}  // namespace

fhir::Result<adapters::port::NewJob> BulkExport::Plan(const Actor& actor, const ExportOrder& order) {
  const StoredOrder stored{
      .order = order, .ordered_us = store_.clock->NowUs(), .file_bytes_max = options_.file_bytes_max};
  for (const auto type : order.types) {
    GW_ASSIGN(const auto rows, RowsOf(stored, type, store_));
    GW_TRY(search_sql::ExportFingerprint(rows, ExportGrantsOf(actor)));
  }
  adapters::port::NewJob job;
  job.kind = name();
  job.owner = OwnerOf(actor);
  job.parameters = WriteOrder(stored);
  job.lifetime_ms = options_.lifetime_ms;
  return job;
}

fhir::Result<std::set<fhir::metadata::TypeId>> BulkExport::TypesInUse(
    const std::vector<fhir::metadata::TypeId>& types) {
  std::vector<std::int64_t> codes;
  codes.reserve(types.size());
  for (const auto type : types) {
    codes.push_back(TypeCode(type));
  }
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows,
            connection->Execute(kSelectTypesInUse, pg::Parameters().Add(pg::Array::Int64s(codes))));
  std::set<fhir::metadata::TypeId> in_use;
  for (int i = 0; i < rows.size(); ++i) {
    in_use.insert(TypeOfCode(rows[i].Int(0)));
  }
  return in_use;
}

// One statement's rows into the plan.
fhir::Result<std::int64_t> BulkExport::Walk(const StoredOrder& stored, const Grants& grants,
                                            const search_sql::Snapshot& snapshot, ExportPlan& plan) {
  const auto type = stored.order.types[plan.type()];
  search_sql::SearchStatement statement;
  if (plan.in_deletions()) {
    statement = search_sql::CompileExportDeletions(type, stored.order.since_us.value_or(0), snapshot, plan.after(), "",
                                                   options_.step_rows);
  } else {
    GW_ASSIGN(const auto rows, RowsOf(stored, type, store_));
    GW_ASSIGN(statement, search_sql::CompileExportSizes(rows, grants, snapshot, plan.after(), options_.step_rows));
  }
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows,
            connection->ExecuteAdHoc("plan_export", statement.text, search_sql::Bound(statement.values)));
  for (int i = 0; i < rows.size(); ++i) {
    plan.Add(rows[i].Text(search_sql::kExportId), rows[i].Int(search_sql::kExportBytes), stored.file_bytes_max);
  }
  return std::int64_t{rows.size()};
}

fhir::Result<void> BulkExport::StoreFiles(const Job& job, const StoredOrder& stored, const Grants& grants,
                                          const std::vector<PlannedFile>& files) {
  if (files.empty()) {
    return {};
  }
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Transaction transaction(*connection);
  pg::Pipeline pipeline(*connection);
  std::vector<std::string> prints;
  prints.reserve(files.size());
  for (const PlannedFile& file : files) {
    const auto type = stored.order.types[file.type];
    GW_ASSIGN(const auto rows, RowsOf(stored, type, store_));
    GW_ASSIGN(std::string print, search_sql::ExportFingerprint(rows, grants));
    prints.push_back(std::move(print));
    pg::Parameters parameters;
    parameters.Text(job.id).Int(file.file).Text(file.deletions ? "deletions" : "resources").Int(TypeCode(type));
    parameters.Text(file.after).Text(file.last).Int(file.rows).Bytes(prints.back());
    pipeline.Add(kWriteExportFile, parameters);
  }
  GW_TRY(transaction.CommitWith(pipeline));
  return {};
}

fhir::Result<JobStep> BulkExport::Step(const Job& job, const adapters::port::JobRun& /*run*/) {
  GW_ASSIGN(const StoredOrder stored, ReadOrder(job.parameters));
  GW_ASSIGN(ExportPlan plan, ExportPlan::Read(job.position));
  GW_ASSIGN(const Actor actor, actor_of_(job.owner));
  const Grants& grants = ExportGrantsOf(actor);
  GW_ASSIGN(const HeldSnapshot held, HoldSnapshot(pool_, job.id, options_.lifetime_ms));
  if (job.position.empty()) {
    plan.transaction_us = held.complete_us;
  }
  GW_ASSIGN(const std::set<fhir::metadata::TypeId> in_use, TypesInUse(stored.order.types));
  std::int64_t walked = 0;
  while (plan.type() < stored.order.types.size() && walked < options_.step_rows) {
    std::int64_t rows = 0;
    if (in_use.contains(stored.order.types[plan.type()])) {
      GW_ASSIGN(rows, Walk(stored, grants, held.snapshot, plan));
    }
    walked += rows;
    if (rows < options_.step_rows) {
      plan.EndStretch(TellsDeletions(stored, grants, stored.order.types[plan.type()]));
    }
  }
  GW_TRY(StoreFiles(job, stored, grants, plan.TakeFiles()));
  JobStep step;
  step.finished = plan.type() == stored.order.types.size();
  step.position = plan.Write();
  step.done = plan.rows_done();
  if (step.finished) {
    step.total = step.done;
    step.result = std::to_string(plan.transaction_us);
  }
  return step;
}

fhir::Result<void> BulkExport::Forget(const Job& job) {
  GW_TRY(ReleaseSnapshot(pool_, job.id));
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_TRY(connection->Execute(kDeleteExportFiles, pg::Parameters().Text(job.id)));
  return {};
}

fhir::Result<ExportManifest> BulkExport::Manifest(const Job& job, std::optional<int> file) {
  ExportManifest manifest;
  GW_ASSIGN(StoredOrder stored, ReadOrder(job.parameters));
  manifest.order = std::move(stored.order);
  std::from_chars(job.result.data(), job.result.data() + job.result.size(), manifest.transaction_us);
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows,
            connection->Execute(kSelectExportFiles, pg::Parameters().Text(job.id).IntOrNull(file)));
  manifest.files.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    manifest.files.push_back({static_cast<int>(row.Int(0)), TypeOfCode(row.Int(1)), row.Bool(2), row.Int(3)});
  }
  return manifest;
}

fhir::Result<pg::Rows> BulkExport::FindFile(const std::string& job_id, int file) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  return connection->Execute(kSelectExportFile, pg::Parameters().Text(job_id).Int(file));
}

// The rows of a statement, when none that it needed had been swept.
fhir::Result<pg::Rows> BulkExport::ReadAsOf(const search_sql::SearchStatement& statement,
                                            const search_sql::Snapshot& snapshot) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Transaction transaction(*connection, pg::Isolation::kRepeatableReadReadOnly);
  GW_ASSIGN(pg::Rows rows,
            connection->ExecuteAdHoc("read_export_file", statement.text, search_sql::Bound(statement.values)));
  pg::Pipeline pipeline(*connection);
  pipeline.Add(paging::kSelectHorizon);
  GW_ASSIGN(const std::vector<pg::Rows> horizon, transaction.CommitWith(pipeline));
  if (horizon.front().empty() || paging::SweptBefore(snapshot, horizon.front()[0].Text(0))) {
    return ExportOutdated();
  }
  return rows;
}

fhir::Result<void> BulkExport::ReadFile(const Actor& actor, const Job& job, int file,
                                        const std::function<fhir::Result<void>(std::string_view line)>& line) {
  GW_ASSIGN(const StoredOrder stored, ReadOrder(job.parameters));
  const Grants& grants = ExportGrantsOf(actor);
  GW_ASSIGN(const pg::Rows planned, FindFile(job.id, file));
  if (planned.empty()) {
    return NoSuchFile();
  }
  const pg::Row plan = planned[0];
  const auto type = TypeOfCode(plan.Int(0));
  const bool deletions = plan.Bool(1);
  GW_ASSIGN(const search_sql::Snapshot snapshot, search_sql::ParseSnapshot(plan.Text(6)));
  GW_ASSIGN(const auto rows, RowsOf(stored, type, store_));
  GW_ASSIGN(const std::string print, search_sql::ExportFingerprint(rows, grants));
  if (plan.Bytes(5) != print) {
    return ExportOutdated();
  }
  search_sql::SearchStatement statement;
  if (deletions) {
    statement = search_sql::CompileExportDeletions(type, stored.order.since_us.value_or(0), snapshot, plan.Text(2),
                                                   plan.Text(3), plan.Int(4));
  } else {
    GW_ASSIGN(statement, search_sql::CompileExportBodies(rows, grants, snapshot, plan.Text(2), plan.Text(3)));
  }
  GW_ASSIGN(const pg::Rows lines, ReadAsOf(statement, snapshot));
  for (int i = 0; i < lines.size(); ++i) {
    GW_TRY(line(lines[i].Text(0)));
  }
  return {};
}

}  // namespace gateway::store::bulk
