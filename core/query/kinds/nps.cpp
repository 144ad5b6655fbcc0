// This kind asks for the net promoter score: the latest answers of users in the days that end with
// each period, and what is left when the share of detractors is taken from that of promoters.
//
// An answer is the latest one for a run of days: from its own day on, until the user answers again
// or it has left the window. So each answer is counted once for the whole run, however long the
// windows and the range are.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sequence/step_events.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr Amount kScoreMax = 10;
constexpr Amount kPromoterMin = 9;
constexpr Amount kPassiveMin = 7;

// These are the cells of a row, by column.
enum AnswerKind : std::size_t { kPromoter, kPassive, kDetractor, kAnswerKinds };
constexpr std::array<std::string_view, kAnswerKinds> kAnswerColumns = {"promoters", "passives",
                                                                       "detractors"};

AnswerKind kind_of_score(Amount score) {
  if (score >= kPromoterMin) return kPromoter;
  return score >= kPassiveMin ? kPassive : kDetractor;
}

// Returns the events that the windows of the rows hold, as far as they are known.
InstantRange instants_of(const NpsQuery& ask, const PeriodScope& periods,
                         const PlanContext& context) {
  const DayRange data = periods.scope.timeframe.data;
  if (periods.range.size() == 0 || data.empty()) return {};
  const Calendar calendar(ask.period, context.settings.week_start);
  const Day first = calendar.last_day(periods.range.first) - (ask.window_days.back() - 1);
  const TimeUs begin = context.zone.start_of(std::max(first, data.first));
  const TimeUs end = context.zone.start_of(calendar.last_day(periods.range.last) + 1);
  return {begin, std::min(end, periods.scope.timeframe.as_of_time + kUsPerSecond)};
}

class NpsPlan final : public TablePlan {
 public:
  // `instants` are those of the windows.
  NpsPlan(const Query& query, const PlanContext& context, PeriodScope periods,
          InstantRange instants, EventSelector answers);

