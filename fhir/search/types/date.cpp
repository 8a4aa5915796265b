#include "fhir/search/types/date.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "fhir/base/date_time.hpp"

namespace fhir::search {
namespace {

constexpr std::int64_t kBeginning = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

std::optional<UsRange> RangeOf(const IndexContext& context, std::string_view text) {
  const auto parsed = ParseDateTime(text, DateForm::kRelaxed);
  if (!parsed) return std::nullopt;
  return ToRange(*parsed, context.zone);
}

std::optional<UsRange> PeriodRange(const IndexContext& context, const model::Node& period) {
  UsRange range{kBeginning, kEnd};
  const std::string_view start = period.ChildValue("start");
  const std::string_view end = period.ChildValue("end");
  const auto low = RangeOf(context, start);
  const auto high = RangeOf(context, end);
  if (!low && !high) return std::nullopt;
  if (low) range.low_us = low->low_us;
  if (high) range.high_us = high->high_us;
  return range;
}

void Widen(std::optional<UsRange>& all, const std::optional<UsRange>& more) {
  if (!more) return;
  if (!all) {
    all = more;
    return;
  }
  all->low_us = std::min(all->low_us, more->low_us);
  all->high_us = std::max(all->high_us, more->high_us);
}

std::optional<UsRange> TimingRange(const IndexContext& context, const model::Node& timing) {
  std::optional<UsRange> all;
  for (const model::Node& child : timing.children()) {
    if (child.name == "event") Widen(all, RangeOf(context, child.value));
  }
  if (const model::Node* const bounds = timing.Find("repeat.boundsPeriod")) Widen(all, PeriodRange(context, *bounds));
  return all;
}

std::int64_t AddClamped(std::int64_t value, std::int64_t delta) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(value, delta, &result)) return delta < 0 ? kBeginning : kEnd;
  return result;
}

}  // namespace

void IndexDate(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  std::optional<UsRange> range;
  if (element == nullptr) {
    if (item.kind == fhirpath::ItemKind::kDate || item.kind == fhirpath::ItemKind::kDateTime) {
      range = RangeOf(context, item.text);
    }
  } else if (element->HasValue()) {
    range = RangeOf(context, element->value);
  } else if (element->type == context.types.period) {
    range = PeriodRange(context, *element);
  } else if (element->type == context.types.timing) {
    range = TimingRange(context, *element);
  }
  if (range) out.dates.push_back({parameter, range->low_us, range->high_us});
}

Prefix TakePrefix(std::string_view& text) {
  static constexpr std::pair<std::string_view, Prefix> kPrefixes[] = {
      {"eq", Prefix::kEq}, {"ne", Prefix::kNe}, {"gt", Prefix::kGt}, {"lt", Prefix::kLt}, {"ge", Prefix::kGe},
      {"le", Prefix::kLe}, {"sa", Prefix::kSa}, {"eb", Prefix::kEb}, {"ap", Prefix::kAp}};
  for (const auto& [name, prefix] : kPrefixes) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(2);
    return prefix;
  }
  return Prefix::kEq;
}

Result<DateValue> ParseDateValue(std::string_view text, const TimeZone& zone, std::optional<std::int64_t> now_us) {
  DateValue value;
  value.prefix = TakePrefix(text);
  std::string repaired(text);
  if (const std::size_t blank = repaired.find(' '); blank != std::string::npos && repaired.find('T') < blank) {
    repaired[blank] = '+';
  }
  GW_ASSIGN(const DateTime parsed, ParseDateTime(repaired, DateForm::kRelaxed));
  const UsRange range = ToRange(parsed, zone);
  value.low_us = range.low_us;
  value.high_us = range.high_us;
  if (value.prefix == Prefix::kAp) {
    // A tenth of the distance to the present, and at least of the value's own length.
    std::int64_t distance = value.high_us - value.low_us;
    if (now_us) {
      distance = std::max({distance, AddClamped(*now_us, -value.high_us), AddClamped(value.low_us, -*now_us)});
    }
    value.low_us = AddClamped(value.low_us, -distance / 10);
    value.high_us = AddClamped(value.high_us, distance / 10);
  }
  return value;
}

bool DateMatches(std::int64_t low_us, std::int64_t high_us, const DateValue& value) {
  const bool equal = value.low_us <= low_us && high_us <= value.high_us;
  switch (value.prefix) {
    case Prefix::kEq:
      return equal;
    case Prefix::kNe:
      return !equal;
    case Prefix::kGt:
      return high_us > value.high_us;
    case Prefix::kLt:
      return low_us < value.low_us;
    case Prefix::kGe:
      return high_us > value.high_us || low_us >= value.low_us;
    case Prefix::kLe:
      return low_us < value.low_us || high_us <= value.high_us;
    case Prefix::kSa:
      return low_us >= value.high_us;
    case Prefix::kEb:
      return high_us <= value.low_us;
    case Prefix::kAp:
      return low_us < value.high_us && high_us > value.low_us;
  }
  return false;
}

}  // namespace fhir::search
