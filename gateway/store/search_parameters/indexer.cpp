#include "gateway/store/search_parameters/indexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "gateway/store/transaction/index_rows.hpp"
#include "gateway/store/transaction/reindex.hpp"
#include "gateway/store/transaction/session.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_parameters {
namespace {

using fhir::metadata::Definitions;
using fhir::search::CustomParameter;

constexpr std::int16_t kPastAllTypes = 32'767;

// The id of this transaction is above those of all that passed the check of an older version: they took theirs before
// the change was committed, which this statement sees.
constexpr pg::Statement kMarkStart{"mark_search_parameters", R"sql(
UPDATE search_parameter p
   SET wait_tx = pg_current_xact_id(),
       total = (SELECT count(*) FROM resource_version r WHERE r.closed_tx IS NULL AND r.type = ANY ($1::smallint[]))
 WHERE p.number = $2::smallint AND p.state IN ('indexing', 'leaving') AND p.wait_tx IS NULL)sql"};

constexpr pg::Statement kSelectUnmarked{"select_unmarked_search_parameters", R"sql(
SELECT number, bases FROM search_parameter WHERE state IN ('indexing', 'leaving') AND wait_tx IS NULL)sql"};

// Transactions before the marking one have ended. $1 state, $2 milliseconds that the state has lasted
const std::string& SelectTasksSql() {
  static const std::string sql = fmt::format(
      "SELECT {}, p.at_type, p.at_id FROM search_parameter p"
      " WHERE p.state = $1::text AND p.wait_tx < pg_snapshot_xmin(pg_current_snapshot())"
      " AND p.state_at <= clock_timestamp() - $2::bigint * interval '1 millisecond'"
      " ORDER BY p.number FOR UPDATE SKIP LOCKED",
      kParameterColumns);
  return sql;
}

constexpr int kTaskAtType = kParameterColumnCount;
constexpr int kTaskAtId = kTaskAtType + 1;

// $1 numbers, $2 type, $3 id, $4 resources
constexpr pg::Statement kMoveTasks{"move_search_parameters", R"sql(
UPDATE search_parameter SET at_type = $2::smallint, at_id = $3::text, done = done + $4::bigint
 WHERE number = ANY ($1::smallint[]))sql"};

// $1 numbers
constexpr pg::Statement kMakeUsable{"use_search_parameters", R"sql(
UPDATE search_parameter SET state = 'usable', state_at = clock_timestamp() WHERE number = ANY ($1::smallint[]))sql"};
constexpr pg::Statement kForget{"forget_search_parameters", R"sql(
DELETE FROM search_parameter WHERE number = ANY ($1::smallint[]))sql"};
constexpr pg::Statement kNextVersion{"next_search_registry", R"sql(
UPDATE search_registry SET version = version + 1, changed_at = clock_timestamp())sql"};

/// The resource types of a parameter by their numbers in the database, in their order.
std::vector<std::int16_t> TypeCodesOf(const std::vector<fhir::metadata::TypeId>& bases) {
  const Definitions& r4 = Definitions::R4();
  std::vector<std::int16_t> codes;
  for (const auto type : r4.ResourceTypes()) {
    if (std::ranges::any_of(bases, [&](auto base) { return r4.IsA(type, base); })) {
      codes.push_back(TypeCode(type));
    }
  }
  std::sort(codes.begin(), codes.end());
  return codes;
}

pg::Array NumbersOf(const std::vector<std::uint16_t>& numbers) {
  pg::Array array(pg::ElementType::kInt2);
  for (const std::uint16_t number : numbers) {
    array.AddInt(number);
  }
  return array;
}

}  // namespace

/// A parameter and where its pass stands: ids of `type` beyond `after` come next.
struct Indexer::Task {
  CustomParameter parameter;
  std::vector<std::int16_t> types;
  std::int16_t type = 0;
  std::string after;

  bool done() const { return type == kPastAllTypes; }
  std::pair<std::int16_t, std::string_view> place() const { return {type, after}; }
  /// The first type of the parameter from `from` on.
  void GoTo(std::int16_t from, std::string id) {
    const auto next = std::lower_bound(types.begin(), types.end(), from);
    type = next == types.end() ? kPastAllTypes : *next;
    after = next != types.end() && *next == from ? std::move(id) : std::string();
  }
};

/// The tasks that are furthest behind, and where the next one stands.
struct Indexer::Group {
  std::vector<Task> tasks;
  std::string until;  ///< the place of the next task, when it is within the same type
  std::vector<std::uint16_t> numbers;
};

Indexer::Indexer(pg::Pool& pool, const StoreOptions& options, IndexerOptions limits)
    : pool_(pool), options_(options), limits_(limits) {}