  std::size_t cell_count() const override { return tally_count() * kAnswerKinds; }
  std::size_t tally_count() const override { return window_count() * range_.size(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  class AnswerWalk;

  void count(ChunkSets& sets, CellSink& sink) const override;
  std::size_t window_count() const { return ask_.window_days.size(); }
  // Returns the number of the first period that ends on `day` or later, from that of the first row
  // to one past the last.
  std::size_t row_from(Day day) const {
    const std::int32_t row = calendar_.index_of(day) - range_.first;
    return static_cast<std::size_t>(std::clamp(row, 0, static_cast<std::int32_t>(range_.size())));
  }
  // Periods follow one another, so that a run of them is one of cells.
  std::size_t cell_of(std::size_t window, AnswerKind kind, std::size_t period) const {
    return (window * kAnswerKinds + kind) * range_.size() + period;
  }
  std::size_t tally_of(std::size_t window, std::size_t period) const {
    return window * range_.size() + period;
  }

  const NpsQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const TimeZone& zone_;
  const Amount scale_;  // of a score of 1
  StepSelectors selectors_;
};

NpsPlan::NpsPlan(const Query& query, const PlanContext& context, PeriodScope periods,
                 InstantRange instants, EventSelector answers)
    : TablePlan(query, std::move(periods.scope)),
      ask_(std::get<NpsQuery>(query.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(std::move(periods.range)),
      zone_(context.zone),
      scale_(static_cast<Amount>(scale_of(context.settings.value_decimals))) {
  selectors_.begin = instants.begin;
  selectors_.end = instants.end;
  selectors_.tells_amounts = true;
  if (instants.begin < instants.end) {
    reads_.read_history(zone_.day_of(instants.begin),
                        "aggregates do not know which answer of a user is the latest");
  }
  std::vector<std::string> notes = {
      "a user counts by their latest answer in the window_days days that end with the row's "
      "period; of answers of one instant, by the lower",
      "an answer is a whole number from 0 to 10, and any other value is invalid; an event without "
      "a value counts as 0",
      "low and high are a 95 % interval (adjusted Wald), adjusted neither for many comparisons nor "
      "for looking often",
      note_of_complete_rows(ask_.period)};
  const std::vector<std::string>& events = context.catalog.events().values();
  if (ask_.event == Selector() && events.size() > 1) {
    notes.push_back(
        fmt::format("the value of any event is an answer, since no event is given "
                    "(there are: {})",
                    excerpts(events)));
  }
  notes.insert(notes.end(), answers.notes.begin(), answers.notes.end());
  selectors_.steps.push_back(std::move(answers));
  define(fields_of(query), context, &range_, std::move(notes));
  result_.columns = {{"date", axis().key_type()},      {"window_days", ColumnType::kInt},
                     {"answers", ColumnType::kCount},  {"promoters", ColumnType::kCount},
                     {"passives", ColumnType::kCount}, {"detractors", ColumnType::kCount},
                     {"nps", ColumnType::kRatio},      {"low", ColumnType::kRatio},
                     {"high", ColumnType::kRatio},     {"invalid", ColumnType::kCount},
                     {"complete", ColumnType::kBool}};
  result_.pivot = Pivot{.rows = {"date"}, .column = "window_days", .cells = "nps"};
}

// Goes through the answers of one user after the other, in the order of time.
class NpsPlan::AnswerWalk {
 public:
  AnswerWalk(const NpsPlan& plan, CellSink& sink)
      : plan_(plan), sink_(sink), memory_(plan.account()) {
    memory_.take(plan.tally_count() * sizeof(invalid_[0]), QuestionNeed::kCells);
    invalid_.resize(plan.tally_count());
  }

  void add_user(std::span<const StepEvent> events, const StepEvents& seen, std::uint32_t place) {
    latest_.reset();
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Amount value = seen.amount_of(i);
      const Day day = day_of(events[i].time);
      const Amount score = value / plan_.scale_;
      if (value % plan_.scale_ != 0 || score < 0 || score > kScoreMax) {
        add_invalid(day);
      } else {
        add({day, events[i].time, score}, place);
      }
    }
    if (latest_) end_latest(kDayMax, place);
  }

  // Adds the invalid answers of all users.
  void finish() {
    for (std::size_t window = 0; window < plan_.window_count(); ++window) {
      std::uint64_t count = 0;
      for (std::size_t period = 0; period < plan_.range_.size(); ++period) {
        const std::size_t tally = plan_.tally_of(window, period);
        count += invalid_[tally];
        if (count != 0) sink_.add_tally(tally, count);
      }
    }
  }

 private:
  struct Answer {
    Day day;
    TimeUs time = 0;
    Amount score = 0;
  };
  // Is a run of rows [first, end).
  struct Rows {
    std::size_t first;
    std::size_t end;
  };

  Day day_of(TimeUs time) {
    if (time < day_begin_ || time >= day_end_) {
      day_ = plan_.zone_.day_of(time);
      day_begin_ = plan_.zone_.start_of(day_);
      day_end_ = plan_.zone_.start_of(day_ + 1);
    }
    return day_;
  }

  // Returns the rows in whose windows an event of `day` is, up to those that end on `end` or later.
  Rows rows_of(std::size_t window, Day day, Day end) const {
    const Day left = std::min(end, day + plan_.ask_.window_days[window]);
    return {plan_.row_from(day), plan_.row_from(left)};
  }

  void add(const Answer& answer, std::uint32_t place) {
    if (latest_ && latest_->day != answer.day) end_latest(answer.day, place);
    if (latest_ && latest_->time == answer.time) {
      latest_->score = std::min(latest_->score, answer.score);
    } else {
      latest_ = answer;
    }
  }

  // Counts the latest answer, in whose place another one comes on the day `end`.
  void end_latest(Day end, std::uint32_t place) {
    for (std::size_t window = 0; window < plan_.window_count(); ++window) {
      const Rows rows = rows_of(window, latest_->day, end);
      if (rows.first >= rows.end) continue;
      sink_.add_user_run(plan_.cell_of(window, kind_of_score(latest_->score), rows.first),
                         rows.end - rows.first, place);
    }
    latest_.reset();
  }

  void add_invalid(Day day) {
    for (std::size_t window = 0; window < plan_.window_count(); ++window) {
      const Rows rows = rows_of(window, day, kDayMax);
      if (rows.first >= rows.end) continue;
      ++invalid_[plan_.tally_of(window, rows.first)];
      if (rows.end < plan_.range_.size()) --invalid_[plan_.tally_of(window, rows.end)];
    }
  }

  const NpsPlan& plan_;
  CellSink& sink_;
  QuestionMemory memory_;
  // Holds, by tally, how many more there are than of the period before, modulo 2^64.
  std::vector<std::uint64_t> invalid_;
  std::optional<Answer> latest_;  // of the user
  Day day_{0};
  TimeUs day_begin_ = 0, day_end_ = 0;
};

void NpsPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (selectors_.begin >= selectors_.end) return;
  StepEvents seen(selectors_, account());
  AnswerWalk walk(*this, sink);
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          walk.add_user(seen.of_user(cursor), seen, place);
                        });
  walk.finish();
}

// Returns the ends of the adjusted Wald interval of the score.
std::pair<double, double> interval_of(std::uint64_t promoters, std::uint64_t detractors,
                                      std::uint64_t answers) {
  constexpr double kAddedToEach = 0.75, kAddedToAll = 3, kDeviations = 1.96, kScale = 100;
  const double all = static_cast<double>(answers) + kAddedToAll;
  const double for_it = (static_cast<double>(promoters) + kAddedToEach) / all;
  const double against = (static_cast<double>(detractors) + kAddedToEach) / all;
  const double middle = for_it - against;
  const double reach = kDeviations * std::sqrt((for_it + against - middle * middle) / all);
  return {std::max(-kScale, kScale * (middle - reach)),
          std::min(kScale, kScale * (middle + reach))};
}

