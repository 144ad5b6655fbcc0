#include "bench/workload.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace rollcall {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::int32_t kDayMinutes = 24 * 60;
constexpr std::int64_t kDayUs = kDayMinutes * kMinuteUs;
constexpr std::int64_t kLateUsMax = 3 * kDayUs;
constexpr std::uint64_t kSessionMinutes = 8;
constexpr std::size_t kSessionsMax = 1 << 16;
constexpr std::size_t kIdDigits = 16;

// Say how busy the hours of a day are, and the days of a week from Monday.
constexpr std::array<std::uint32_t, 24> kHourWeights = {
    30, 20, 14, 10, 9, 12, 22, 38, 52, 60, 64, 68, 74, 72, 68, 66, 68, 74, 84, 96, 104, 98, 76, 50};
constexpr std::array<std::uint32_t, 7> kWeekdayWeights = {100, 102, 103, 104, 110, 88, 80};

// Lists named values and the share of users, in 256ths, that have each.
struct Share {
  std::string_view name;
  std::uint32_t of_256;
};
constexpr std::array<Share, 12> kCountries = {{{"US", 72},
                                               {"IN", 40},
                                               {"BR", 24},
                                               {"GB", 22},
                                               {"DE", 20},
                                               {"FR", 18},
                                               {"JP", 16},
                                               {"MX", 12},
                                               {"ES", 10},
                                               {"NL", 8},
                                               {"SE", 8},
                                               {"", 6}}};
constexpr std::array<Share, 3> kPlatforms = {{{"android", 112}, {"ios", 84}, {"web", 60}}};
constexpr std::array<Share, 5> kChannels = {
    {{"organic", 104}, {"ads", 64}, {"referral", 40}, {"seo", 32}, {"email", 16}}};

// Says what a byte drawn at random stands for.
template <std::size_t n>
constexpr std::array<std::uint8_t, 256> shares_by_byte(const std::array<Share, n>& shares) {
  std::array<std::uint8_t, 256> by_byte{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint32_t j = 0; j < shares[i].of_256; ++j) {
      by_byte[at++] = static_cast<std::uint8_t>(i);
    }
  }
  return by_byte;
}
constexpr auto kCountryByByte = shares_by_byte(kCountries);
constexpr auto kPlatformByByte = shares_by_byte(kPlatforms);
constexpr auto kChannelByByte = shares_by_byte(kChannels);

template <std::size_t n>
std::vector<std::string_view> names_of(const std::array<Share, n>& shares) {
  std::vector<std::string_view> names;
  for (const Share& share : shares) names.push_back(share.name);
  return names;
}

// Is a bijection of 64 bits onto themselves that leaves no pattern (the finish of SplitMix64).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Is SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed.
class Bits {
 public:
  explicit Bits(std::uint64_t seed) : state_(mix(seed + 1)) {}
  std::uint64_t operator()() { return mix(state_ += 0x9e3779b97f4a7c15u); }

 private:
  std::uint64_t state_;
};

// Returns `fraction` / 2^64 of `whole`, rounded down.
std::uint64_t part_of(std::uint64_t whole, std::uint64_t fraction) {
  return static_cast<std::uint64_t>((Wide{whole} * fraction) >> 64);
}

// Returns `whole` * `part` / `total`, rounded down.
std::uint64_t share_of(std::uint64_t whole, std::uint64_t part, std::uint64_t total) {
  return static_cast<std::uint64_t>(Wide{whole} * part / total);
}

// Holds the users who arrive on one day. A user's rank in it says for how long, and how often, they
// come.
struct Cohort {
  std::uint64_t first_user = 0;
  std::uint64_t size = 0;
  // Ranks are spread over the cohort's users by multiplication modulo its size, with a factor that
  // has no divisor in common with it: the busiest are not the first to arrive.
  std::uint64_t rank_factor = 0;

  std::uint64_t user(std::uint64_t rank) const { return first_user + rank * rank_factor % size; }
};

