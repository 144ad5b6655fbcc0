// This plan sums up what users are worth, from the amounts of each user on each day.
//
// In a chunk, the cohorts are made first, which gives each user a first day. The amounts are then
// gone through once, day by day: each falls on so many days after its user's first. A cell holds
// what came since the horizon before; `finish` adds that up. A user pays from the horizon on by
// which their sum has come above 0, until one by which it has not.
#include "core/query/kinds/ltv_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/text/decimal_text.h"

namespace rollcall {
namespace {

// Holds the resolved events that a question asks about.
struct LtvEvents {
  SeriesUnion cohort;
  // In a breakdown, users who join count where an event of the value lies in the cohort's period.
  std::optional<SeriesUnion> cohort_value;
  std::vector<SeriesId> value;
  std::vector<SeriesId> value_of_cost;  // what of `value` is a cost, and is taken off
  std::vector<SeriesId> cost;
  std::vector<std::string> notes;
};

// Says what users cost.
struct LtvCost {
  bool is_asked = false;
  bool is_of_events = false;
  std::optional<AmountSum> per_user;  // unset: the amounts of events say it, or nothing does

  bool is_known() const { return is_of_events || per_user.has_value(); }
};

constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kPaysNothing = std::numeric_limits<std::uint32_t>::max();

// Holds what is known of the users of a chunk, by place.
class LtvUsers {
 public:
  LtvUsers(std::size_t count, QuestionAccount* account) : memory_(account) {
    memory_.take(count * (2 * sizeof(std::uint32_t) + sizeof(AmountSum)), QuestionNeed::kSets);
    days_.assign(count, kNobody);
    pays_since_ = std::make_unique_for_overwrite<std::uint32_t[]>(count);
    sums_ = std::make_unique_for_overwrite<AmountSum[]>(count);
  }

  // The users join on a day, which is told by its number.
  void join(BitSpan users, std::uint32_t day) {
    for (std::size_t i = 0; i < users.word_count; ++i) {
      for (std::uint64_t rest = users.words[i]; rest != 0; rest &= rest - 1) {
        const std::size_t place = 64 * i + static_cast<std::size_t>(std::countr_zero(rest));
        days_[place] = day;
        pays_since_[place] = kPaysNothing;
        sums_[place] = 0;
      }
    }
  }

  // Returns the day on which the user joined, or kNobody.
  std::uint32_t day_of(std::size_t place) const {
    return place < days_.size() ? days_[place] : kNobody;
  }
  // These are for users who have joined: the sum of their amounts so far, and the first horizon
  // since which it has been above 0.
  AmountSum& sum_of(std::size_t place) { return sums_[place]; }
  std::uint32_t& pays_since(std::size_t place) { return pays_since_[place]; }

 private:
  QuestionMemory memory_;
  std::vector<std::uint32_t> days_;
  std::unique_ptr<std::uint32_t[]> pays_since_;
  std::unique_ptr<AmountSum[]> sums_;
};

class LtvPlan final : public TablePlan {
 public:
  LtvPlan(const Query& query, const PlanContext& context, PeriodScope periods, LtvEvents events,
          LtvCost cost);
  // Is to be called first. Returns kInvalidArgument if there are too many cells.
  Status lay_out(const Query& query, const PlanContext& context);