QueryResult NpsPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t period = 0; period < range_.size(); ++period) {
    const DayRange days = calendar_.days(range_.first + static_cast<std::int32_t>(period));
    const bool complete = timeframe_.has_ended(days.last);
    for (std::size_t window = 0; window < window_count(); ++window) {
      std::array<std::uint64_t, kAnswerKinds> users{};
      std::uint64_t answers = 0;
      for (const AnswerKind kind : {kPromoter, kPassive, kDetractor}) {
        users[kind] = counts.cells[cell_of(window, kind, period)];
        answers += users[kind];
      }
      Cell score, low, high;
      if (answers != 0 && complete) {
        constexpr AmountSum kPoints = 100;
        score = nearest_quotient(
            kPoints * (AmountSum{users[kPromoter]} - AmountSum{users[kDetractor]}), answers);
        std::tie(low, high) = interval_of(users[kPromoter], users[kDetractor], answers);
      }
      add_row(result, key_of(days.first), std::int64_t{ask_.window_days[window]},
              count_cell(answers), count_cell(users[kPromoter]), count_cell(users[kPassive]),
              count_cell(users[kDetractor]), std::move(score), std::move(low), std::move(high),
              count_cell(counts.tallies[tally_of(window, period)]), complete);
    }
  }
  return result;
}

std::vector<std::size_t> NpsPlan::cells_of(std::size_t row, std::string_view column) const {
  const std::size_t window = row % window_count(), period = row / window_count();
  std::vector<std::size_t> cells;
  for (const AnswerKind kind : {kPromoter, kPassive, kDetractor}) {
    if (column == "answers" || column == kAnswerColumns[kind]) {
      cells.push_back(cell_of(window, kind, period));
    }
  }
  return cells;
}

Result<PeriodScope> resolve_rows(const NpsQuery& ask, const Query& query,
                                 const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("nps", query, context, ask.period));
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("nps", periods.range.size(), ask.window_days.size() * kAnswerKinds));
  return periods;
}

PlanResult plan(const NpsQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("nps", context));
  ROLLCALL_ASSIGN_OR_RETURN(EventSelector answers,
                            resolve_event_selector("nps: event", ask.event,
                                                   conditions_of(query, context), context.catalog));
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods, resolve_rows(ask, query, context));
  const InstantRange instants = instants_of(ask, periods, context);
  return PlanResult(
      std::make_unique<NpsPlan>(query, context, std::move(periods), instants, std::move(answers)));
}

// Ranks values by the users of all windows, which begin before the range.
Result<Ranking> rank(const NpsQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(const PeriodScope periods, resolve_rows(ask, query, context));
  return make_history_ranking(query, context, instants_of(ask, periods, context));
}

// --- The row. ---

constexpr QueryField kNpsFields[] = {
    field_of_event("event", "Event whose value is an answer from 0 to 10"),
    field_of_word("period", "Period, whose last day ends the windows", "\"day\"",
                  kWordsOf<kPeriodNames>),
    {.name = "window_days",
     .type = FieldType::kIntegers,
     .meaning = "Days in which the latest answer of a user counts, such as 7,30",
     .default_json = "[7, 30]",
     .min = 1,
     .max = kSpanDaysMax}};

Status parse(const QueryObject& object, NpsQuery& ask) {
  const FieldReader window_days = {
      "window_days", [&ask](const Json& value, const std::string& path) {
        if (value.is_array()) return read_integers(value, path, ask.window_days);
        if (!value.is_number_integer()) {
          return unexpected(path, "a whole number, or a list of them", value);
        }
        ask.window_days.resize(1);
        return read_integer(value, path, ask.window_days[0]);
      }};
  return object.read({selector_field("event", ask.event),
                      word_field("period", kPeriodNames, ask.period), window_days});
}

JsonFields write(const NpsQuery& ask) {
  return {{"event", selector_json(ask.event)},
          {"period", word(kPeriodNames, ask.period)},
          {"window_days", integer_list(ask.window_days)}};
}

Status check(const NpsQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  ROLLCALL_RETURN_IF_ERROR(check_days_or_longer("period", ask.period));
  if (ask.window_days.empty()) {
    return Status::invalid_argument("window_days: must have at least one number, found none");
  }
  std::int32_t before = 0;
  for (const std::int32_t days : ask.window_days) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("window_days", days, 1, kSpanDaysMax));
    if (days <= before) {
      return Status::invalid_argument(
          fmt::format("window_days: must ascend, found {} after {}", days, before));
    }
    before = days;
  }
  return {};
}

std::string describe(const NpsQuery& ask) {
  return fmt::format(
      "{}: the net promoter score of the users with {} in the {} days that "
      "end with it. The value of a user's latest one is their answer: 9 and 10 are promoters, 7 "
      "and 8 passives, 0 to 6 detractors; other values are no answers.",
      each_period(ask.period), event_words(ask.event), fmt::join(ask.window_days, " or "));
}

}  // namespace

const KindRow<NpsQuery>& row_of(std::type_identity<NpsQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "nps", "event": "rate", "window_days": [30], "last": "7d"})"};
  static constexpr KindRow<NpsQuery> kRow = {
      .kind = {.name = "nps",
               .summary = "Net promoter score: promoters less detractors",
               .fields = kNpsFields,
               .examples = kExamples,
               .chart = "nps",
               .shows_percent = false},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = own_period,
      .ranked_event = own_event,
      .ranking = rank};
  return kRow;
}

}  // namespace rollcall