// Says how the rows of the whole stream are spread over its minutes.
class Schedule {
 public:
  explicit Schedule(const WorkloadOptions& options) : options_(options) {
    for (std::size_t minute = 0; minute < kDayMinutes; ++minute) {
      const std::uint64_t hour = minute / 60, past = minute % 60;
      minute_ends_[minute + 1] = minute_ends_[minute] + kHourWeights[hour] * (60 - past) +
                                 kHourWeights[(hour + 1) % 24] * past;
    }
    plan_arrivals();
    plan_returns();
  }

  const std::vector<Cohort>& cohorts() const { return cohorts_; }
  // Returns how many of a cohort may still come, `age` days after its own.
  std::uint64_t remaining(const Cohort& cohort, std::size_t age) const {
    return cohort.size * remaining_shares_[age] >> 32;  // both below 2^32, or one equal to it
  }
  // Return the first events, and all others, due by the end of a minute of a day.
  std::uint64_t arrivals_due(std::size_t day, std::size_t minute) const {
    return cohorts_[day].first_user +
           share_of(cohorts_[day].size, minute_ends_[minute + 1], minute_ends_[kDayMinutes]);
  }
  std::uint64_t returns_due(std::size_t day, std::size_t minute) const {
    const std::uint64_t begin = return_ends_[day], end = return_ends_[day + 1];
    return begin + share_of(end - begin, minute_ends_[minute + 1], minute_ends_[kDayMinutes]);
  }

 private:
  std::uint64_t weekday_weight(std::size_t day) const {
    const std::int32_t since_monday = options_.first_day.value + static_cast<std::int32_t>(day) - 4;
    return kWeekdayWeights[static_cast<std::size_t>((since_monday % 7 + 7) % 7)];
  }

  // Splits `total` by the weights of the days; ends[d] is due before day d.
  static std::vector<std::uint64_t> split(std::uint64_t total,
                                          const std::vector<std::uint64_t>& weights) {
    std::uint64_t weight_sum = 0, weight_before = 0;
    for (const std::uint64_t weight : weights) weight_sum += weight;
    std::vector<std::uint64_t> ends = {0};
    for (const std::uint64_t weight : weights) {
      weight_before += weight;
      ends.push_back(share_of(total, weight_before, weight_sum));
    }
    return ends;
  }

  // Twice as many a day arrive at the end as at the beginning.
  void plan_arrivals() {
    const std::size_t days = static_cast<std::size_t>(options_.days);
    std::vector<std::uint64_t> weights;
    for (std::size_t d = 0; d < days; ++d) weights.push_back((days + d) * weekday_weight(d));
    const std::vector<std::uint64_t> ends = split(options_.users, weights);
    constexpr std::uint64_t kPrime = 11'400'714'785'074'694'791u;  // larger than any cohort
    for (std::size_t d = 0; d < days; ++d) {
      Cohort cohort{ends[d], ends[d + 1] - ends[d], 0};
      if (cohort.size > 0) cohort.rank_factor = kPrime % cohort.size;
      cohorts_.push_back(cohort);
    }
  }

  // Each day has as many more events as users may come. Square root and division are exact to the
  // last bit on every machine, so these numbers are the same everywhere.
  void plan_returns() {
    const std::size_t days = static_cast<std::size_t>(options_.days);
    for (std::size_t age = 0; age < days; ++age) {
      const double share = 4294967296.0 / (1.0 + std::sqrt(static_cast<double>(age)));
      remaining_shares_.push_back(static_cast<std::uint64_t>(share));
    }
    std::vector<std::uint64_t> weights;
    for (std::size_t d = 0; d < days; ++d) {
      std::uint64_t users = 1;
      for (std::size_t c = 0; c <= d; ++c) users += remaining(cohorts_[c], d - c);
      weights.push_back(users * weekday_weight(d));
    }
    return_ends_ = split(options_.events - options_.users, weights);
  }

  const WorkloadOptions& options_;
  std::array<std::uint64_t, kDayMinutes + 1> minute_ends_{};
  std::vector<Cohort> cohorts_;                  // by day
  std::vector<std::uint64_t> remaining_shares_;  // by age, in 2^-32
  std::vector<std::uint64_t> return_ends_;       // by day
};

