// What people look for in the journal.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/store/journal_rows.hpp"
#include "gateway/store/journal_statements.hpp"
#include "gateway/store/journal_store.hpp"

namespace gateway::store {
namespace {

using adapters::port::FoundText;
using adapters::port::JournalEntry;
using adapters::port::JournalFilter;

constexpr std::string_view kListColumns =
    "id, partner, channel, control_id, type, state, received_at, finished_at, ack, error_code, error_place, attempts, "
    "holds, held_by, reused_id";
constexpr int kTextPage = 50;  // messages in memory at a time; larger ones than a chunk come one by one

// Ids grow with the time of receipt but for what was received at once: as many neighbours are looked at beyond a bound.
// $1, $2: NULL for no bound.
constexpr pg::Statement kSelectIdBounds{"select_message_id_bounds", R"sql(
SELECT (SELECT min(id) FROM (SELECT id FROM journal WHERE state <> 'received' AND received_at >= $1::timestamptz
                              ORDER BY received_at LIMIT 1000) f),
       (SELECT max(id) FROM (SELECT id FROM journal WHERE state <> 'received' AND received_at < $2::timestamptz
                              ORDER BY received_at DESC LIMIT 1000) t))sql"};

/// How the ended messages that meet a filter are found. Each way reads what it returns and little else, whatever the
/// journal's size: a plan that goes through all of them in the hope of meeting some soon is what takes long.
enum class Way : std::uint8_t {
  kNewest,   ///< along the ids: most entries meet the filter
  kFew,      ///< a control id or a patient: all that have it, then in order
  kRare,     ///< a state or an error that few end with: along the ids of those
  kKind,     ///< a partner and a type: along the ids of those
  kPartner,  ///< a partner: each of its types as a kind
  kType,     ///< a type: each partner's as a kind
};

Way WayOf(const JournalFilter& filter) {
  if (!filter.control_id.empty() || !filter.patient.empty()) {
    return Way::kFew;
  }
  if (!filter.error_code.empty() || !filter.error_place.empty() ||
      (filter.state && *filter.state != adapters::port::MessageState::kCommitted)) {
    return Way::kRare;
  }
  if (!filter.partner.empty()) {
    return filter.type.empty() ? Way::kPartner : Way::kKind;
  }
  return filter.type.empty() ? Way::kNewest : Way::kType;
}

// The partners that have ended messages, and the types of one partner, each found by one step in the index.
constexpr std::string_view kPartners = R"sql(WITH RECURSIVE kind (partner) AS (
  (SELECT partner FROM journal WHERE state <> 'received' ORDER BY partner LIMIT 1)
  UNION ALL
  SELECT (SELECT j.partner FROM journal j WHERE j.state <> 'received' AND j.partner > kind.partner ORDER BY j.partner LIMIT 1)
    FROM kind WHERE kind.partner IS NOT NULL
) )sql";
constexpr std::string_view kTypes = R"sql(WITH RECURSIVE kind (type) AS (
  (SELECT type FROM journal WHERE state <> 'received' AND partner = ${0}::text ORDER BY type LIMIT 1)
  UNION ALL
  SELECT (SELECT j.type FROM journal j WHERE j.state <> 'received' AND j.partner = ${0}::text AND j.type > kind.type
           ORDER BY j.type LIMIT 1)
    FROM kind WHERE kind.type IS NOT NULL
) )sql";

/// A filter as conditions, of constants alone, and their values. Conditions that are not asked for are not there, so
/// that an index can be chosen for the others.
class Conditions {
 public:
  explicit Conditions(const JournalFilter& filter) : way_(WayOf(filter)), state_(filter.state) {
    if (filter.state) {
      Add("state = ${}::text").Text(StateName(*filter.state));
    }
    partner_ = AddText("partner = ${}::text", filter.partner);
    AddText("type = ${}::text", filter.type);
    AddText("control_id = ${}::text", filter.control_id);
    AddText("error_code = ${}::text", filter.error_code);
    AddText("error_place = ${}::text", filter.error_place);
    if (!filter.error_code.empty()) {
      where_ += " AND error_code <> ''";
    }
    if (!filter.error_place.empty()) {
      where_ += " AND error_place <> ''";
    }
    if (!filter.patient.empty()) {
      Add("((lane IS NOT NULL AND lane = ${0}::bigint) OR (second_lane IS NOT NULL AND second_lane = ${0}::bigint))")
          .Int(LaneOf(filter.patient));
    }
    if (filter.received_from_us) {
      Add("received_at >= ${}::timestamptz").TimestampUs(*filter.received_from_us);
    }
    if (filter.received_to_us) {
      Add("received_at < ${}::timestamptz").TimestampUs(*filter.received_to_us);
    }
    if (filter.before_id) {
      Add("id < ${}::bigint").Int(*filter.before_id);
    }
  }

  /// What follows for the ended ones from the times asked for: none when a bound is nowhere.
  void Bound(const JournalFilter& filter, std::optional<std::int64_t> first, std::optional<std::int64_t> last) {
    if ((filter.received_from_us && !first) || (filter.received_to_us && !last)) {
      bounds_ = " AND false";
      return;
    }
    for (const auto& [sign, id] : {std::pair(">=", first), std::pair("<=", last)}) {
      if (id) {
        parameters_.Int(*id);
        bounds_ += fmt::format(" AND id {} ${}::bigint", sign, parameters_.size());
      }
    }
  }