  std::size_t cell_count() const override { return cell_count_; }
  bool has_amounts() const override { return true; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  // Holds where the cells of a cohort are: its size; for each horizon that has begun, who pays and
  // what came since the one before, and as many of what it cost; and for each day that is complete
  // for all of the cohort, what came on it less what it cost.
  struct Cohort {
    std::size_t first_cell = 0;
    std::uint32_t horizons = 0;
    std::uint32_t days = 0;
  };
  // The numbers of a row of the table, which may sum up others.
  struct Sums {
    std::uint64_t size = 0;
    AmountSum value = 0;
    std::uint64_t payers = 0;
    AmountSum cost = 0;
  };
  // Holds the means of the quotients of the rows that another sums up.
  struct Means {
    QuotientMean ltv, arppu, cost_per_user, ltv_to_cost;
  };

  Status lay_out_cells(const PlanContext& context);
  void read();
  void define_table(const Query& query, const PlanContext& context);
  std::vector<std::string> notes_of(const Query& query) const;

  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_cohorts(ChunkSets& sets, LtvUsers& users, CellSink& sink) const;
  void count_amounts(ChunkSets& sets, LtvUsers& users, CellSink& sink) const;
  void add_value(std::uint32_t place, AmountSum amount, std::int64_t day, LtvUsers& users,
                 std::uint64_t* payers, CellSink& sink) const;
  void add_cost(std::uint32_t place, AmountSum amount, std::int64_t day, const LtvUsers& users,
                CellSink& sink) const;
  // The user was a payer from one horizon up to another, which is not included.
  void add_payer(const Cohort& cohort, std::uint32_t since, std::uint32_t until,
                 std::uint32_t place, CellSink& sink) const {
    for (std::uint32_t i = since; i < until; ++i) sink.add_user(horizon_cell(cohort, i), place);
  }

  static std::size_t horizon_cell(const Cohort& cohort, std::size_t horizon) {
    return cohort.first_cell + 1 + horizon;
  }
  std::size_t cost_cell(const Cohort& cohort, std::size_t horizon) const {
    return horizon_cell(cohort, cohort.horizons) + horizon;
  }
  std::size_t day_cell(const Cohort& cohort, std::size_t day) const {
    return horizon_cell(cohort,
                        cost_.is_of_events ? 2 * std::size_t{cohort.horizons} : cohort.horizons) +
           day;
  }
  const Cohort& cohort_of(std::uint32_t day) const { return cohorts_[cohort_of_day_[day]]; }

  DayRange days_of(std::size_t row) const {
    return calendar_.days(range_.first + static_cast<std::int32_t>(row));
  }
  bool is_complete(std::size_t row, std::size_t horizon) const {
    return timeframe_.has_ended(days_of(row).last + ask_.horizons[horizon]);
  }
  Cell payback_of(const Cohort& cohort, const Partial& counts) const;
  // Adds what came by a horizon since the one before.
  void add_horizon(const Cohort& cohort, std::size_t horizon, const Partial& counts,
                   Sums& sums) const;
  void add_sums(Cell cohort, std::size_t horizon, const Sums& sums, const Means* means,
                bool complete, const Cell& payback_day, QueryResult& result) const;
  void add_to_means(const Sums& sums, Means& means) const;
  void add_summary(const Partial& counts, QueryResult& result) const;

  const LtvQuery ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const LtvEvents events_;
  const LtvCost cost_;
  const std::uint32_t decimals_;
  LongUnion joined_before_;  // for first_ever: who cannot join any more
  Day first_day_;            // of the cohorts; days are numbered from it on
  Day last_day_;             // of the amounts
  std::size_t cell_count_ = 0;
  std::vector<Cohort> cohorts_;
  std::vector<std::uint32_t> cohort_of_day_;   // by the number of the day
  std::vector<std::uint32_t> horizon_of_day_;  // the first that holds a day, by how late it is
  QuestionMemory memory_;                      // of these
};

LtvPlan::LtvPlan(const Query& query, const PlanContext& context, PeriodScope periods,
                 LtvEvents events, LtvCost cost)
    : TablePlan(query, std::move(periods.scope)),
      ask_(std::get<LtvQuery>(query.ask)),
      calendar_(ask_.period, context.settings.week_start),
      range_(std::move(periods.range)),
      events_(std::move(events)),
      cost_(cost),
      decimals_(context.settings.value_decimals) {}

Status LtvPlan::lay_out(const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(lay_out_cells(context));
  read();
  define_table(query, context);
  return {};
}

Status LtvPlan::lay_out_cells(const PlanContext& context) {
  const std::size_t rows = range_.size();
  if (rows == 0) return {};
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("ltv", rows, 1 + ask_.horizons.size()));
  first_day_ = days_of(0).first;
  // Nobody joins after the data.
  const Day data_last = timeframe_.data.empty() ? first_day_ - 1 : timeframe_.data.last;
  const Day last_joined = std::min(days_of(rows - 1).last, data_last);
  const auto day_count = static_cast<std::size_t>(std::max(last_joined - first_day_ + 1, 0));
  const auto horizon_days = static_cast<std::size_t>(ask_.horizons.back()) + 1;
  memory_ = QuestionMemory(context.account);
  memory_.take(rows * sizeof(Cohort) + (day_count + horizon_days) * sizeof(std::uint32_t),
               QuestionNeed::kPlans);
  cohorts_.reserve(rows);
  cohort_of_day_.reserve(day_count);
  for (std::size_t row = 0; row < rows; ++row) {
    const DayRange days = days_of(row);
    Cohort& cohort = cohorts_.emplace_back(Cohort{.first_cell = cell_count_});
    while (cohort.horizons < ask_.horizons.size() &&
           days.first + ask_.horizons[cohort.horizons] <= timeframe_.last_day) {
      ++cohort.horizons;
    }
    // Nobody joins before the data, and nothing comes after them.
    const bool may_pay_back = cost_.is_known() && timeframe_.data.first <= days.last;
    const std::int32_t last =
        std::min(timeframe_.last_ended_day - days.last, data_last - days.first);
    if (may_pay_back) cohort.days = static_cast<std::uint32_t>(std::max(last + 1, 0));
    cell_count_ = day_cell(cohort, cohort.days);
    for (Day day = days.first; day <= std::min(days.last, last_joined); day = day + 1) {
      cohort_of_day_.push_back(static_cast<std::uint32_t>(row));
    }
  }
  horizon_of_day_.reserve(horizon_days);
  for (std::uint32_t horizon = 0; horizon < ask_.horizons.size(); ++horizon) {
    const auto end = static_cast<std::size_t>(ask_.horizons[horizon]) + 1;
    horizon_of_day_.resize(end, horizon);
  }
  return check_cell_count("ltv", 1, cell_count_);
}

void LtvPlan::read() {
  if (range_.size() == 0) return;
  tells_amounts_ = true;
  const DayRange joined = {first_day_, days_of(range_.size() - 1).last};
  read_presence(events_.cohort, joined);
  if (events_.cohort_value) read_presence(*events_.cohort_value, joined);
  if (ask_.cohort == LtvQuery::Cohort::kFirstEver) {
    joined_before_ = LongUnion::before(events_.cohort, first_day_, timeframe_);
    joined_before_.add_reads(reads_);
  }
  last_day_ = timeframe_.data.last;
  // A breakdown is read for as a whole, before the cost of each value is known.
  if (!cost_.is_asked) {
    // Later amounts are in no cell.
    last_day_ = std::min(last_day_, joined.last + ask_.horizons.back());
  }
  const auto read_amounts = [&](const std::vector<SeriesId>& series, Day from) {
    const DayRange days = {std::max(from, timeframe_.data.first), last_day_};
    if (!series.empty() && !days.empty()) reads_.amounts.push_back({series, days});
  };
  read_amounts(events_.value, first_day_);
  read_amounts(events_.value_of_cost, first_day_);
  read_amounts(events_.cost, timeframe_.data.first);
}

std::vector<std::string> LtvPlan::notes_of(const Query& query) const {
  std::vector<std::string> notes = {
      "a cell is complete when so many days after the last day of the cohort's period have ended "
      "at as_of; the quotients of an incomplete one are null, and a cell is left out whose day, "
      "counted from the first day of the period, begins after as_of",
      "value is the sum of the amounts from the user's own first day on, all of it, through so "
      "many days after it; ltv divides it by size, and arppu by payers, users whose sum so far is "
      "above 0"};
  if (ask_.cohort == LtvQuery::Cohort::kFirstInRange) {
    notes.emplace_back(
        "the range in which a user's first event counts is that from from to to, both as given "
        "here: whole periods");
  }
  if (cost_.is_asked && !cost_.is_of_events) {
    notes.emplace_back("cost is size times the cost of a user");
  } else if (cost_.is_of_events) {
    notes.emplace_back(
        "cost is the sum of the amounts of these events of the cohort's users up to that day, also "
        "before their first; they are no value");
  }
  if (cost_.is_asked) {
    notes.emplace_back(
        "payback_day is the first day on which ltv was at least the cost of a user, among those "
        "that are complete for the whole cohort, whatever came later; summary rows have none, as "
        "each of their days sums up other cohorts");
  }
  if (!query.common.breakdown.empty()) {
    notes.emplace_back(
        "the value is that of a cohort event in the cohort's period; amounts count whatever theirs "
        "is");
  }
  if (ask_.summary != LtvQuery::Summary::kNone) {
    notes.emplace_back(
        "a summary row counts the complete cells of its column, and is left out where there are "
        "none");
  }
  for (const std::string& note : events_.notes) {
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  }
  return notes;
}

void LtvPlan::define_table(const Query& query, const PlanContext& context) {
  define(fields_of(query), context, &range_, notes_of(query));
  result_.columns = {{"cohort", axis().key_type()}, {"size", ColumnType::kCount},
                     {"day", ColumnType::kInt},     {"value", ColumnType::kDecimal},
                     {"ltv", ColumnType::kRatio},   {"payers", ColumnType::kCount},
                     {"arppu", ColumnType::kRatio}};
  if (cost_.is_asked) {
    result_.columns.insert(result_.columns.end(), {{"cost", ColumnType::kDecimal},
                                                   {"cost_per_user", ColumnType::kRatio},
                                                   {"ltv_to_cost", ColumnType::kRatio},
                                                   {"payback_day", ColumnType::kInt}});
  }
  result_.columns.push_back({"complete", ColumnType::kBool});
  result_.pivot = Pivot{{"cohort"}, "size", "day", "ltv", "ltv", "cohort"};
}

// ---- Counting ----

void LtvPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (cohort_of_day_.empty()) return;
  LtvUsers users(sets.chunk().word_count() * 64, account());
  count_cohorts(sets, users, sink);
  count_amounts(sets, users, sink);
}

void LtvPlan::count_cohorts(ChunkSets& sets, LtvUsers& users, CellSink& sink) const {
  MutableSet seen = sets.make_set();
  seen.add(sets.active(joined_before_));
  MutableSet newcomers = sets.make_set();
  const std::size_t mark = sets.arena().mark();
  Day day = std::max(first_day_, timeframe_.data.first);
  auto number = static_cast<std::uint32_t>(day - first_day_);
  std::uint32_t row = kNobody;  // whose users with an event of the value are `of_value`
  BitSpan of_value;
  std::size_t of_value_mark = mark;
  for (; number < cohort_of_day_.size(); ++number, day = day + 1) {
    if (events_.cohort_value && cohort_of_day_[number] != row) {
      row = cohort_of_day_[number];
      sets.arena().give_back_to(mark);
      of_value = sets.active(*events_.cohort_value, days_of(row));
      of_value_mark = sets.arena().mark();
    }
    const BitSpan active = sets.active(events_.cohort, {day, day});
    if (!active.empty()) {
      newcomers.assign(active);
      newcomers.remove(seen.span());
      seen.add(active);
      if (events_.cohort_value) newcomers.keep(of_value);
      sink.add(cohort_of(number).first_cell, newcomers.span());
      users.join(newcomers.span(), number);
    }
    sets.arena().give_back_to(of_value_mark);
  }
  sets.arena().give_back_to(mark);
}

void LtvPlan::count_amounts(ChunkSets& sets, LtvUsers& users, CellSink& sink) const {
  const std::size_t word_count = sets.chunk().word_count();
  std::uint64_t* const payers = sets.arena().take();  // who have paid at some time
  std::fill_n(payers, word_count, std::uint64_t{0});
  // Costs may lie before the first cohort.
  const Day begin = events_.cost.empty() ? first_day_ : timeframe_.data.first;
  for (Day day = std::max(begin, timeframe_.data.first); day <= last_day_; day = day + 1) {
    const std::int64_t number = day - first_day_;
    for (const SeriesId series : events_.cost) {
      for (const UserAmount& of_user : sets.amounts(series, day)) {
        add_cost(of_user.place, of_user.amount, number, users, sink);
      }
    }
    if (number < 0) continue;
    for (const SeriesId series : events_.value) {
      for (const UserAmount& of_user : sets.amounts(series, day)) {
        add_value(of_user.place, of_user.amount, number, users, payers, sink);
      }
    }
    for (const SeriesId series : events_.value_of_cost) {
      for (const UserAmount& of_user : sets.amounts(series, day)) {
        add_value(of_user.place, -AmountSum{of_user.amount}, number, users, payers, sink);
      }
    }
  }
  for (std::size_t i = 0; i < word_count; ++i) {
    for (std::uint64_t rest = payers[i]; rest != 0; rest &= rest - 1) {
      const std::size_t place = 64 * i + static_cast<std::size_t>(std::countr_zero(rest));
      const std::uint32_t since = users.pays_since(place);
      if (since == kPaysNothing) continue;
      const Cohort& cohort = cohort_of(users.day_of(place));
      add_payer(cohort, since, cohort.horizons, static_cast<std::uint32_t>(place), sink);
    }
  }
}

void LtvPlan::add_value(std::uint32_t place, AmountSum amount, std::int64_t day, LtvUsers& users,
                        std::uint64_t* payers, CellSink& sink) const {
  const std::uint32_t joined = users.day_of(place);
  if (joined > day) return;
  const auto late = static_cast<std::size_t>(day - joined);
  const Cohort& cohort = cohort_of(joined);
  if (late < cohort.days) sink.add_amount(day_cell(cohort, late), amount);
  if (late >= horizon_of_day_.size() || horizon_of_day_[late] >= cohort.horizons) return;
  const std::uint32_t horizon = horizon_of_day_[late];
  sink.add_amount(horizon_cell(cohort, horizon), amount);
  AmountSum& sum = users.sum_of(place);
  sum += amount;
  std::uint32_t& since = users.pays_since(place);
  if ((since != kPaysNothing) == (sum > 0)) return;
  if (sum > 0) {
    since = horizon;
    payers[place / 64] |= std::uint64_t{1} << (place % 64);
  } else {
    add_payer(cohort, since, horizon, place, sink);
    since = kPaysNothing;
  }
}

void LtvPlan::add_cost(std::uint32_t place, AmountSum amount, std::int64_t day,
                       const LtvUsers& users, CellSink& sink) const {
  const std::uint32_t joined = users.day_of(place);
  if (joined == kNobody) return;
  const auto late = static_cast<std::size_t>(std::max<std::int64_t>(day - joined, 0));
  const Cohort& cohort = cohort_of(joined);
  if (late < cohort.days) sink.add_amount(day_cell(cohort, late), -amount);
  if (late >= horizon_of_day_.size() || horizon_of_day_[late] >= cohort.horizons) return;
  sink.add_amount(cost_cell(cohort, horizon_of_day_[late]), amount);
}

// ---- The table ----

// Returns the quotient of two amounts, or null over 0, or if it is not `complete`.
Cell amount_ratio_cell(AmountSum a, AmountSum b, bool complete) {
  if (b == 0 || !complete) return std::monostate{};
  return b < 0 ? nearest_quotient(-a, static_cast<Divisor>(-b))
               : nearest_quotient(a, static_cast<Divisor>(b));
}

Cell LtvPlan::payback_of(const Cohort& cohort, const Partial& counts) const {
  const std::uint64_t size = counts.cells[cohort.first_cell];
  if (size == 0) return {};
  AmountSum left = -static_cast<AmountSum>(size) * cost_.per_user.value_or(0);
  for (std::size_t day = 0; day < cohort.days; ++day) {
    left += counts.amounts[day_cell(cohort, day)];
    if (left >= 0) return static_cast<std::int64_t>(day);
  }
  return {};
}

void LtvPlan::add_horizon(const Cohort& cohort, std::size_t horizon, const Partial& counts,
                          Sums& sums) const {
  sums.size = counts.cells[cohort.first_cell];
  sums.value += counts.amounts[horizon_cell(cohort, horizon)];
  sums.payers = counts.cells[horizon_cell(cohort, horizon)];
  if (cost_.is_of_events) {
    sums.cost += counts.amounts[cost_cell(cohort, horizon)];
  } else if (cost_.per_user) {
    sums.cost = static_cast<AmountSum>(sums.size) * *cost_.per_user;
  }
}

void LtvPlan::add_sums(Cell cohort, std::size_t horizon, const Sums& sums, const Means* means,
                       bool complete, const Cell& payback_day, QueryResult& result) const {
  const auto quotient = [&](Cell pooled, const QuotientMean Means::*mean) {
    if (means == nullptr || (means->*mean).count() == 0) return pooled;
    return Cell((means->*mean).value());
  };
  std::vector<Cell> row = {
      std::move(cohort),
      count_cell(sums.size),
      std::int64_t{ask_.horizons[horizon]},
      decimal_cell(sums.value, decimals_),
      quotient(quotient_cell(sums.value, decimals_, sums.size, complete), &Means::ltv),
      count_cell(sums.payers),
      quotient(quotient_cell(sums.value, decimals_, sums.payers, complete), &Means::arppu)};
  if (cost_.is_known()) {
    row.push_back(decimal_cell(sums.cost, decimals_));
    row.push_back(
        quotient(quotient_cell(sums.cost, decimals_, sums.size, complete), &Means::cost_per_user));
    row.push_back(
        quotient(amount_ratio_cell(sums.value, sums.cost, complete), &Means::ltv_to_cost));
    row.push_back(payback_day);
  } else if (cost_.is_asked) {
    row.resize(row.size() + 4);
  }
  row.emplace_back(complete);
  add_row_of(result, std::move(row));
}

QueryResult LtvPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    const Cohort& cohort = cohorts_[row];
    const Cell payback_day = payback_of(cohort, counts);
    Sums sums;
    for (std::size_t horizon = 0; horizon < cohort.horizons; ++horizon) {
      add_horizon(cohort, horizon, counts, sums);
      add_sums(key_of(days_of(row).first), horizon, sums, nullptr, is_complete(row, horizon),
               payback_day, result);
    }
  }
  if (ask_.summary != LtvQuery::Summary::kNone && range_.size() > 0) add_summary(counts, result);
  return result;
}

