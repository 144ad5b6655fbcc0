#include "core/query/sequence/funnel_match.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "core/query/sequence/step_matching.h"

namespace rollcall {
namespace {

using Order = FunnelRules::Order;
using Found = std::function<void(const FunnelAttempt&)>;
// Levels are how many steps were made, from 1; a set of them has bit `level`.
using LevelSet = std::uint64_t;

std::uint32_t first_steps(unsigned count) {
  return count == kStepsMax ? ~std::uint32_t{0} : (std::uint32_t{1} << count) - 1;
}

// Holds the events of one instant.
class Group {
 public:
  Group(std::span<const StepEvent> events, std::size_t begin, const FunnelRules& rules)
      : rules_(rules), begin_(begin) {
    std::size_t end = begin;
    while (end < events.size() && events[end].time == events[begin].time) {
      steps_ |= events[end].steps;
      exclusions_ |= events[end].exclusions;
      ++end;
    }
    events_ = events.subspan(begin, end - begin);
  }

  TimeUs time() const { return events_.front().time; }
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return begin_ + events_.size(); }
  std::span<const StepEvent> events() const { return events_; }
  std::uint32_t steps() const { return steps_; }  // that some event may serve
  std::uint32_t exclusions() const { return exclusions_; }

  struct Advance {
    unsigned level = 0;
    FunnelInstant told = {};  // if the told step was made here
  };
  // Returns how far an attempt comes that had made `level` steps before. `used` serves one of
  // these.
  Advance advance(unsigned level, std::size_t used = kNoEvent) {
    Advance result{level, {}};
    if (level == rules_.step_count || (steps_ >> level & 1) == 0) return result;
    if (events_.size() == 1) {
      return used == kNoEvent ? advanced(level, level + 1) : result;
    }
    if (rules_.strictly_increasing && used != kNoEvent) return result;
    StepMatching& matching = reset_matching();
    if (used != kNoEvent) matching.use(used);
    const unsigned most = rules_.strictly_increasing ? 1 : rules_.step_count - level;
    return advanced(level, level + matching.add_from(level, most));
  }

  // Returns the levels at which an attempt may go on after the group, having made `level` steps
  // before it, which advance() takes to `reached`; none: it ends here.
  LevelSet levels_after(unsigned level, unsigned reached) const {
    if (rules_.order == Order::kOrdered && !rules_.stop_on_repeat) return LevelSet{1} << reached;
    if (rules_.order == Order::kOrdered) {
      // Fewer steps may be better: what is of a step made may end the attempt later.
      LevelSet levels = 0;
      for (unsigned after = level; after <= reached; ++after) {
        if (!repeats(level, after)) levels |= LevelSet{1} << after;
      }
      return levels;
    }
    if (!rules_.collapse_repeats) {
      return reached - level == events_.size() ? LevelSet{1} << reached : 0;
    }
    LevelSet levels = 0;
    for (unsigned after = level; after <= reached; ++after) {
      // An event that cannot be passed over has to serve a step, whenever it comes.
      std::vector<std::uint32_t> serving;
      for (const StepEvent& event : events_) {
        if (!is_passed_over(event, level, after)) serving.push_back(event.steps);
        if (serving.size() > after - level) break;
      }
      const std::uint32_t steps = first_steps(after) & ~first_steps(level);
      if (serving.size() <= after - level && each_serves_one(serving, steps)) {
        levels |= LevelSet{1} << after;
      }
    }
    return levels;
  }

  // Returns the same of an attempt that opens in the group and makes `reached` steps in it at most.
  // Where other events bind it, they may have come before it.
  LevelSet levels_opened(unsigned reached) const {
    const bool is_bound = rules_.order == Order::kStrict || rules_.stop_on_repeat;
    return is_bound ? (LevelSet{2} << reached) - 2 : LevelSet{1} << reached;
  }

  // Returns how far an attempt comes in the group where it opens, with any event of the first step,
  // or with `used`.
  Advance opening(std::size_t used = kNoEvent) {
    return used == kNoEvent ? advance(0) : advance(1, used);
  }

 private:
  Advance advanced(unsigned from, unsigned to) const {
    if (from <= rules_.told_step && rules_.told_step < to) return {to, {begin_, from, to}};
    return {to, {}};
  }