// Is a user who is here now.
struct Session {
  std::uint64_t user = 0;
  TimeUs not_before = 0;  // the day on which the user arrived
  std::uint8_t country = 0, platform = 0, channel = 0;
  bool begun = false;
};

class Generator {
 public:
  Generator(const WorkloadOptions& options, const std::function<Status(const WorkloadBatch&)>& sink)
      : options_(options),
        sink_(sink),
        schedule_(options),
        bits_(options.seed),
        names_(options.event_names.begin(), options.event_names.end()) {
    fill_name_by_byte();
    const auto purchase = std::find(names_.begin(), names_.end(), "purchase");
    purchase_ = static_cast<std::uint32_t>(purchase - names_.begin());
    for (std::uint32_t d = 2; d < options.value_decimals; ++d) cent_ *= 10;
    reserve();
  }

  Status run() {
    for (std::size_t day = 0; day < schedule_.cohorts().size(); ++day) {
      begin_day(day);
      for (std::size_t minute = 0; minute < kDayMinutes; ++minute) {
        ROLLCALL_RETURN_IF_ERROR(run_minute(day, minute));
      }
    }
    return flush();
  }

 private:
  // The first two names stand for the beginning of something if there are others. Of the rest, name
  // i has a share like 1/(i + 1).
  void fill_name_by_byte() {
    const std::size_t first = names_.size() > 2 ? 2 : names_.size() - 1;
    std::vector<std::uint64_t> ends = {0};
    for (std::size_t i = first; i < names_.size(); ++i) {
      ends.push_back(ends.back() + 1'000'000 / (i - first + 1));
    }
    std::size_t name = 0;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      while (ends[name + 1] * 256 <= byte * ends.back()) ++name;
      name_by_byte_[byte] = static_cast<std::uint32_t>(first + name);
    }
  }

  void reserve() {
    users_.reserve(options_.batch_rows);
    ids_.reserve(options_.batch_rows);
    texts_.reserve(options_.batch_rows);
    digits_.resize(options_.batch_rows * kIdDigits);
    times_.reserve(options_.batch_rows);
    codes_.reserve(options_.batch_rows);
    values_.reserve(options_.batch_rows);
    for (auto* column : {&countries_, &platforms_, &channels_})
      column->reserve(options_.batch_rows);
  }

  // Holds users of earlier days who may come today, by cohort.
  void begin_day(std::size_t day) {
    day_ = day;
    remaining_ends_.assign(1, 0);
    for (std::size_t c = 0; c < day; ++c) {
      const std::uint64_t users = schedule_.remaining(schedule_.cohorts()[c], day - c);
      remaining_ends_.push_back(remaining_ends_.back() + users);
    }
  }

  TimeUs start_of(std::size_t day) const {
    return (std::int64_t{options_.first_day.value} + static_cast<std::int64_t>(day)) * kDayUs;
  }

  Status run_minute(std::size_t day, std::size_t minute) {
    const std::uint64_t returns = schedule_.returns_due(day, minute) - returned_;
    const std::uint64_t due = schedule_.arrivals_due(day, minute);
    std::uint64_t arrivals = due > arrived_ ? due - arrived_ : 0;
    if (arrived_ == 0 && returns > 0) arrivals = std::max<std::uint64_t>(arrivals, 1);
    const std::uint64_t rows = arrivals + returns;
    if (rows == 0) return {};
    resize_sessions(rows);
    const TimeUs minute_start = start_of(day) + static_cast<std::int64_t>(minute) * kMinuteUs;
    const std::uint64_t spacing = static_cast<std::uint64_t>(kMinuteUs) / rows;
    std::uint64_t arrivals_before = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
      // Arrivals are spread evenly among the others, from the first row on.
      const std::uint64_t arrivals_by_now = (arrivals * (row + 1) + rows - 1) / rows;
      const bool is_arrival = arrivals_by_now > arrivals_before;
      arrivals_before = arrivals_by_now;
      const std::uint64_t draw = bits_();
      const std::uint64_t offset =
          static_cast<std::uint64_t>(kMinuteUs) * row / rows + part_of(spacing, draw);
      const TimeUs time = minute_start + static_cast<std::int64_t>(offset);
      if (is_arrival) {
        add_arrival(time);
      } else {
        add_return(time);
      }
      if (users_.size() == options_.batch_rows) ROLLCALL_RETURN_IF_ERROR(flush());
    }
    returned_ += returns;
    return {};
  }

  // Keeps as many sessions at once as come in the time that one takes.
  void resize_sessions(std::uint64_t rows_per_minute) {
    const std::uint64_t wanted = rows_per_minute * kSessionMinutes / options_.session_events_mean;
    sessions_.resize(std::clamp<std::uint64_t>(wanted, 1, kSessionsMax));
  }

  void add_arrival(TimeUs time) {
    Session& session = sessions_[part_of(sessions_.size(), bits_())];
    begin(session, arrived_++, time - time_of_day(time));
    add_row(session, time, 0);
  }

  void add_return(TimeUs time) {
    Session& session = sessions_[part_of(sessions_.size(), bits_())];
    const std::uint64_t draw = bits_();
    std::uint32_t name = name_by_byte_[draw & 255];
    if (!session.begun || part_of(options_.session_events_mean, draw) == 0) {
      begin_return(session);
      name = names_.size() > 1 ? 1 : 0;
    }
    const bool is_late = options_.late_per_thousand > 0 &&
                         (draw >> 8 & 0xffff) * 1000 < options_.late_per_thousand * 65'536ull;
    if (is_late) time = std::max(session.not_before, time - lateness());
    add_row(session, time, name);
  }

  static std::int64_t time_of_day(TimeUs time) { return (time % kDayUs + kDayUs) % kDayUs; }

  // Half of the late events are late by up to a minute, half of the others by up to two, and so on.
  std::int64_t lateness() {
    const std::uint64_t draw = bits_();
    const int doublings = std::countl_zero(draw | 1u);
    const std::uint64_t us = (draw & 0xffffff) * static_cast<std::uint64_t>(kMinuteUs) >> 24;
    return static_cast<std::int64_t>(
        std::min(us << std::min(doublings, 20), static_cast<std::uint64_t>(kLateUsMax)));
  }

  // Returns any of the users who may come today; those of earlier days are drawn by their ranks.
  void begin_return(Session& session) {
    const Cohort& today = schedule_.cohorts()[day_];
    const std::uint64_t arrived_today =
        arrived_ > today.first_user ? arrived_ - today.first_user : 0;
    const std::uint64_t earlier = remaining_ends_.back();
    const std::uint64_t among = earlier + arrived_today;
    if (among == 0) {  // nobody is left of the earlier days, and nobody has come today
      begin(session, arrived_ - 1, start_of(day_));
      return;
    }
    const std::uint64_t draw = part_of(among, bits_());
    if (draw >= earlier) {
      begin(session, today.first_user + draw - earlier, start_of(day_));
      return;
    }
    const auto end = std::upper_bound(remaining_ends_.begin(), remaining_ends_.end(), draw);
    const std::size_t day = static_cast<std::size_t>(end - remaining_ends_.begin()) - 1;
    const std::uint64_t fraction = bits_();
    std::uint64_t skewed = fraction;
    for (std::uint32_t p = 1; p < options_.rank_power; ++p) skewed = part_of(skewed, fraction);
    const std::uint64_t rank = part_of(remaining_ends_[day + 1] - remaining_ends_[day], skewed);
    begin(session, schedule_.cohorts()[day].user(rank), start_of(day));
  }

  void begin(Session& session, std::uint64_t user, TimeUs not_before) {
    const std::uint64_t traits = mix(user * 0x9e3779b97f4a7c15u + 1);
    session.user = user;
    session.not_before = not_before;
    session.country = kCountryByByte[traits & 255];
    session.channel = kChannelByByte[traits >> 8 & 255];
    // One session in eight is on another platform than usual.
    const std::uint64_t draw = bits_();
    session.platform = kPlatformByByte[(draw & 7) == 0 ? draw >> 8 & 255 : traits >> 16 & 255];
    session.begun = true;
  }

  void add_row(const Session& session, TimeUs time, std::uint32_t name) {
    const std::size_t row = users_.size();
    users_.push_back(session.user);
    times_.push_back(time);
    codes_.push_back(name);
    countries_.push_back(session.country);
    platforms_.push_back(session.platform);
    channels_.push_back(session.channel);
    values_.push_back(name == purchase_ ? price() : 0);
    const std::uint64_t id =
        options_.ids == WorkloadIds::kDense ? session.user + 1 : mix(session.user + 1);
    if (options_.ids != WorkloadIds::kString) {
      ids_.push_back(id);
      return;
    }
    char* digits = &digits_[row * kIdDigits];
    for (std::size_t i = 0; i < kIdDigits; ++i)
      digits[i] = "0123456789abcdef"[id >> (60 - 4 * i) & 15];
    texts_.emplace_back(digits, kIdDigits);
  }

  // Values are mostly small, now and then large: 1.99 to 301.99.
  Amount price() {
    const std::uint64_t fraction = bits_();
    const std::uint64_t cubed = part_of(part_of(fraction, fraction), fraction);
    return static_cast<Amount>((199 + part_of(301, cubed) * 100) * cent_);
  }

  Status flush() {
    if (users_.empty()) return {};
    const std::array<PropertyColumn, 3> properties = {{{"country", {country_names_, countries_}},
                                                       {"platform", {platform_names_, platforms_}},
                                                       {"channel", {channel_names_, channels_}}}};
    const WorkloadBatch batch = {.events = {.user_integers = ids_,
                                            .user_strings = texts_,
                                            .event = {names_, codes_},
                                            .time = times_,
                                            .value = values_,
                                            .properties = properties,
                                            .known_until = {}},
                                 .users = users_};
    ROLLCALL_RETURN_IF_ERROR(sink_(batch));
    users_.clear();
    ids_.clear();
    texts_.clear();
    times_.clear();
    codes_.clear();
    values_.clear();
    for (auto* column : {&countries_, &platforms_, &channels_}) column->clear();
    return {};
  }

  const WorkloadOptions& options_;
  const std::function<Status(const WorkloadBatch&)>& sink_;
  const Schedule schedule_;
  Bits bits_;

  std::array<std::uint32_t, 256> name_by_byte_{};
  std::uint32_t purchase_ = 0;  // names_.size(): there is none
  std::uint64_t cent_ = 1;      // in units of the value

  std::size_t day_ = 0;
  std::uint64_t arrived_ = 0;   // users so far
  std::uint64_t returned_ = 0;  // other rows so far
  std::vector<std::uint64_t> remaining_ends_;
  std::vector<Session> sessions_;

  const std::vector<std::string_view> names_;
  const std::vector<std::string_view> country_names_ = names_of(kCountries);
  const std::vector<std::string_view> platform_names_ = names_of(kPlatforms);
  const std::vector<std::string_view> channel_names_ = names_of(kChannels);

  // Is the batch that is being filled.
  std::vector<std::uint64_t> users_;
  std::vector<std::uint64_t> ids_;
  std::vector<std::string_view> texts_;
  std::vector<char> digits_;
  std::vector<TimeUs> times_;
  std::vector<std::uint32_t> codes_, countries_, platforms_, channels_;
  std::vector<Amount> values_;
};