void LtvPlan::add_to_means(const Sums& sums, Means& means) const {
  const Divisor scale = scale_of(decimals_);
  if (sums.size != 0) {
    means.ltv.add(sums.value, scale * sums.size);
    means.cost_per_user.add(sums.cost, scale * sums.size);
  }
  if (sums.payers != 0) means.arppu.add(sums.value, scale * sums.payers);
  if (sums.cost > 0) means.ltv_to_cost.add(sums.value, static_cast<Divisor>(sums.cost));
  if (sums.cost < 0) means.ltv_to_cost.add(-sums.value, static_cast<Divisor>(-sums.cost));
}

void LtvPlan::add_summary(const Partial& counts, QueryResult& result) const {
  std::vector<Sums> of_cohorts(cohorts_.size());
  for (std::size_t horizon = 0; horizon < ask_.horizons.size(); ++horizon) {
    // What no cohort has completed is not known, and neither is what comes later.
    if (!is_complete(0, horizon)) return;
    Sums pooled;
    Means means;
    for (std::size_t row = 0; row < cohorts_.size() && is_complete(row, horizon); ++row) {
      Sums& sums = of_cohorts[row];
      add_horizon(cohorts_[row], horizon, counts, sums);
      pooled.size += sums.size;
      pooled.value += sums.value;
      pooled.payers += sums.payers;
      pooled.cost += sums.cost;
      add_to_means(sums, means);
    }
    add_sums(Cell(), horizon, pooled, ask_.summary == LtvQuery::Summary::kMean ? &means : nullptr,
             /*complete=*/true, Cell(), result);
  }
}