  // Returns whether an event must repeat a step, in whatever order they come, where an attempt goes
  // from one level to another in the group: one of a step made before, or of the next one, that
  // serves none. What is of later steps alone may come before these are made.
  bool repeats(unsigned from, unsigned to) const {
    const std::uint32_t made = first_steps(from + 1);
    std::vector<std::uint32_t> serving;
    for (const StepEvent& event : events_) {
      if ((event.steps & made) == 0) continue;
      if (serving.size() == to - from) return true;
      serving.push_back(event.steps);
    }
    return !each_serves_one(serving, first_steps(to) & ~first_steps(from));
  }

  // Returns whether the event is of the step just made, and not of the next one, at some of these
  // levels.
  static bool is_passed_over(const StepEvent& event, unsigned from, unsigned to) {
    for (unsigned level = from; level <= to; ++level) {
      const bool is_of_next = level < kStepsMax && (event.steps >> level & 1) != 0;
      if ((event.steps >> (level - 1) & 1) != 0 && !is_of_next) return true;
    }
    return false;
  }

  StepMatching& reset_matching() {
    if (matching_) {
      matching_->reset();
    } else {
      matching_.emplace(events_, begin_, rules_.step_count);
    }
    return *matching_;
  }

  const FunnelRules& rules_;
  std::size_t begin_;
  std::span<const StepEvent> events_;
  std::uint32_t steps_ = 0, exclusions_ = 0;
  std::optional<StepMatching> matching_;
};

// Finds when the steps of an attempt were made, of all orders of equal times that let it go as far:
// each as early as may be.
class StepTimes {
 public:
  StepTimes(const FunnelRules& rules, std::span<const StepEvent> events,
            const FunnelAttempt& attempt, QuestionPace& pace)
      : steps_(attempt.steps), used_(rules.starts_apart ? attempt.start : kNoEvent) {
    std::size_t begin = attempt.start;
    while (begin > 0 && events[begin - 1].time == events[attempt.start].time) --begin;
    // Before its first group an attempt has made nothing.
    for (LevelSet levels = 1; !is_reached_ && begin < events.size();) {
      pace.step();
      Stage& stage = stages_.emplace_back(Stage{Group(events, begin, rules), levels, 0});
      begin = stage.group.end();
      levels = 0;
      for_each_level(stage.before, [&](unsigned level) { levels |= after(stage, level); });
    }
  }

  std::vector<TimeUs> find() {
    mark_good();
    std::vector<TimeUs> times;
    unsigned level = 0;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const LevelSet good = after(stages_[i], level) & good_after(i);
      if (good == 0) break;
      level = static_cast<unsigned>(std::bit_width(good) - 1);
      times.resize(level, stages_[i].group.time());
    }
    return times;
  }

 private:
  struct Stage {
    Group group;
    LevelSet before;  // where the attempt may stand before it
    LevelSet good;    // of these, from where it makes its steps
  };

  template <class Visit>
  static void for_each_level(LevelSet levels, Visit visit) {
    for (; levels != 0; levels &= levels - 1) {
      visit(static_cast<unsigned>(std::countr_zero(levels)));
    }
  }

  // Returns where the attempt may stand after a stage; all its steps count, whatever ends it there.
  LevelSet after(Stage& stage, unsigned level) {
    Group& group = stage.group;
    const unsigned reached = (level == 0 ? group.opening(used_) : group.advance(level)).level;
    LevelSet levels =
        level == 0 ? group.levels_opened(reached) : group.levels_after(level, reached);
    if (reached >= steps_) {
      is_reached_ = true;
      levels |= LevelSet{1} << steps_;
    }
    return levels;
  }

  LevelSet good_after(std::size_t stage) const {
    return stage + 1 < stages_.size() ? stages_[stage + 1].good : LevelSet{1} << steps_;
  }

  void mark_good() {
    for (std::size_t i = stages_.size(); i-- > 0;) {
      for_each_level(stages_[i].before, [&](unsigned level) {
        if ((after(stages_[i], level) & good_after(i)) != 0) {
          stages_[i].good |= LevelSet{1} << level;
        }
      });
    }
  }

  unsigned steps_;
  std::size_t used_;
  bool is_reached_ = false;
  std::vector<Stage> stages_;
};

struct OpenAttempt {
  TimeUs start_time;
  std::size_t start;
  FunnelInstant told;
};

// Holds attempts that go on alike, the earlier start first.
struct Cohort {
  LevelSet levels = 0;   // where they may stand
  unsigned reached = 0;  // the most steps that they have made
  // Says whether the orders of the instants so far, and so the times of the steps, are settled. If
  // not, what excludes is known in the end alone.
  bool is_settled = true;
  std::deque<OpenAttempt> attempts;
};

