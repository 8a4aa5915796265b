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

/// A filter as conditions, of constants alone, and their values. Conditions that are not asked for are not there, so
/// that an index can be chosen for the others.
class Conditions {
 public:
  explicit Conditions(const JournalFilter& filter) {
    if (filter.state) {
      Add("state = ${}::text").Text(StateName(*filter.state));
    }
    AddText("partner = ${}::text", filter.partner);
    AddText("type = ${}::text", filter.type);
    AddText("control_id = ${}::text", filter.control_id);
    AddText("error_code = ${}::text", filter.error_code);
    AddText("error_place = ${}::text", filter.error_place);
    if (!filter.patient.empty()) {
      Add("(lane = ${0}::bigint OR second_lane = ${0}::bigint)").Int(LaneOf(filter.patient));
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

  /// A page of the messages that meet them, newest first.
  std::string Select(std::string_view columns, int count) {
    Add("").Int(count);
    return fmt::format("SELECT {} FROM message {} ORDER BY id DESC LIMIT ${}::int", columns, where_,
                       parameters_.size());
  }
  const pg::Parameters& parameters() const { return parameters_; }

 private:
  pg::Parameters& Add(std::string_view condition) {
    if (!condition.empty()) {
      where_ += where_.empty() ? "WHERE " : " AND ";
      where_ += fmt::format(fmt::runtime(condition), parameters_.size() + 1);
    }
    return parameters_;
  }
  void AddText(std::string_view condition, const std::string& value) {
    if (!value.empty()) {
      Add(condition).Text(value);
    }
  }

  std::string where_;
  pg::Parameters parameters_;
};

/// Regardless of the case of ASCII letters.
bool Contains(std::string_view text, std::string_view wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                     [&](char left, char right) { return lower(left) == lower(right); }) != text.end();
}

}  // namespace

fhir::Result<std::vector<JournalEntry>> JournalStore::List(const JournalFilter& filter) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  Conditions conditions(filter);
  const std::string sql = conditions.Select(kListColumns, std::clamp(filter.count, 1, limits_.list_entries_max));
  GW_ASSIGN(const pg::Rows rows, connection->ExecuteAdHoc("list_messages", sql, conditions.parameters()));
  std::vector<JournalEntry> entries;
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
    Conditions conditions(page);
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