std::vector<std::size_t> LtvPlan::cells_of(std::size_t row, std::string_view column) const {
  // Rows of the table are horizons that have begun, cohort by cohort; summaries follow.
  for (const Cohort& cohort : cohorts_) {
    if (row >= cohort.horizons) {
      row -= cohort.horizons;
      continue;
    }
    if (column == "size") return {cohort.first_cell};
    if (column == "payers") return {horizon_cell(cohort, row)};
    return {};
  }
  return {};
}

// ---- What is asked about ----

// Returns the events that both mean, or nothing if there can be none.
std::optional<Selector> intersection(const Selector& a, const Selector& b) {
  using Names = Selector::Names;
  Selector both = a;
  both.where.insert(both.where.end(), b.where.begin(), b.where.end());
  const auto has = [](const Selector& selector, const std::string& name) {
    return std::ranges::find(selector.names, name) != selector.names.end();
  };
  if (a.match == Names::kAny || b.match == Names::kAny) {
    const Selector& named = a.match == Names::kAny ? b : a;
    both.match = named.match;
    both.names = named.names;
    return both;
  }
  if (a.match == Names::kNoneOf && b.match == Names::kNoneOf) {
    both.names.insert(both.names.end(), b.names.begin(), b.names.end());
    return both;
  }
  const bool a_is_list = a.match == Names::kAnyOf;
  const Selector& list = a_is_list ? a : b;
  const Selector& other = a_is_list ? b : a;
  both.match = Names::kAnyOf;
  both.names.clear();
  for (const std::string& name : list.names) {
    if (has(other, name) == (other.match == Names::kAnyOf)) both.names.push_back(name);
  }
  if (both.names.empty()) return {};
  return both;
}