// Walks the attempts of ordered or strict funnels together.
class AttemptWalk {
 public:
  AttemptWalk(const FunnelRules& rules, std::span<const StepEvent> events, const Found& found,
              QuestionPace& pace)
      : rules_(rules), events_(events), found_(found), pace_(pace) {}

  void run() {
    for (std::size_t begin = 0; begin < events_.size();) {
      pace_.step();
      Group group(events_, begin, rules_);
      begin = group.end();
      expire(group.time());
      // Both vectors keep their memory: growing one would copy the attempts, as moving a deque may
      // throw.
      before_.swap(cohorts_);
      cohorts_.clear();
      for (Cohort& cohort : before_) go_on(std::move(cohort), group);
      open(group);
    }
    for (Cohort& cohort : cohorts_) end(cohort);
  }

 private:
  void end(const OpenAttempt& attempt, unsigned steps, bool is_settled) {
    const FunnelAttempt ended{attempt.start, steps, is_settled ? attempt.told : FunnelInstant()};
    if (is_settled || is_clean(ended)) found_(ended);
  }
  void end(Cohort& cohort) {
    for (const OpenAttempt& attempt : cohort.attempts) {
      end(attempt, cohort.reached, cohort.is_settled);
    }
    cohort.attempts.clear();
  }

  // Returns whether no exclusion lies between the steps that the attempt has made in the end.
  bool is_clean(const FunnelAttempt& attempt) {
    if (rules_.exclusions.empty()) return true;
    const std::vector<TimeUs> times = StepTimes(rules_, events_, attempt, pace_).find();
    for (std::size_t i = 0; i < rules_.exclusions.size(); ++i) {
      const FunnelRules::Exclusion& exclusion = rules_.exclusions[i];
      if (times.size() <= exclusion.from) continue;
      const std::optional<TimeUs> next =
          next_exclusion(i, times[exclusion.from], /*now_too=*/false);
      if (!next) continue;
      const bool is_within =
          times.size() > exclusion.to
              ? *next < times[exclusion.to]
              : elapsed(times.front(), *next) <= static_cast<std::uint64_t>(rules_.window);
      if (is_within) return false;
    }
    return true;
  }

  // Ends what has no time left.
  void expire(TimeUs now) {
    for (Cohort& cohort : cohorts_) {
      std::deque<OpenAttempt>& attempts = cohort.attempts;
      while (!attempts.empty() && elapsed(attempts.front().start_time, now) >
                                      static_cast<std::uint64_t>(rules_.window)) {
        end(attempts.front(), cohort.reached, cohort.is_settled);
        attempts.pop_front();
      }
    }
    std::erase_if(cohorts_, [](const Cohort& cohort) { return cohort.attempts.empty(); });
  }

  void go_on(Cohort cohort, Group& group) {
    const unsigned reached_before = cohort.reached;
    LevelSet levels = 0;
    for (LevelSet left = cohort.levels; left != 0; left &= left - 1) {
      const auto level = static_cast<unsigned>(std::countr_zero(left));
      const Group::Advance advance = group.advance(level);
      if (advance.told.begin != kNoEvent) {
        for (OpenAttempt& attempt : cohort.attempts) attempt.told = advance.told;
      }
      cohort.reached = std::max(cohort.reached, advance.level);
      levels |= group.levels_after(level, advance.level);
    }
    if (cohort.is_settled && is_void(group, reached_before, cohort.reached)) return;
    if (cohort.reached == rules_.step_count) return end(cohort);
    if (levels == 0) {
      return cohort.is_settled ? end_early(cohort, group, reached_before) : end(cohort);
    }
    cohort.is_settled = cohort.is_settled && std::has_single_bit(levels);
    cohort.levels = levels;
    add(std::move(cohort));
  }

  // Returns whether an exclusion comes strictly after its first step and before its last one.
  bool is_void(const Group& group, unsigned reached_before, unsigned reached) const {
    for (std::size_t i = 0; group.exclusions() != 0 && i < rules_.exclusions.size(); ++i) {
      const FunnelRules::Exclusion& exclusion = rules_.exclusions[i];
      if ((group.exclusions() >> i & 1) != 0 && reached_before > exclusion.from &&
          reached <= exclusion.to) {
        return true;
      }
    }
    return false;
  }