Status check(const WorkloadOptions& options) {
  const auto check_range = [](std::string_view name, std::uint64_t found, std::uint64_t low,
                              std::uint64_t high) -> Status {
    if (low <= found && found <= high) return {};
    return Status::invalid_argument("workload: " + std::string(name) + ": found " +
                                    std::to_string(found) + ", allowed: " + std::to_string(low) +
                                    " to " + std::to_string(high));
  };
  constexpr std::uint64_t kEventsMax = std::uint64_t{1} << 42;
  constexpr std::uint64_t kUsersMax = std::numeric_limits<std::uint32_t>::max();
  ROLLCALL_RETURN_IF_ERROR(check_range("events", options.events, 1, kEventsMax));
  ROLLCALL_RETURN_IF_ERROR(
      check_range("users", options.users, 1, std::min(options.events, kUsersMax)));
  if (options.days < 1 || options.days > 36'600) {
    return Status::invalid_argument("workload: days: found " + std::to_string(options.days) +
                                    ", allowed: 1 to 36600");
  }
  if (options.first_day < kDayMin + 1 || kDayMax - 1 - options.days < options.first_day) {
    return Status::invalid_argument(
        "workload: first_day: allowed: so that all days lie between "
        "0001-01-02 and 9999-12-30");
  }
  ROLLCALL_RETURN_IF_ERROR(check_range("event_names", options.event_names.size(), 1, 256));
  ROLLCALL_RETURN_IF_ERROR(
      check_range("session_events_mean", options.session_events_mean, 1, 1000));
  ROLLCALL_RETURN_IF_ERROR(check_range("rank_power", options.rank_power, 1, 8));
  ROLLCALL_RETURN_IF_ERROR(check_range("late_per_thousand", options.late_per_thousand, 0, 1000));
  ROLLCALL_RETURN_IF_ERROR(check_range("value_decimals", options.value_decimals, 2, 12));
  return check_range("batch_rows", options.batch_rows, 1, std::uint64_t{1} << 30);
}

}  // namespace

