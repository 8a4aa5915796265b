#include "gateway/store/pg/rows.hpp"

#include <libpq-fe.h>

#include <bit>
#include <charconv>
#include <cstdlib>

#include "gateway/store/pg/wire_format.hpp"

namespace gateway::store::pg {
namespace {

constexpr int kFormatBinary = 1;

/// Calls `take(bytes, is_null)` for each element of a binary array value.
template <typename Take>
void ForEachElement(std::string_view value, Take&& take) {
  constexpr std::size_t kHeaderBytes = 12;
  constexpr std::size_t kDimensionBytes = 8;
  if (value.size() < kHeaderBytes + kDimensionBytes || wire::GetInt(value.data(), 4) != 1) {
    return;  // empty, or not one-dimensional
  }
  const std::int64_t count = wire::GetInt(value.data() + kHeaderBytes, 4);
  value.remove_prefix(kHeaderBytes + kDimensionBytes);
  for (std::int64_t i = 0; i < count && value.size() >= 4; ++i) {
    const std::int64_t bytes = wire::GetInt(value.data(), 4);
    value.remove_prefix(4);
    if (bytes < 0) {
      take(std::string_view(), true);
    } else if (static_cast<std::size_t>(bytes) <= value.size()) {
      take(value.substr(0, static_cast<std::size_t>(bytes)), false);
      value.remove_prefix(static_cast<std::size_t>(bytes));
    }
  }
}

}  // namespace

bool Row::IsNull(int column) const {
  return PQgetisnull(result_, index_, column) != 0;
}

std::string_view Row::Text(int column) const {
  return {PQgetvalue(result_, index_, column), static_cast<std::size_t>(PQgetlength(result_, index_, column))};
}

std::int64_t Row::Int(int column) const {
  const std::string_view value = Text(column);
  if (value.empty()) {
    return 0;
  }
  if (PQfformat(result_, column) == kFormatBinary) {
    return value.size() <= 8 ? wire::GetInt(value.data(), static_cast<int>(value.size())) : 0;
  }
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::optional<std::int64_t> Row::OptionalInt(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int(column));
}

bool Row::Bool(int column) const {
  const std::string_view value = Text(column);
  return !value.empty() && (value[0] == 't' || value[0] == '\1');
}

double Row::Double(int column) const {
  const std::string_view value = Text(column);
  if (PQfformat(result_, column) == kFormatBinary) {
    return value.size() == 8 ? std::bit_cast<double>(wire::GetInt(value.data(), 8)) : 0.0;
  }
  return std::strtod(value.data(), nullptr);
}

std::int64_t Row::TimestampUs(int column) const {
  return IsNull(column) ? 0 : Int(column) + wire::kPostgresEpochUs;
}

std::vector<std::string> Row::TextArray(int column) const {
  std::vector<std::string> values;
  ForEachElement(Text(column), [&](std::string_view bytes, bool) { values.emplace_back(bytes); });
  return values;
}

std::vector<std::int64_t> Row::IntArray(int column) const {
  std::vector<std::int64_t> values;
  ForEachElement(Text(column), [&](std::string_view bytes, bool is_null) {
    values.push_back(is_null || bytes.size() > 8 ? 0 : wire::GetInt(bytes.data(), static_cast<int>(bytes.size())));
  });
  return values;
}

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int Rows::size() const {
  return result_ ? PQntuples(result_.get()) : 0;
}

int Rows::column_count() const {
  return result_ ? PQnfields(result_.get()) : 0;
}

std::int64_t Rows::affected() const {
  if (!result_) {
    return 0;
  }
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view Rows::command() const {
  return result_ ? PQcmdStatus(result_.get()) : "";
}

}  // namespace gateway::store::pg