  // Takes the attempts that an event has ended. An exclusion in the rest of their windows makes
  // them void all the same.
  void end_early(Cohort& cohort, const Group& group, unsigned reached_before) {
    for (const OpenAttempt& attempt : cohort.attempts) {
      bool is_clean = true;
      for (std::size_t i = 0; i < rules_.exclusions.size(); ++i) {
        const FunnelRules::Exclusion& exclusion = rules_.exclusions[i];
        if (cohort.reached <= exclusion.from || cohort.reached > exclusion.to) continue;
        const std::optional<TimeUs> next =
            next_exclusion(i, group.time(), /*now_too=*/reached_before > exclusion.from);
        is_clean = is_clean && (!next || elapsed(attempt.start_time, *next) >
                                             static_cast<std::uint64_t>(rules_.window));
      }
      if (is_clean) end(attempt, cohort.reached, /*is_settled=*/true);
    }
  }

  std::optional<TimeUs> next_exclusion(std::size_t exclusion, TimeUs after, bool now_too) {
    if (exclusion_times_.empty()) {
      exclusion_times_.resize(rules_.exclusions.size());
      for (const StepEvent& event : events_) {
        for (std::size_t i = 0; i < rules_.exclusions.size(); ++i) {
          if ((event.exclusions >> i & 1) != 0) exclusion_times_[i].push_back(event.time);
        }
      }
    }
    const std::vector<TimeUs>& times = exclusion_times_[exclusion];
    const auto next =
        now_too ? std::ranges::lower_bound(times, after) : std::ranges::upper_bound(times, after);
    return next == times.end() ? std::nullopt : std::optional(*next);
  }

  void open(Group& group) {
    if ((group.steps() & 1) == 0 || group.time() > rules_.last_start) return;
    if (!rules_.starts_apart) {
      const auto first = std::ranges::find_if(
          group.events(), [](const StepEvent& event) { return (event.steps & 1) != 0; });
      const Group::Advance advance = group.opening();
      const auto offset = static_cast<std::size_t>(first - group.events().begin());
      open_one(group, {group.time(), group.begin() + offset, advance.told}, advance.level);
      return;
    }
    // Events that may serve the same steps leave the same ones to the others.
    std::map<std::uint32_t, Group::Advance> by_steps;
    for (std::size_t place = group.begin(); place < group.end(); ++place) {
      const std::uint32_t steps = events_[place].steps;
      if ((steps & 1) == 0) continue;
      auto advance = by_steps.find(steps);
      if (advance == by_steps.end()) {
        advance = by_steps.emplace(steps, group.opening(place)).first;
      }
      open_one(group, {group.time(), place, advance->second.told}, advance->second.level);
    }
  }

  void open_one(const Group& group, const OpenAttempt& attempt, unsigned level) {
    if (level == rules_.step_count) return end(attempt, level, /*is_settled=*/true);
    const LevelSet levels = group.levels_opened(level);
    add({levels, level, std::has_single_bit(levels), {attempt}});
  }

  void add(Cohort cohort) {
    const auto alike = std::ranges::find_if(cohorts_, [&](const Cohort& other) {
      return other.levels == cohort.levels && other.reached == cohort.reached &&
             other.is_settled == cohort.is_settled;
    });
    if (alike == cohorts_.end()) {
      cohorts_.push_back(std::move(cohort));
      return;
    }
    // The shorter one goes into the longer one.
    std::deque<OpenAttempt>& into = alike->attempts;
    std::deque<OpenAttempt>& from = cohort.attempts;
    if (into.size() < from.size()) into.swap(from);
    const auto is_earlier = [](const OpenAttempt& a, const OpenAttempt& b) {
      return a.start < b.start;
    };
    if (into.front().start > from.back().start) {
      into.insert(into.begin(), from.begin(), from.end());
    } else {
      const bool in_order = into.back().start < from.front().start;
      const auto middle = into.insert(into.end(), from.begin(), from.end());
      if (!in_order) std::inplace_merge(into.begin(), middle, into.end(), is_earlier);
    }
  }

  const FunnelRules& rules_;
  std::span<const StepEvent> events_;
  const Found& found_;
  QuestionPace& pace_;
  std::vector<Cohort> cohorts_;
  std::vector<Cohort> before_;                        // those of the instant before, as they go on
  std::vector<std::vector<TimeUs>> exclusion_times_;  // by exclusion, made when it is needed
};

// Walks funnels in any order, and finds how many steps the events of a window serve.
class WindowWalk {
 public:
  WindowWalk(const FunnelRules& rules, std::span<const StepEvent> events, QuestionPace& pace)
      : rules_(rules), events_(events), pace_(pace) {}

