// Plans of rfm and rfm_users share this: recency, frequency and monetary value of the users of a
// chunk, and the scores that these have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/kinds/kind_row.h"
#include "core/query/plan/distribution.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sequence/step_events.h"
#include "rollcall/question.h"

namespace rollcall {

// Scores numbers from 1 to 5: one more for each start that they reach. A start that no number
// reaches is kNever.
struct ScoreScale {
  static constexpr Fraction kNever = {AmountSum{1} << 94, 1};

  std::array<Fraction, RfmRules::kEdges> starts = {kNever, kNever, kNever, kNever};

  std::size_t score_of(const Fraction& number) const {
    std::size_t score = 1;
    for (const Fraction& start : starts) {
      // Most numbers are whole, and need no products.
      const bool are_whole = number.of == 1 && start.of == 1;
      const bool is_below = are_whole ? number.number < start.number : is_less(number, start);
      score += is_below ? 0U : 1U;
    }
    return score;
  }
};

// Scores whole numbers as a scale does, and faster.
class WholeScale {
 public:
  explicit WholeScale(const ScoreScale& scale);
  std::size_t score_of(AmountSum number) const {
    std::size_t score = 1;
    for (const AmountSum start : starts_) score += number < start ? 0U : 1U;
    return score;
  }

 private:
  std::array<AmountSum, RfmRules::kEdges> starts_;
};

// Recency is scored by the last day, of which a later one is better.
struct RfmScales {
  ScoreScale last_day, frequency, monetary;
};

// Holds, by place in the chunk, what is known of users within the range of a question.
struct RfmMeasures {
  std::vector<std::int32_t> last_days;  // kNeverLast: no event in the range
  std::vector<std::uint64_t> frequencies;
  std::vector<AmountSum> amounts;
  std::vector<std::uint64_t> valued_events;  // for the mean alone
  // These are over all that is known, if they are asked for.
  std::vector<std::int32_t> first_days_ever, last_days_ever;
  std::vector<std::uint64_t> days_ever;
  std::vector<AmountSum> amounts_after_first_day;
  QuestionMemory memory;
};

// Writes what distinguishes scales from others.
void write_scales(const RfmScales& scales, ByteWriter& writer);
// Reads what `write_scales` wrote.
RfmScales read_scales(ByteReader& reader);

struct RfmParts;

class RfmPlan : public TablePlan {
 protected:
  // Makes the first plan of a question, which defines the answer.
  RfmPlan(const PlanContext& context, RfmParts& parts);
  explicit RfmPlan(const RfmParts& parts);

  // Returns the users with an event in the range, which has days.
  BitSpan users_in_range(const RfmParts& parts, ChunkSets& sets) const;
  // Finds the users of the chunk; those of all that is known only `with_ever`.
  RfmMeasures measure(const RfmParts& parts, ChunkSets& sets, bool with_ever) const;

 private:
  void add_reads(const RfmParts& parts);
  // Calls meet(day, users, fresh) for each day, one after the other: with its users, and those of
  // them who had none of the days before. Adds the days of each user to `day_counts`, if not null.
  template <class Meet>
  void meet_users(const SeriesUnion& events, DayRange days, bool backwards, ChunkSets& sets,
                  std::vector<std::uint64_t>* day_counts, Meet meet) const;
  // Adds the amounts of all users of the chunk, also of those who are not looked at.
  static void add_amounts(const RfmParts& parts, DayRange days, const ChunkSets& sets,
                          std::span<AmountSum> sums);
  void measure_pages(const RfmParts& parts, ChunkSets& sets, RfmMeasures& found) const;
  void measure_pages_ever(const RfmParts& parts, ChunkSets& sets, RfmMeasures& found) const;
  void count_events(const RfmParts& parts, ChunkSets& sets, RfmMeasures& found) const;
  void measure_history(const RfmParts& parts, ChunkSets& sets, bool with_ever,
                       RfmMeasures& found) const;
};

// Holds what the plans of a question share.
struct RfmParts {
  Query query;
  RfmRules rules;
  Scope scope;
  bool wants_ever = false;  // all that is known of users, whatever the range
  std::vector<Column> columns;
  std::optional<Pivot> pivot;
  std::vector<std::string> notes;
  // Makes the plan of the answer. The range may be empty.
  std::function<std::unique_ptr<Plan>(std::shared_ptr<const RfmParts>, RfmScales)> make_answer;
  ReadSet answer_reads;  // what that reads beside the reads of the scores
  bool answer_keeps_names = false;
  std::optional<KeptRanks::Moment> kept_ranks;  // for the scales of other questions

  std::optional<Day> from, to;
  bool has_rows = false;     // as_of does not lie before the range, nor before all events
  bool is_complete = false;  // the range has ended, or is open
  DayRange days;             // of the range, as far as events are known; may be empty
  SeriesUnion events;
  std::vector<SeriesId> valued_series;
  bool from_history = false;  // all of it: pages do not tell these events
  StepSelectors selectors;    // of events in the range that are looked at one by one
  std::uint32_t decimals = 0;
  QueryResult heading;  // of the first plan

  bool has_means() const { return rules.monetary == RfmRules::Monetary::kMean; }
  bool counts_events() const {
    return rules.frequency == RfmRules::Frequency::kEvents || has_means();
  }
  // Returns what the user at a place is scored by. Without an event that has a value, that is 0.
  Fraction monetary_of(const RfmMeasures& found, std::size_t place) const {
    if (!has_means() || found.valued_events[place] == 0) return {found.amounts[place]};
    return {found.amounts[place], found.valued_events[place]};
  }
};

// Resolves the events and the range of a question in `parts`, whose first fields up to `notes` are
// set, and makes its first plan.
PlanResult make_rfm_plan(std::shared_ptr<RfmParts> parts, const PlanContext& context);

// Names the segments of a question, by their scores.
class RfmSegments {
 public:
  explicit RfmSegments(const RfmRules& rules);

  // Holds the names in the order of the table, and last that of the rest if there is any.
  const std::vector<std::string>& names() const { return names_; }
  // Returns the place of a user's segment in `names`; scores are 1 to 5.
  std::size_t segment_of(std::size_t r, std::size_t f, std::size_t m) const {
    return places_[cell_of(r, f, m)];
  }
  static constexpr std::size_t kCells = 125;
  static std::size_t cell_of(std::size_t r, std::size_t f, std::size_t m) {
    return ((r - 1) * 5 + (f - 1)) * 5 + (m - 1);
  }

 private:
  std::vector<std::string> names_;
  std::array<std::size_t, kCells> places_{};
};

}  // namespace rollcall