// Leaves out what is in both.
void cancel(std::vector<SeriesId>& value, std::vector<SeriesId>& value_of_cost) {
  std::vector<SeriesId> common;
  std::ranges::sort(value);
  std::ranges::sort(value_of_cost);
  std::ranges::set_intersection(value, value_of_cost, std::back_inserter(common));
  const auto is_common = [&](SeriesId series) {
    return std::ranges::binary_search(common, series);
  };
  std::erase_if(value, is_common);
  std::erase_if(value_of_cost, is_common);
}

Result<LtvEvents> resolve_events(const LtvQuery& ask, const Query& query,
                                 const PlanContext& context) {
  LtvEvents events;
  const std::vector<PropertyCondition>& where = query.common.where;
  const auto resolve = [&](std::string_view field,
                           const Selector& selector) -> Result<std::vector<SeriesId>> {
    ROLLCALL_ASSIGN_OR_RETURN(const SeriesUnion found,
                              resolve_selector(field, selector, where, context));
    events.notes.insert(events.notes.end(), found.notes.begin(), found.notes.end());
    return counted_series(found, context.catalog);
  };
  ROLLCALL_ASSIGN_OR_RETURN(
      events.cohort, resolve_selector("ltv: cohort_event", ask.cohort_event, where, context));
  events.notes = events.cohort.notes;
  if (context.value != nullptr) {
    ROLLCALL_ASSIGN_OR_RETURN(events.cohort_value,
                              resolve_selector("ltv: cohort_event", ask.cohort_event,
                                               conditions_of(query, context), context));
  }
  ROLLCALL_ASSIGN_OR_RETURN(events.value, resolve("ltv: value_event", ask.value_event));
  const auto* const cost = ask.cost ? std::get_if<LtvQuery::CostOfEvents>(&*ask.cost) : nullptr;
  if (cost == nullptr) return events;
  constexpr std::string_view kField = "ltv: cost: event";
  ROLLCALL_ASSIGN_OR_RETURN(events.cost, resolve(kField, cost->event));
  if (const std::optional<Selector> both = intersection(ask.value_event, cost->event)) {
    ROLLCALL_ASSIGN_OR_RETURN(events.value_of_cost, resolve(kField, *both));
  }
  cancel(events.value, events.value_of_cost);
  return events;
}

