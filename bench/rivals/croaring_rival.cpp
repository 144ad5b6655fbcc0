// This is CRoaring in this process, on one thread, with a bitmap per event name and day.
#include "bench/history_truth.h"
#include "bench/rivals/rival.h"

#if __has_include(<roaring/roaring.h>)

#include <fmt/format.h>
#include <roaring/roaring.h>

#include <algorithm>
#include <array>
#include <span>

namespace rollcall::bench {
namespace {

constexpr std::size_t kBatchRows = std::size_t{1} << 20;

struct Free {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<roaring_bitmap_t, Free>;

std::size_t index(std::int32_t day) { return static_cast<std::size_t>(day); }

class CroaringRival : public Rival {
 public:
  explicit CroaringRival(const Session& session)
      : users_(session.options().workload.users),
        first_time_(session.options().workload.first_day.value * kDayUs),
        sets_(kEventNames * kRivalDays) {
    for (Bitmap& set : sets_) set.reset(roaring_bitmap_create());
  }

  std::string settings() const override {
    return fmt::format(
        "CRoaring {}.{}.{}; add_many by event and day of each {} rows; seal: runOptimize, users of "
        "any event, new users; bytes: portable form of the (event, day) sets",
        int{ROARING_VERSION_MAJOR}, int{ROARING_VERSION_MINOR}, int{ROARING_VERSION_REVISION},
        kBatchRows);
  }

  double load(Session& session) override {
    double seconds = 0;
    for (std::size_t number = 0; number < session.round_count(); ++number) {
      const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
      seconds += seconds_of([&] {
        for (std::size_t begin = 0; begin < rows.size(); begin += kBatchRows) {
          add(rows, begin, std::min(rows.size(), begin + kBatchRows));
        }
      });
    }
    return seconds;
  }

  double seal() override {
    return seconds_of([&] {
      for (const Bitmap& set : sets_) {
        roaring_bitmap_run_optimize(set.get());
        roaring_bitmap_shrink_to_fit(set.get());
      }
      const Bitmap seen(roaring_bitmap_create());
      for (std::int32_t day = 0; day < kRivalDays; ++day) {
        any_.push_back(union_of(std::span(sets_).subspan(index(day) * kEventNames, kEventNames)));
        new_.emplace_back(roaring_bitmap_andnot(any_.back().get(), seen.get()));
        roaring_bitmap_or_inplace(seen.get(), any_.back().get());
      }
    });
  }

  std::optional<std::uint64_t> bytes() override {
    std::uint64_t bytes = 0;
    for (const Bitmap& set : sets_) bytes += roaring_bitmap_portable_size_in_bytes(set.get());
    return bytes;
  }

  std::optional<Answer> ask(const RivalQuestion& question) override {
    if (question.kept != Kept::kDays) return std::nullopt;
    Answer answer;
    answer.seconds = seconds_of([&] { answer.counts = counts(*question.ask); });
    return answer;
  }

 private:
  void add(const WorkloadRows& rows, std::size_t begin, std::size_t end) {
    // A batch seldom has rows of more than a few days.
    std::int32_t first = kRivalDays, last = -1;
    for (std::size_t i = begin; i < end; ++i) {
      const std::int32_t day = static_cast<std::int32_t>((rows.times[i] - first_time_) / kDayUs);
      first = std::min(first, day);
      last = std::max(last, day);
      parts_[index(day) * kEventNames + rows.events[i]].push_back(
          static_cast<std::uint32_t>(rows.users[i]));
    }
    for (std::size_t i = index(first) * kEventNames; i < index(last + 1) * kEventNames; ++i) {
      roaring_bitmap_add_many(sets_[i].get(), parts_[i].size(), parts_[i].data());
      parts_[i].clear();
    }
  }

