#include "core/source/ingest/source_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/source/values/row.h"
#include "core/time/calendar.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

constexpr std::int64_t no_bound(std::size_t i) {
  return kLimitKinds[i].is_lower ? kLowest : kHighest;
}

}  // namespace

Result<TimeUs> first_instant_of(std::string_view text, std::string_view time_zone) {
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(time_zone));
  const std::optional<Day> day = parse_date(text);
  if (!day) {
    return Status::invalid_argument(
        fmt::format("{} (allowed: a date from 0001-01-01 to 9999-12-31)", quoted_excerpt(text)));
  }
  return zone.start_of(*day);
}

Limits::Limits() : bounds_{} {
  for (std::size_t i = 0; i < kLimitCount; ++i) bounds_[i] = no_bound(i);
}

Limits::Limits(const SourceOptions& source, const EngineOptions& engine) : Limits() {
  set(SourceLimit::kLineBytes, source.line_bytes_max);
  set(SourceLimit::kUserBytes, std::min(source.user_bytes_max, kUserBytesMax));
  if (source.reject_null_users) set(SourceLimit::kNullUser, 0);
  if (!source.round_values) set(SourceLimit::kUnrounded, 0);
  set(SourceLimit::kTimeMin, source.time_min.value_or(kLowest));
  set(SourceLimit::kTimeMax,
      std::min(source.time_max.value_or(kHighest), engine.time_max.value_or(kHighest)));
}

void Limits::unset(SourceLimit limit) { bounds_[index(limit)] = no_bound(index(limit)); }

bool Limits::is_set(SourceLimit limit) const {
  return bounds_[index(limit)] != no_bound(index(limit));
}

bool Limits::takes(SourceLimit limit, std::int64_t measure) const {
  return is_as_wide(index(limit), bounds_[index(limit)], measure);
}

bool Limits::cover(const Limits& other) const {
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    if (!is_as_wide(i, bounds_[i], other.bounds_[i])) return false;
  }
  return true;
}

void Refusals::add(SourceLimit limit, const Count& count) {
  Count& sum = counts_[Limits::index(limit)];
  const bool lower = kLimitKinds[Limits::index(limit)].is_lower;
  sum.nearest = sum.rows == 0 ? count.nearest
                : lower       ? std::max(sum.nearest, count.nearest)
                              : std::min(sum.nearest, count.nearest);
  sum.rows += count.rows;
}

void Refusals::add(const Refusals& others) {
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    if (others.counts_[i].rows > 0) add(static_cast<SourceLimit>(i), others.counts_[i]);
  }
}

void Refusals::remove(const Refusals& others) {
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    counts_[i].rows -= std::min(counts_[i].rows, others.counts_[i].rows);
  }
}

bool Refusals::empty() const {
  return std::all_of(counts_.begin(), counts_.end(),
                     [](const Count& count) { return count.rows == 0; });
}

bool Refusals::may_be_taken_by(const Limits& limits) const {
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    const auto limit = static_cast<SourceLimit>(i);
    if (counts_[i].rows > 0 && limits.takes(limit, counts_[i].nearest)) return true;
  }
  return false;
}

std::vector<LimitCount> Refusals::counts() const {
  std::vector<LimitCount> counts;
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    if (counts_[i].rows > 0) counts.push_back({static_cast<SourceLimit>(i), counts_[i].rows});
  }
  return counts;
}

std::size_t Admission::line_bytes_max_before() const {
  std::int64_t longest = 0;
  for (const Limits& limits : before) longest = std::max(longest, limits[SourceLimit::kLineBytes]);
  return static_cast<std::size_t>(longest);
}

std::size_t Admission::line_bytes_max() const {
  return std::max(static_cast<std::size_t>(now[SourceLimit::kLineBytes]), line_bytes_max_before());
}

}  // namespace rollcall