// Returns the cost of a user as an amount of the store.
Result<AmountSum> resolve_cost(const std::string& text, const PlanContext& context) {
  const std::uint32_t decimals = context.settings.value_decimals;
  const ScaledDecimal cost = scaled(*parse_decimal_text(text), decimals);
  if (cost.floor != cost.ceiling) {
    return Status::invalid_argument(
        fmt::format("ltv: cost: per_user: must have as many decimals as amounts of this store at "
                    "most, which is {}, found {}",
                    decimals, quoted_excerpt(text)));
  }
  if (cost.floor > std::numeric_limits<Amount>::max()) {
    return Status::invalid_argument(fmt::format(
        "ltv: cost: per_user: must be at most the largest amount of this store, {}, "
        "found {}",
        std::get<std::string>(decimal_cell(std::numeric_limits<Amount>::max(), decimals)),
        quoted_excerpt(text)));
  }
  return cost.floor;
}

Result<LtvCost> resolve_cost(const LtvQuery& ask, const Query& query, const PlanContext& context) {
  LtvCost cost;
  cost.is_asked = ask.cost.has_value();
  if (!ask.cost) return cost;
  cost.is_of_events = std::holds_alternative<LtvQuery::CostOfEvents>(*ask.cost);
  if (const auto* const all = std::get_if<LtvQuery::CostPerUser>(&*ask.cost)) {
    ROLLCALL_ASSIGN_OR_RETURN(cost.per_user, resolve_cost(all->amount, context));
  }
  const auto* const by_value = std::get_if<LtvQuery::CostByValue>(&*ask.cost);
  if (by_value == nullptr) return cost;
  if (query.common.breakdown.empty()) {
    return Status::invalid_argument(
        "ltv: cost: per_user: an amount for each value needs a breakdown, which has the values "
        "(allowed: one amount for all users, such as \"1.80\")");
  }
  // What is left of the values has the name under which it is shown.
  const bool is_value =
      context.value != nullptr && context.value->test == PropertyCondition::Test::kAnyOf;
  const std::string_view label = is_value ? context.value->values[0] : kOtherName;
  for (const auto& [value, amount] : by_value->amounts) {
    ROLLCALL_ASSIGN_OR_RETURN(const AmountSum of_value, resolve_cost(amount, context));
    if (value == label) cost.per_user = of_value;
  }
  return cost;
}

}  // namespace

PlanResult plan_ltv(const LtvQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(LtvEvents events, resolve_events(ask, query, context));
  ROLLCALL_ASSIGN_OR_RETURN(const LtvCost cost, resolve_cost(ask, query, context));
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope periods,
                            resolve_periods("ltv", query, context, ask.period));
  auto plan =
      std::make_unique<LtvPlan>(query, context, std::move(periods), std::move(events), cost);
  ROLLCALL_RETURN_IF_ERROR(plan->lay_out(query, context));
  return PlanResult(std::move(plan));
}

}  // namespace rollcall