  static Bitmap union_of(std::span<const Bitmap> sets) {
    std::vector<const roaring_bitmap_t*> pointers;
    for (const Bitmap& set : sets) pointers.push_back(set.get());
    return Bitmap(roaring_bitmap_or_many(pointers.size(), pointers.data()));
  }
  Bitmap any_of_days(std::int32_t first, std::int32_t count) const {
    return union_of(std::span(any_).subspan(index(first), index(count)));
  }

  Counts counts(Ask ask) const {
    switch (ask) {
      case Ask::kDaily: {
        Counts counts;
        for (const Bitmap& set : any_) counts.push_back(roaring_bitmap_get_cardinality(set.get()));
        return counts;
      }
      case Ask::kMonthly:
        return {roaring_bitmap_get_cardinality(
            any_of_days(kRivalDays - kWindowDays, kWindowDays).get())};
      case Ask::kRetention:
        return retention(new_);
      case Ask::kRetentionRecurring:
        return retention(any_);
      case Ask::kLifecycle:
        return lifecycle();
      case Ask::kChurn: {
        const roaring_bitmap_t* const base = any_[kChurnDay].get();
        const std::uint64_t users = roaring_bitmap_get_cardinality(base);
        const std::uint64_t retained =
            roaring_bitmap_and_cardinality(base, any_of_days(kChurnDay + 1, kWeekDays).get());
        return {users, retained, users - retained};
      }
      case Ask::kActiveDays:
        return active_days();
    }
    return {};
  }

  Counts retention(const std::vector<Bitmap>& cohorts) const {
    Counts counts;
    for (std::int32_t day = 0; day < kCohorts; ++day) {
      for (std::int32_t later = day; later < day + kCohorts; ++later) {
        counts.push_back(
            roaring_bitmap_and_cardinality(cohorts[index(day)].get(), any_[index(later)].get()));
      }
    }
    return counts;
  }

  Counts lifecycle() const {
    const Bitmap week = any_of_days(kWeekFirst, kWeekDays);
    const Bitmap week_before = any_of_days(kWeekFirst - kWeekDays, kWeekDays);
    std::uint64_t fresh = 0;
    for (std::int32_t day = kWeekFirst; day < kRivalDays; ++day) {
      fresh += roaring_bitmap_get_cardinality(new_[index(day)].get());
    }
    const std::uint64_t returning = roaring_bitmap_and_cardinality(week.get(), week_before.get());
    return {fresh, returning, roaring_bitmap_get_cardinality(week.get()) - fresh - returning,
            roaring_bitmap_get_cardinality(week_before.get()) - returning};
  }

  Counts active_days() const {
    std::vector<std::uint8_t> days(users_);
    std::vector<std::uint32_t> members;
    for (std::int32_t day = kActiveFirst; day < kRivalDays; ++day) {
      const roaring_bitmap_t* const set = any_[index(day)].get();
      members.resize(roaring_bitmap_get_cardinality(set));
      roaring_bitmap_to_uint32_array(set, members.data());
      for (const std::uint32_t user : members) ++days[user];
    }
    std::array<std::uint64_t, kActiveWindow + 1> users{};
    for (const std::uint8_t count : days) ++users[count];
    return Counts(users.begin() + 1, users.end());
  }

  std::uint64_t users_;
  TimeUs first_time_;
  std::vector<Bitmap> sets_;  // by day and event
  std::vector<Bitmap> any_;   // by day
  std::vector<Bitmap> new_;   // by day: those never seen before
  std::array<std::vector<std::uint32_t>, kEventNames * kRivalDays> parts_;
};

}  // namespace

std::vector<RivalEntry> croaring_entries() {
  return {{"croaring", 1, false, 0,
           [](const Session& session) { return std::make_unique<CroaringRival>(session); }}};
}

}  // namespace rollcall::bench

#else

namespace rollcall::bench {

std::vector<RivalEntry> croaring_entries() {
  return {{"croaring", 1, false, 0, [](const Session&) -> std::unique_ptr<Rival> {
             throw RivalAbsent("built without libroaring-dev");
           }}};
}

}  // namespace rollcall::bench

#endif
