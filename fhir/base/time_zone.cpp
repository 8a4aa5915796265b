#include "fhir/base/time_zone.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <unicode/basictz.h>
#include <unicode/timezone.h>
#include <unicode/tzrule.h>
#include <unicode/tztrans.h>

namespace fhir {
namespace {

constexpr std::int64_t kUsPerSecond = 1'000'000;
constexpr std::int64_t kUsPerDay = 86'400 * kUsPerSecond;
constexpr double kFirstTransitionMs = -5'364'662'400'000.0;  // 1800-01-01
constexpr double kLastTransitionMs = 7'258'118'400'000.0;    // 2200-01-01; beyond, the last offset holds

std::unexpected<Error> NoSuchZone() {
  return Fail(ErrorCode::kInvalid, "there is no time zone of that name");
}

}  // namespace

struct TimeZoneLoader {
  static Result<TimeZone> Load(std::string_view name) {
    const icu::UnicodeString id =
        icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<int>(name.size())));
    UErrorCode status = U_ZERO_ERROR;
    UBool is_system = false;
    icu::UnicodeString canonical;
    icu::TimeZone::getCanonicalID(id, canonical, is_system, status);
    if (U_FAILURE(status) != 0 || is_system == 0) {
      return NoSuchZone();
    }
    const std::unique_ptr<icu::TimeZone> source(icu::TimeZone::createTimeZone(id));
    const auto* rules = dynamic_cast<const icu::BasicTimeZone*>(source.get());
    if (rules == nullptr) {
      return NoSuchZone();
    }
    TimeZone zone;
    std::int32_t raw_ms = 0;
    std::int32_t saving_ms = 0;
    rules->getOffset(kFirstTransitionMs, 0, raw_ms, saving_ms, status);
    zone.first_offset_s_ = (raw_ms + saving_ms) / 1000;
    icu::TimeZoneTransition next;
    double at_ms = kFirstTransitionMs;
    while (rules->getNextTransition(at_ms, 0, next) != 0 && next.getTime() < kLastTransitionMs) {
      at_ms = next.getTime();
      const icu::TimeZoneRule& rule = *next.getTo();
      zone.transitions_.push_back(
          {static_cast<std::int64_t>(at_ms) * 1000, (rule.getRawOffset() + rule.getDSTSavings()) / 1000});
    }
    return zone;
  }
};

Result<const TimeZone*> TimeZone::Find(std::string_view name) {
  // Constant data read on demand: entries are never changed or removed, so pointers to them stay good.
  static std::mutex mutex;
  static std::unordered_map<std::string, std::unique_ptr<const TimeZone>> zones;
  thread_local std::string last_name;
  thread_local const TimeZone* last_zone = nullptr;
  if (last_zone != nullptr && last_name == name) {
    return last_zone;
  }
  const std::lock_guard lock(mutex);
  auto found = zones.find(std::string(name));
  if (found == zones.end()) {
    GW_ASSIGN(TimeZone loaded, TimeZoneLoader::Load(name));
    found = zones.emplace(std::string(name), std::make_unique<const TimeZone>(std::move(loaded))).first;
  }
  last_name = name;
  last_zone = found->second.get();
  return last_zone;
}

const TimeZone& TimeZone::Utc() {
  static const TimeZone zone;
  return zone;
}

std::int32_t TimeZone::OffsetSeconds(std::int64_t utc_us) const {
  const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), utc_us,
                                      [](std::int64_t at, const Transition& t) { return at < t.utc_us; });
  return after == transitions_.begin() ? first_offset_s_ : std::prev(after)->offset_s;
}

std::pair<std::int64_t, std::int64_t> TimeZone::CandidatesUtc(std::int64_t local_us) const {
  const std::int64_t with_before = local_us - OffsetSeconds(local_us - kUsPerDay) * kUsPerSecond;
  const std::int64_t with_after = local_us - OffsetSeconds(local_us + kUsPerDay) * kUsPerSecond;
  const bool before_holds = with_before + OffsetSeconds(with_before) * kUsPerSecond == local_us;
  const bool after_holds = with_after + OffsetSeconds(with_after) * kUsPerSecond == local_us;
  if (before_holds && after_holds) {
    return std::minmax({with_before, with_after});
  }
  const std::int64_t only = after_holds ? with_after : with_before;
  return {only, only};
}

std::int64_t TimeZone::EarliestUtc(std::int64_t local_us) const {
  return CandidatesUtc(local_us).first;
}

std::int64_t TimeZone::LatestUtc(std::int64_t local_us) const {
  return CandidatesUtc(local_us).second;
}

}  // namespace fhir