fhir::search::Extractor& Indexer::ExtractorOf(const Group& group) {
  // A number stands for one definition for ever, so the same numbers are the same extractor.
  if (extractor_ == nullptr || extracted_ != group.numbers) {
    std::vector<CustomParameter> parameters;
    parameters.reserve(group.tasks.size());
    for (const Task& task : group.tasks) {
      parameters.push_back(task.parameter);
    }
    extractor_ = std::make_unique<fhir::search::Extractor>(
        Definitions::R4(),
        std::make_shared<const fhir::search::CustomParameters>(Definitions::R4(), std::move(parameters), 0, 0));
    extracted_ = group.numbers;
  }
  return *extractor_;
}

fhir::Result<IndexerStep> Indexer::Advance(bool leaving) {
  IndexerStep step;
  GW_ASSIGN(const auto session, transaction::Session::Open(pool_));
  pg::Parameters asked;
  asked.Text(leaving ? "leaving" : "indexing").Int(leaving ? limits_.leave_after_ms : 0);
  GW_ASSIGN(const pg::Rows rows, session->ReadAdHoc("select_search_parameters_to_index", SelectTasksSql(), asked));
  std::vector<Task> tasks;
  for (int i = 0; i < rows.size(); ++i) {
    Task& task = tasks.emplace_back();
    task.parameter = ReadParameter(rows[i], 0);
    task.types = TypeCodesOf(task.parameter.definition.bases);
    task.GoTo(static_cast<std::int16_t>(rows[i].Int(kTaskAtType)), rows[i].String(kTaskAtId));
  }
  if (tasks.empty()) {
    return step;
  }
  const auto behind = [](const Task& left, const Task& right) { return left.place() < right.place(); };
  std::ranges::sort(tasks, behind);
  Group group;
  for (Task& task : tasks) {
    if (group.tasks.empty() || task.place() == group.tasks.front().place()) {
      group.tasks.push_back(task);
      group.numbers.push_back(task.parameter.number);
    } else {
      group.until = task.type == group.tasks.front().type ? task.after : std::string();
      break;
    }
  }
  step.more = true;
  const Task& first = group.tasks.front();
  if (first.done()) {
    session->Write(leaving ? kForget : kMakeUsable, pg::Parameters().Add(NumbersOf(group.numbers)));
    session->Write(kNextVersion, {});
    GW_TRY(session->Commit());
    return step;
  }
  transaction::ReindexPart part{.type = first.type, .after = first.after, .until = group.until};
  part.resources_max = leaving ? limits_.ids_max : limits_.resources_max;
  transaction::PartDone done;
  if (leaving) {
    part.bytes_max = std::numeric_limits<std::size_t>::max();  // no body is read
    GW_ASSIGN(const std::vector<std::string> ids, transaction::NextIds(*session, part, done.more));
    transaction::DropIndexRows(*session, part.type, ids, group.numbers);
    done.resources = static_cast<std::int64_t>(ids.size());
    done.last_id = ids.empty() ? std::string() : ids.back();
  } else {
    const transaction::ReindexContext context{
        .session = *session, .options = options_, .extractor = ExtractorOf(group), .only = group.numbers};
    GW_ASSIGN(done, transaction::ReindexNext(context, part));
  }
  step.resources = done.resources;
  // At the end of a part that others stand at, the place is theirs: from there on they go together.
  std::int16_t type = first.type;
  std::string id = done.last_id;
  if (!done.more) {
    id = group.until;
    type = group.until.empty() ? static_cast<std::int16_t>(first.type + 1) : first.type;
  }
  // Each goes to its own next type; tasks of one place stay sorted by it.
  for (Task& task : group.tasks) {
    task.GoTo(type, id);
    session->Write(
        kMoveTasks,
        pg::Parameters().Add(NumbersOf({task.parameter.number})).Int(task.type).Text(task.after).Int(done.resources));
  }
  GW_TRY(session->Commit());
  return step;
}

fhir::Result<IndexerStep> Indexer::Step() {
  {
    GW_ASSIGN(const auto connection, pool_.Acquire());
    GW_ASSIGN(const pg::Rows unmarked, connection->Execute(kSelectUnmarked));
    for (int i = 0; i < unmarked.size(); ++i) {
      std::vector<fhir::metadata::TypeId> bases;
      for (const std::string& name : unmarked[i].TextArray(1)) {
        bases.push_back(Definitions::R4().FindType(name));
      }
      pg::Array types(pg::ElementType::kInt2);
      for (const std::int16_t code : TypeCodesOf(bases)) {
        types.AddInt(code);
      }
      GW_TRY(connection->Execute(kMarkStart, pg::Parameters().Add(types).Int(unmarked[i].Int(0))));
    }
  }
  GW_ASSIGN(IndexerStep step, Advance(false));
  if (!step.more) {
    GW_ASSIGN(step, Advance(true));
  }
  return step;
}

}  // namespace gateway::store::search_parameters