  /// A page of the messages that meet them, newest first: those that wait and those that have ended apart, since each
  /// has indexes of its own.
  std::string Select(std::string_view columns, int count) {
    parameters_.Int(count);
    const std::size_t limit = parameters_.size();
    const std::string waiting = fmt::format(
        "(SELECT {} FROM message WHERE state = 'received'{} ORDER BY id DESC LIMIT ${}::int)", columns, where_, limit);
    if (state_ == adapters::port::MessageState::kReceived) {
      return waiting;
    }
    const std::string ended = Ended(columns, limit);
    return state_ ? ended : fmt::format("({}) UNION ALL ({}) ORDER BY id DESC LIMIT ${}::int", waiting, ended, limit);
  }
  const pg::Parameters& parameters() const { return parameters_; }

 private:
  pg::Parameters& Add(std::string_view condition) {
    where_ += " AND ";
    where_ += fmt::format(fmt::runtime(condition), parameters_.size() + 1);
    return parameters_;
  }
  std::size_t AddText(std::string_view condition, const std::string& value) {
    if (!value.empty()) {
      Add(condition).Text(value);
    }
    return parameters_.size();
  }
  std::string Ended(std::string_view columns, std::size_t limit) const {
    const auto from = [&](std::string_view more, std::string_view order) {
      return fmt::format("SELECT {} FROM journal m WHERE m.state <> 'received'{}{} ORDER BY {} DESC LIMIT ${}::int",
                         columns, more, where_ + bounds_, order, limit);
    };
    switch (way_) {
      case Way::kFew:
        return from("", "id + 0");  // in an order that no index offers: the few are found first
      case Way::kPartner:
        return fmt::format(
            "{}SELECT m.* FROM kind k, LATERAL ({}) m WHERE k.type IS NOT NULL ORDER BY m.id DESC LIMIT ${}::int",
            fmt::format(fmt::runtime(kTypes), partner_), from(" AND m.type = k.type", "id"), limit);
      case Way::kType:
        return fmt::format(
            "{}SELECT m.* FROM kind k, LATERAL ({}) m WHERE k.partner IS NOT NULL ORDER BY m.id DESC LIMIT ${}::int",
            kPartners, from(" AND m.partner = k.partner", "id"), limit);
      default:
        return from("", "id");
    }
  }

  const Way way_;
  const std::optional<adapters::port::MessageState> state_;
  std::string where_, bounds_;
  std::size_t partner_ = 0;  // number of the parameter
  pg::Parameters parameters_;
};

fhir::Result<Conditions> ConditionsOf(pg::Connection& connection, const JournalFilter& filter) {
  Conditions conditions(filter);
  const bool waiting = filter.state == adapters::port::MessageState::kReceived;
  if (!waiting && (filter.received_from_us || filter.received_to_us)) {
    GW_ASSIGN(
        const pg::Rows bounds,
        connection.Execute(
            kSelectIdBounds,
            pg::Parameters().TimestampUsOrNull(filter.received_from_us).TimestampUsOrNull(filter.received_to_us)));
    const auto bound = [&](int column) {
      return bounds[0].IsNull(column) ? std::nullopt : std::optional(bounds[0].Int(column));
    };
    conditions.Bound(filter, bound(0), bound(1));
  }
  return conditions;
}

/// Regardless of the case of ASCII letters.
bool Contains(std::string_view text, std::string_view wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                     [&](char left, char right) { return lower(left) == lower(right); }) != text.end();
}

}  // namespace

fhir::Result<std::vector<JournalEntry>> JournalStore::List(const JournalFilter& filter) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  std::vector<JournalEntry> entries;
  GW_ASSIGN(auto conditions, ConditionsOf(*connection, filter));
  const std::string sql = conditions.Select(kListColumns, std::clamp(filter.count, 1, limits_.list_entries_max));
  GW_ASSIGN(const pg::Rows rows, connection->ExecuteAdHoc("list_messages", sql, conditions.parameters()));
  entries.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    entries.push_back(EntryOf(rows[i]));
  }
  return entries;
}

fhir::Result<FoundText> JournalStore::FindText(const JournalFilter& filter, std::span<const std::string> texts,
                                               int time_ms_max) {
  using SearchClock = std::chrono::steady_clock;
  const auto deadline = SearchClock::now() + std::chrono::milliseconds(time_ms_max);
  const auto wanted = static_cast<std::size_t>(std::clamp(filter.count, 1, limits_.list_entries_max));
  const std::string columns = fmt::format("{}, encoding, raw_bytes, raw", kListColumns);
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  JournalFilter page = filter;
  FoundText found;
  for (;;) {
    GW_ASSIGN(auto conditions, ConditionsOf(*connection, page));
    const std::string sql = conditions.Select(columns, kTextPage);
    GW_ASSIGN(const pg::Rows rows, connection->ExecuteAdHoc("find_message_text", sql, conditions.parameters()));
    for (int i = 0; i < rows.size(); ++i) {
      JournalEntry entry = EntryOf(rows[i]);
      GW_TRY(ReadRaw(*connection, rows[i], entry));
      ++found.looked_at;
      page.before_id = entry.id;
      if (std::ranges::any_of(texts, [&](const std::string& text) { return Contains(entry.raw, text); })) {
        entry.raw.clear();
        found.entries.push_back(std::move(entry));
      }
      if (found.entries.size() >= wanted || SearchClock::now() >= deadline) {
        found.go_on_before = page.before_id;
        return found;
      }
    }
    if (rows.size() < kTextPage) {
      return found;
    }
  }
}

}  // namespace gateway::store