  void run(const Found& found) {
    std::size_t begin = 0, end = 0;  // of the window
    while (begin < events_.size() && events_[begin].time <= rules_.last_start) {
      pace_.step();
      const std::size_t next = instant_end(begin);
      while (end < events_.size() && elapsed(events_[begin].time, events_[end].time) <=
                                         static_cast<std::uint64_t>(rules_.window)) {
        const std::size_t instant = instant_end(end);
        count(end, instant, 1);
        end = instant;
      }
      open(begin, next, found);
      count(begin, next, -1);
      begin = next;
    }
  }

  // Returns the times at which one step more is made.
  std::vector<TimeUs> made_from(std::size_t start, unsigned steps) {
    std::vector<TimeUs> made;
    counts_.clear();
    std::size_t begin = start;
    while (begin > 0 && events_[begin - 1].time == events_[start].time) --begin;
    while (made.size() < steps && begin < events_.size()) {
      pace_.step();
      const std::size_t end = instant_end(begin);
      if (made.empty() && opens_alone()) {
        change(events_[start].steps, 1);
      } else {
        count(begin, end, 1);
      }
      const unsigned size = std::min(matched(), steps);
      if (made.size() < size) made.resize(size, events_[begin].time);
      begin = end;
    }
    counts_.clear();
    return made;
  }

 private:
  std::size_t instant_end(std::size_t begin) const {
    std::size_t end = begin;
    while (end < events_.size() && events_[end].time == events_[begin].time) ++end;
    return end;
  }

  void count(std::size_t begin, std::size_t end, int sign) {
    std::uint32_t any = 0;
    for (std::size_t i = begin; i < end; ++i) {
      any |= events_[i].steps;
      if (!rules_.strictly_increasing) change(events_[i].steps, sign);
    }
    // One instant serves one step at most.
    if (rules_.strictly_increasing) change(any, sign);
  }
  void change(std::uint32_t steps, int sign) {
    if (steps == 0) return;
    std::int64_t& count = counts_[steps];
    count += sign;
    if (count == 0) counts_.erase(steps);
  }

  // Returns how many steps can be served at once by what is counted.
  unsigned matched() const {
    std::vector<StepEvent> events;
    for (const auto& [steps, count] : counts_) {
      const auto useful = std::min<std::int64_t>(count, std::popcount(steps));
      events.insert(events.end(), static_cast<std::size_t>(useful), {0, steps, 0});
    }
    StepMatching matching(events, 0, rules_.step_count);
    unsigned size = 0;
    for (unsigned step = 0; step < rules_.step_count; ++step) size += matching.add(step) ? 1U : 0U;
    return size;
  }

  // Returns whether an attempt has no other event of the instant at which it opens: an instant
  // serves one step at most, and that is one of the event that opens the attempt.
  bool opens_alone() const { return rules_.starts_apart && rules_.strictly_increasing; }

  // Opens the attempts of an instant, whose events are counted with those of their window.
  void open(std::size_t begin, std::size_t end, const Found& found) {
    const unsigned steps_of_all = matched();
    if (opens_alone()) count(begin, end, -1);
    for (std::size_t place = begin; place < end; ++place) {
      if (events_[place].steps == 0) continue;
      unsigned steps = steps_of_all;
      if (opens_alone()) {
        change(events_[place].steps, 1);
        steps = matched();
        change(events_[place].steps, -1);
      }
      found({place, steps, {}});
      if (!rules_.starts_apart) break;
    }
    if (opens_alone()) count(begin, end, 1);
  }

  const FunnelRules& rules_;
  std::span<const StepEvent> events_;
  QuestionPace& pace_;
  std::map<std::uint32_t, std::int64_t> counts_;  // of the window's events, by the steps they serve
};

}  // namespace

void FunnelMatcher::match(std::span<const StepEvent> events, const Found& found) {
  if (rules_.order == Order::kAny) {
    WindowWalk(rules_, events, pace_).run(found);
  } else {
    AttemptWalk(rules_, events, found, pace_).run();
  }
}

void FunnelMatcher::step_times(std::span<const StepEvent> events, const FunnelAttempt& attempt,
                               std::vector<TimeUs>& times) const {
  times.clear();
  if (rules_.order == Order::kAny) {
    times = WindowWalk(rules_, events, pace_).made_from(attempt.start, attempt.steps);
    return;
  }
  times = StepTimes(rules_, events, attempt, pace_).find();
}

}  // namespace rollcall