Status generate_workload(const WorkloadOptions& options,
                         const std::function<Status(const WorkloadBatch&)>& sink) {
  ROLLCALL_RETURN_IF_ERROR(check(options));
  return Generator(options, sink).run();
}

WorkloadTruth::WorkloadTruth(const WorkloadOptions& options)
    : first_day_(options.first_day),
      events_(static_cast<std::size_t>(options.days)),
      seen_(events_.size(), std::vector<std::uint64_t>(options.users / 64 + 1)) {}

void WorkloadTruth::add(const WorkloadBatch& batch) {
  const TimeUs start = std::int64_t{first_day_.value} * kDayUs;
  for (std::size_t row = 0; row < batch.users.size(); ++row) {
    const std::size_t day = static_cast<std::size_t>((batch.events.time[row] - start) / kDayUs);
    const std::uint64_t user = batch.users[row];
    ++events_[day];
    seen_[day][user / 64] |= std::uint64_t{1} << (user % 64);
  }
}

std::vector<WorkloadTruth::DayCounts> WorkloadTruth::days() const {
  std::vector<DayCounts> days;
  if (seen_.empty()) return days;
  std::vector<std::uint64_t> seen_before(seen_[0].size());
  const auto count = [](std::uint64_t word) {
    return static_cast<std::uint64_t>(std::popcount(word));
  };
  for (std::size_t d = 0; d < seen_.size(); ++d) {
    DayCounts& counts = days.emplace_back();
    counts.day = first_day_ + static_cast<std::int32_t>(d);
    counts.events = events_[d];
    if (d + 1 < seen_.size()) counts.back_after_1 = 0;
    if (d + 7 < seen_.size()) counts.back_after_7 = 0;
    for (std::size_t word = 0; word < seen_before.size(); ++word) {
      const std::uint64_t new_users = seen_[d][word] & ~seen_before[word];
      counts.users += count(seen_[d][word]);
      counts.new_users += count(new_users);
      if (counts.back_after_1) *counts.back_after_1 += count(new_users & seen_[d + 1][word]);
      if (counts.back_after_7) *counts.back_after_7 += count(new_users & seen_[d + 7][word]);
      seen_before[word] |= new_users;
    }
  }
  return days;
}

std::uint64_t WorkloadTruth::events() const {
  std::uint64_t events = 0;
  for (const std::uint64_t of_day : events_) events += of_day;
  return events;
}

std::uint64_t WorkloadTruth::users() const {
  std::uint64_t users = 0;
  for (const DayCounts& counts : days()) users += counts.new_users;
  return users;
}

}  // namespace rollcall
