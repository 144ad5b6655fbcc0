// Finds what the users of audiences did after they were contacted, or could have been.
//
// The pages of the audiences tell who is in which class and arm of each run. The sets of the days
// of a horizon tell who of them came back in it, or else a walk through their history does. Cells
// hold what a horizon adds to the one before, and users who were in an earlier run have cells of
// their own, so that rows of one run, of all runs and of all classes are sums of cells.
#include "core/query/kinds/response_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "core/query/kinds/response_days.h"
#include "core/query/plan/audience_reads.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sets/set_users.h"
#include "core/query/text/decimal_text.h"
#include "core/statistics/rates.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::array<std::string_view, 2> kArms = {"contacted", "holdout"};

// Is a run whose time has begun by as_of.
struct ResponseRun {
  std::string name;
  TimeUs begin = 0;  // of the horizons
  std::shared_ptr<const AudienceRead> read;
  std::vector<std::size_t> classes;  // of the question, by class of the audience
  std::size_t horizons_over = 0;     // so many of the horizons are over at as_of
};

struct ResponseParts {
  Scope scope;
  std::vector<ResponseRun> runs;     // by their beginnings
  std::vector<std::string> classes;  // of any run
  StepSelectors selectors;
  std::uint32_t returned_bit = 0;
  std::uint32_t value_bit = 0;
  std::uint32_t converted_bit = 0;   // 0: not asked for
  std::uint32_t contact_bit = 0;     // the same
  std::optional<ResponseDays> days;  // unset: the history tells what the users did
  std::uint32_t value_decimals = 0;
  std::vector<std::string> notes;
};

class ResponsePlan final : public TablePlan {
 public:
  ResponsePlan(const ResponseQuery& ask, const Query& query, const PlanContext& context,
               ResponseParts parts);

  std::size_t cell_count() const override {
    return parts_.runs.size() * parts_.classes.size() * kArms.size() * 2 * cells_per_part();
  }
  bool has_amounts() const override { return true; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }
  std::vector<std::size_t> cells_of_row(const std::vector<Cell>& cells, std::size_t row,
                                        std::string_view column) const override;

 private:
  // The first cell of a part is of its users. Each horizon has these, whose amounts are those of
  // kReturned.
  enum Measure : std::size_t { kReached, kReturned, kConverted, kMeasures };
  static_assert(kMeasures == ResponseDays::kMeasures);

  // Is what a row counts. Runs and classes that are unset are all of them.
  struct Row {
    std::optional<std::size_t> run;
    std::optional<std::size_t> of_class;
    std::size_t arm = 0;
    std::size_t horizon = 0;
  };
  struct Sums {
    std::uint64_t users = 0, reached = 0, returned = 0, converted = 0;
    AmountSum value = 0;
  };

  // Is a user of a run, in a list of all runs that the user is in.
  struct Entry {
    std::uint32_t next;  // place in the list of entries + 1; 0: none
    std::uint32_t run;
    std::uint32_t class_and_arm;
  };
  struct Members {
    std::vector<std::uint32_t> first;  // by place in the chunk: as Entry::next
    std::vector<Entry> entries;
  };

  std::size_t cells_per_part() const { return 1 + ask_.horizons.size() * kMeasures; }
  // Returns the first cell of the users of a run, a class and an arm; either of those who were in
  // no earlier run, or of the others.
  std::size_t part_cell(std::size_t run, std::size_t class_and_arm, bool is_again) const {
    const std::size_t in_run = class_and_arm * 2 + (is_again ? 1 : 0);
    return (run * parts_.classes.size() * kArms.size() * 2 + in_run) * cells_per_part();
  }
  static std::size_t cell_of(std::size_t part, std::size_t horizon, Measure measure) {
    return part + 1 + horizon * kMeasures + measure;
  }

  void write_identity(ByteWriter& writer) const override {
    for (const ResponseRun& run : parts_.runs) writer.zigzag(run.begin);
    for (const std::string& name : parts_.classes) writer.text(name);
  }

  void count(ChunkSets& sets, CellSink& sink) const override;
  // Finds who is in the runs, and adds them to `everybody`.
  Members find_members(ChunkSets& sets, MutableSet& everybody) const;
  void count_days(ChunkSets& sets, const Members& members, CellSink& sink) const;
  void add_user(const StepEvents& seen, std::span<const StepEvent> events, const Entry& entry,
                bool is_again, std::uint32_t place, CellSink& sink) const;

  bool has_run_column() const { return ask_.runs.size() > 1 || !ask_.runs.front().name.empty(); }
  bool is_complete(const Row& row) const {
    return parts_.runs[row.run.value_or(0)].horizons_over > row.horizon;
  }
  // Calls use(part) with the first cell of each part that a row counts.
  template <class Use>
  void for_each_part(const Row& row, Use use) const;
  template <class Use>
  void for_each_row(Use use) const;
  Sums sums_of(const Row& row, const Partial& counts) const;
  std::optional<AmountSum> cost_of(const Row& row, const Sums& sums) const;
  void add_uplift(const Sums& contacted, const Sums& holdout, std::optional<AmountSum> cost,
                  std::vector<Cell>& cells) const;
  std::vector<Cell> cells_of(const Row& row, const Partial& counts) const;

  const ResponseQuery ask_;
  const ResponseParts parts_;
  std::optional<AmountSum> cost_;  // of a contact, scaled
  std::uint32_t cost_decimals_ = 0;
};

ResponsePlan::ResponsePlan(const ResponseQuery& ask, const Query& query, const PlanContext& context,
                           ResponseParts parts)
    : TablePlan(query, std::move(parts.scope)), ask_(ask), parts_(std::move(parts)) {
  if (!ask.cost_per_contact.empty()) {
    const DecimalText cost = *parse_decimal_text(ask_.cost_per_contact);
    cost_decimals_ = static_cast<std::uint32_t>(cost.fraction.size());
    cost_ = scaled(cost, cost_decimals_).floor;
  }
  for (const ResponseRun& run : parts_.runs) reads_.audiences.push_back(run.read);
  if (!parts_.runs.empty()) {
    if (parts_.days) {
      parts_.days->add_reads(timeframe_.data, reads_);
    } else {
      reads_.read_history(context.zone.day_of(parts_.runs.front().begin),
                          "horizons begin at an instant");
    }
  }
  define(fields_of(query), context, nullptr, parts_.notes);
  if (has_run_column()) result_.columns.push_back({"run", ColumnType::kString});
  const std::vector<Column> columns = {{"class", ColumnType::kString},
                                       {"arm", ColumnType::kString},
                                       {"horizon", ColumnType::kInt},
                                       {"users", ColumnType::kCount},
                                       {"reached", ColumnType::kCount},
                                       {"returned", ColumnType::kCount},
                                       {"return_rate", ColumnType::kRatio},
                                       {"converted", ColumnType::kCount},
                                       {"conversion_rate", ColumnType::kRatio},
                                       {"value", ColumnType::kDecimal},
                                       {"value_per_user", ColumnType::kRatio},
                                       {"cost", ColumnType::kDecimal},
                                       {"cost_per_returned", ColumnType::kRatio},
                                       {"uplift", ColumnType::kRatio},
                                       {"low", ColumnType::kRatio},
                                       {"high", ColumnType::kRatio},
                                       {"p", ColumnType::kRatio},
                                       {"cost_per_extra", ColumnType::kRatio},
                                       {"complete", ColumnType::kBool}};
  result_.columns.insert(result_.columns.end(), columns.begin(), columns.end());
}

// --- Counting. ---

// Runs are looked at from the last to the first, so that the list of each user begins with the
// first one.
ResponsePlan::Members ResponsePlan::find_members(ChunkSets& sets, MutableSet& everybody) const {
  Members members;
  members.first.resize(sets.chunk().word_count() * 64);
  for (std::size_t run = parts_.runs.size(); run-- > 0;) {
    const ResponseRun& of_run = parts_.runs[run];
    sets.chunk().each_set(*of_run.read, [&](std::size_t set, BitSpan users) {
      const std::size_t class_and_arm = of_run.classes[set / 2] * kArms.size() + set % 2;
      everybody.add(users);
      each_user(users, [&](std::uint32_t place) {
        if (sets.limit() && !has_user(*sets.limit(), place)) return;
        members.entries.push_back({members.first[place], static_cast<std::uint32_t>(run),
                                   static_cast<std::uint32_t>(class_and_arm)});
        members.first[place] = static_cast<std::uint32_t>(members.entries.size());
      });
    });
  }
  return members;
}

void ResponsePlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_.runs.empty()) return;
  QuestionMemory memory(account());
  // No user is twice in a run.
  memory.take(
      sets.chunk().word_count() * 64 * (sizeof(std::uint32_t) + parts_.runs.size() * sizeof(Entry)),
      QuestionNeed::kSets);
  MutableSet everybody = sets.make_set();
  everybody.clear();
  const Members members = find_members(sets, everybody);
  if (members.entries.empty()) return;
  if (parts_.days) return count_days(sets, members, sink);
  const auto for_each_run = [&](std::uint32_t place, auto use) {
    std::uint32_t entry = members.first[place];
    for (bool is_again = false; entry != 0; is_again = true) {
      const Entry& of_run = members.entries[entry - 1];
      use(of_run, is_again);
      entry = of_run.next;
    }
  };
  for (std::uint32_t place = 0; place < members.first.size(); ++place) {
    for_each_run(place, [&](const Entry& entry, bool is_again) {
      sink.add_user(part_cell(entry.run, entry.class_and_arm, is_again), place);
    });
  }
  if (sets.limit()) everybody.keep(*sets.limit());
  sets.limit_to(everybody.span());
  StepEvents seen(parts_.selectors, account());
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::span<const StepEvent> events = seen.of_user(cursor);
                          if (events.empty()) return;
                          for_each_run(place, [&](const Entry& entry, bool is_again) {
                            add_user(seen, events, entry, is_again, place, sink);
                          });
                        });
}

void ResponsePlan::count_days(ChunkSets& sets, const Members& members, CellSink& sink) const {
  MutableSet earlier = sets.make_set(), users = sets.make_set();  // who are in an earlier run
  earlier.clear();
  const std::size_t mark = sets.arena().mark();
  for (std::size_t run = 0; run < parts_.runs.size(); ++run) {
    const ResponseRun& of_run = parts_.runs[run];
    const std::vector<BitSpan> first = parts_.days->first_users(sets, run);
    sets.chunk().each_set(*of_run.read, [&](std::size_t set, BitSpan all) {
      const std::size_t class_and_arm = of_run.classes[set / 2] * kArms.size() + set % 2;
      for (const bool is_again : {false, true}) {
        users.assign(all);
        if (sets.limit()) users.keep(*sets.limit());
        if (is_again) {
          users.keep(earlier.span());
        } else {
          users.remove(earlier.span());
        }
        const std::size_t part = part_cell(run, class_and_arm, is_again);
        sink.add(part, users.span());
        for (std::size_t i = 0; i < first.size(); ++i) {
          sink.add_and(part + 1 + i, users.span(), first[i]);
        }
      }
      earlier.add(all);
    });
    sets.arena().give_back_to(mark);
    parts_.days->each_amount(sets, run, [&](std::size_t horizon, const UserAmount& of_user) {
      std::uint32_t entry = members.first[of_user.place];
      for (bool is_again = false; entry != 0; is_again = true) {
        const Entry& of_user_run = members.entries[entry - 1];
        if (of_user_run.run == run) {
          const std::size_t part = part_cell(run, of_user_run.class_and_arm, is_again);
          sink.add_amount(cell_of(part, horizon, kReturned), of_user.amount);
        }
        entry = of_user_run.next;
      }
    });
  }
}

void ResponsePlan::add_user(const StepEvents& seen, std::span<const StepEvent> events,
                            const Entry& entry, bool is_again, std::uint32_t place,
                            CellSink& sink) const {
  const TimeUs begin = parts_.runs[entry.run].begin;
  const std::size_t part = part_cell(entry.run, entry.class_and_arm, is_again);
  const std::array<std::uint32_t, kMeasures> bits = {parts_.contact_bit, parts_.returned_bit,
                                                     parts_.converted_bit};
  std::uint32_t found = 0;  // bits
  std::size_t horizon = 0;
  const auto first = std::ranges::lower_bound(events, begin, {}, &StepEvent::time);
  for (auto i = static_cast<std::size_t>(first - events.begin()); i < events.size(); ++i) {
    const StepEvent& event = events[i];
    while (event.time >= begin + ask_.horizons[horizon] * kUsPerDay) {
      if (++horizon == ask_.horizons.size()) return;
    }
    for (std::size_t measure = 0; measure < kMeasures; ++measure) {
      if ((event.steps & ~found & bits[measure]) == 0) continue;
      sink.add_user(cell_of(part, horizon, static_cast<Measure>(measure)), place);
    }
    found |= event.steps;
    if ((event.steps & parts_.value_bit) == 0 || seen.amount_of(i) == 0) continue;
    sink.add_amount(cell_of(part, horizon, kReturned), seen.amount_of(i));
  }
}

// --- The table. ---

template <class Use>
void ResponsePlan::for_each_part(const Row& row, Use use) const {
  // Later runs are over later. As long as the horizon of no run is over, all of them count so far.
  std::size_t first = row.run.value_or(0);
  std::size_t last = first;
  if (!row.run) {
    while (last + 1 < parts_.runs.size() &&
           (!is_complete(row) || parts_.runs[last + 1].horizons_over > row.horizon)) {
      ++last;
    }
  }
  const std::size_t first_class = row.of_class.value_or(0);
  const std::size_t last_class = row.of_class.value_or(parts_.classes.size() - 1);
  for (std::size_t run = first; run <= last; ++run) {
    for (std::size_t of_class = first_class; of_class <= last_class; ++of_class) {
      const std::size_t class_and_arm = of_class * kArms.size() + row.arm;
      use(part_cell(run, class_and_arm, /*is_again=*/false));
      if (row.run) use(part_cell(run, class_and_arm, /*is_again=*/true));
    }
  }
}

// The rest alone is no class.
template <class Use>
void ResponsePlan::for_each_row(Use use) const {
  const std::size_t class_count = parts_.classes.size() == 1 ? 0 : parts_.classes.size();
  const std::size_t run_count = parts_.runs.size();
  for (std::size_t run = 0; run < run_count + (has_run_column() ? 1 : 0); ++run) {
    for (std::size_t of_class = 0; of_class <= class_count; ++of_class) {
      for (std::size_t arm = 0; arm < kArms.size(); ++arm) {
        for (std::size_t horizon = 0; horizon < ask_.horizons.size(); ++horizon) {
          Row row;
          row.arm = arm;
          row.horizon = horizon;
          if (run < run_count) row.run = run;
          if (of_class < class_count) row.of_class = of_class;
          use(row);
        }
      }
    }
  }
}

ResponsePlan::Sums ResponsePlan::sums_of(const Row& row, const Partial& counts) const {
  Sums sums;
  for_each_part(row, [&](std::size_t part) {
    sums.users += counts.cells[part];
    for (std::size_t horizon = 0; horizon <= row.horizon; ++horizon) {
      sums.reached += counts.cells[cell_of(part, horizon, kReached)];
      sums.returned += counts.cells[cell_of(part, horizon, kReturned)];
      sums.converted += counts.cells[cell_of(part, horizon, kConverted)];
      sums.value += counts.amounts[cell_of(part, horizon, kReturned)];
    }
  });
  return sums;
}

// Without an event of contact, all who were to be contacted count as contacted, and nobody else.
std::optional<AmountSum> ResponsePlan::cost_of(const Row& row, const Sums& sums) const {
  if (!cost_) return std::nullopt;
  const std::uint64_t contacts = ask_.contact ? sums.reached : row.arm == 0 ? sums.users : 0;
  return *cost_ * AmountSum{contacts};
}

void ResponsePlan::add_uplift(const Sums& contacted, const Sums& holdout,
                              std::optional<AmountSum> cost, std::vector<Cell>& cells) const {
  const auto rate_of = [&](const Sums& sums) {
    return RateCounts{ask_.converted ? sums.converted : sums.returned, sums.users};
  };
  const auto cell_of_number = [](const std::optional<double>& number) {
    return number ? Cell(*number) : Cell(std::monostate{});
  };
  const RateCounts rate = rate_of(contacted);
  const RateCounts base = rate_of(holdout);
  const std::optional<double> uplift = rate_difference(rate, base);
  cells.push_back(cell_of_number(uplift));
  const std::optional<Interval> interval = newcombe_interval(rate, base);
  cells.push_back(interval ? Cell(interval->low) : Cell(std::monostate{}));
  cells.push_back(interval ? Cell(interval->high) : Cell(std::monostate{}));
  const std::optional<TestResult> test = two_proportion_z(rate, base);
  cells.push_back(test ? Cell(test->p) : Cell(std::monostate{}));
  const bool has_extra = cost && uplift && *uplift > 0;
  cells.push_back(has_extra ? Cell(nearest_quotient(*cost, scale_of(cost_decimals_)) /
                                   (*uplift * static_cast<double>(rate.users)))
                            : Cell(std::monostate{}));
}

std::vector<Cell> ResponsePlan::cells_of(const Row& row, const Partial& counts) const {
  const bool complete = is_complete(row);
  const Sums sums = sums_of(row, counts);
  const std::optional<AmountSum> cost = cost_of(row, sums);
  const Cell null = std::monostate{};
  std::vector<Cell> cells;
  if (has_run_column()) cells.push_back(row.run ? Cell(parts_.runs[*row.run].name) : null);
  cells.push_back(row.of_class ? Cell(parts_.classes[*row.of_class]) : null);
  cells.emplace_back(std::string(kArms[row.arm]));
  cells.emplace_back(std::int64_t{ask_.horizons[row.horizon]});
  cells.push_back(count_cell(sums.users));
  cells.push_back(ask_.contact ? count_cell(sums.reached) : null);
  cells.push_back(count_cell(sums.returned));
  cells.push_back(ratio_cell(sums.returned, sums.users, complete));
  cells.push_back(ask_.converted ? count_cell(sums.converted) : null);
  cells.push_back(ask_.converted ? ratio_cell(sums.converted, sums.users, complete) : null);
  cells.push_back(decimal_cell(sums.value, parts_.value_decimals));
  cells.push_back(quotient_cell(sums.value, parts_.value_decimals, sums.users, complete));
  cells.push_back(cost ? decimal_cell(*cost, cost_decimals_) : null);
  cells.push_back(cost ? quotient_cell(*cost, cost_decimals_, sums.returned, complete) : null);
  if (row.arm == 0 && complete) {
    Row other = row;
    other.arm = 1;
    add_uplift(sums, sums_of(other, counts), cost, cells);
  } else {
    cells.resize(cells.size() + 5);
  }
  cells.emplace_back(complete);
  return cells;
}

QueryResult ResponsePlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (parts_.runs.empty()) return result;
  for_each_row([&](const Row& row) { add_row_of(result, cells_of(row, counts)); });
  return result;
}

std::vector<std::size_t> ResponsePlan::cells_of_row(const std::vector<Cell>&, std::size_t number,
                                                    std::string_view column) const {
  std::optional<Row> wanted;
  std::size_t at = 0;
  for_each_row([&](const Row& row) {
    if (at++ == number) wanted = row;
  });
  std::vector<std::size_t> cells;
  const auto add = [&](Measure measure) {
    for_each_part(*wanted, [&](std::size_t part) {
      for (std::size_t horizon = 0; horizon <= wanted->horizon; ++horizon) {
        cells.push_back(cell_of(part, horizon, measure));
      }
    });
  };
  if (column == "users") {
    for_each_part(*wanted, [&](std::size_t part) { cells.push_back(part); });
  } else if (column == "reached" && ask_.contact) {
    add(kReached);
  } else if (column == "returned") {
    add(kReturned);
  } else if (column == "converted" && ask_.converted) {
    add(kConverted);
  }
  return cells;
}

// --- Planning. ---

std::vector<std::string> notes_of(const ResponseQuery& ask) {
  std::vector<std::string> notes = {
      "the time of every user begins after the second of the run's instant, in both arms; a "
      "horizon is so many times 24 hours from there, its end included",
      "both arms count whole, as they were drawn, whoever was reached",
      "uplift is the rate of the contacted minus that of the holdout: of conversion_rate if there "
      "is converted, else of return_rate; the interval is of 95 %, by Newcombe; the test is the "
      "two-proportion z, pooled; p is two-sided",
      "nothing is adjusted for many comparisons, or for looking often",
      "a row is complete when its horizon is over at as_of"};
  if (ask.runs.size() > 1) {
    notes.emplace_back(
        "rows without a run count each user in their first run; at each horizon they are of the "
        "runs for which it is over or, as long as there are none, of all");
  }
  if (!ask.cost_per_contact.empty() && !ask.contact) {
    notes.emplace_back("without contact, cost is that of all who were to be contacted");
  }
  return notes;
}

Status add_selector(std::string_view field, const Selector& selector, const Query& query,
                    const PlanContext& context, ResponseParts& parts, std::uint32_t& bit) {
  ROLLCALL_ASSIGN_OR_RETURN(
      EventSelector resolved,
      resolve_event_selector(field, selector, conditions_of(query, context), context.catalog));
  for (const std::string& note : resolved.notes) {
    if (std::ranges::find(parts.notes, note) == parts.notes.end()) parts.notes.push_back(note);
  }
  const auto same = std::ranges::find(parts.selectors.steps, resolved);
  bit = 1U << (same - parts.selectors.steps.begin());
  if (same == parts.selectors.steps.end()) parts.selectors.steps.push_back(std::move(resolved));
  return {};
}

// Adds a run, and those of its classes that no run before it has.
Status add_run(const ResponseQuery& ask, const ResponseQuery::Run& asked,
               const PlanContext& context, TimeUs seen_end, ResponseParts& parts) {
  std::vector<std::string> campaigns;
  std::vector<std::string> runs;
  const Audience* found = nullptr;
  for (const auto& [name, audience] : audiences_of(context)) {
    if (campaigns.empty() || campaigns.back() != name.campaign) campaigns.push_back(name.campaign);
    if (name.campaign != ask.campaign) continue;
    runs.push_back(name.run);
    if (name.run == asked.name) found = &audience;
  }
  if (runs.empty()) {
    return Status::invalid_argument("response: " +
                                    unknown_name("campaign", ask.campaign, campaigns));
  }
  if (found == nullptr) {
    return Status::invalid_argument("response: runs: " + unknown_name("run", asked.name, runs));
  }
  QueryCommon as_of;
  as_of.as_of = asked.at;
  ROLLCALL_ASSIGN_OR_RETURN(
      const Timeframe timeframe,
      resolve_timeframe(fmt::format("response: runs: {}", quoted_excerpt(asked.name)), as_of,
                        context));
  ResponseRun run;
  run.name = asked.name;
  run.begin = timeframe.as_of_time + kUsPerSecond;
  if (timeframe.as_of.empty() || run.begin > seen_end) return {};
  for (const std::int32_t horizon : ask.horizons) {
    if (run.begin + horizon * kUsPerDay <= seen_end) ++run.horizons_over;
  }
  for (const AudienceInfo::Class& of_run : found->classes) {
    const auto known = std::ranges::find(parts.classes, of_run.name);
    run.classes.push_back(static_cast<std::size_t>(known - parts.classes.begin()));
    if (known == parts.classes.end()) parts.classes.push_back(of_run.name);
  }
  std::vector<std::size_t> sets(found->set_count());
  std::iota(sets.begin(), sets.end(), std::size_t{0});
  run.read = read_of(*found, std::move(sets), context);
  parts.runs.push_back(std::move(run));
  return {};
}

// Returns nothing if only the history tells what the users did.
std::optional<ResponseDays> find_days(const ResponseQuery& ask, const PlanContext& context,
                                      const ResponseParts& parts) {
  if (context.events->takes_all()) return {};
  ResponseDays::Measured measured;
  std::size_t measure = 0;
  for (const std::uint32_t bit : {parts.contact_bit, parts.returned_bit, parts.converted_bit}) {
    SeriesUnion& events = measured[measure++];
    if (bit == 0) continue;
    const auto step = static_cast<std::size_t>(std::countr_zero(bit));
    std::optional<SeriesUnion> found = series_of(parts.selectors.steps[step], context.catalog);
    if (!found) return {};
    events = *std::move(found);
  }
  const auto value_step = static_cast<std::size_t>(std::countr_zero(parts.value_bit));
  const std::optional<SeriesUnion> valued =
      series_of(parts.selectors.steps[value_step], context.catalog);
  if (!valued) return {};
  ResponseDays days(std::move(measured), counted_series(*valued, context.catalog));
  for (const ResponseRun& run : parts.runs) {
    if (!days.add_run(run.begin, ask.horizons, parts.selectors.end, context.zone)) return {};
  }
  return days;
}

}  // namespace

PlanResult plan_response(const ResponseQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("response", context));
  ResponseParts parts;
  ROLLCALL_ASSIGN_OR_RETURN(parts.scope, resolve_scope("response", query, context));
  parts.notes = notes_of(ask);
  const auto add = [&](std::string_view field, const Selector& selector, std::uint32_t& bit) {
    return add_selector(field, selector, query, context, parts, bit);
  };
  ROLLCALL_RETURN_IF_ERROR(add("response: returned", ask.returned, parts.returned_bit));
  ROLLCALL_RETURN_IF_ERROR(add("response", Selector(), parts.value_bit));
  if (ask.converted) {
    ROLLCALL_RETURN_IF_ERROR(add("response: converted", *ask.converted, parts.converted_bit));
  }
  if (ask.contact) {
    ROLLCALL_RETURN_IF_ERROR(add("response: contact", *ask.contact, parts.contact_bit));
  }
  const TimeUs seen_end = parts.scope.timeframe.as_of_time + kUsPerSecond;
  for (const ResponseQuery::Run& run : ask.runs) {
    ROLLCALL_RETURN_IF_ERROR(add_run(ask, run, context, seen_end, parts));
  }
  std::ranges::stable_sort(parts.runs, {}, &ResponseRun::begin);
  // The rest comes after the classes, those that only a later run has too.
  std::vector<std::size_t> place(parts.classes.size());
  std::size_t next = 0;
  std::vector<std::string> classes;
  for (const bool is_rest : {false, true}) {
    for (std::size_t i = 0; i < place.size(); ++i) {
      if ((parts.classes[i] == AudienceRequest::kRest) != is_rest) continue;
      place[i] = next++;
      classes.push_back(parts.classes[i]);
    }
  }
  parts.classes = std::move(classes);
  for (ResponseRun& run : parts.runs) {
    for (std::size_t& of_run : run.classes) of_run = place[of_run];
  }
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("response", parts.runs.size() * parts.classes.size() * kArms.size() * 2,
                       1 + ask.horizons.size() * 3));
  parts.selectors.tells_amounts = true;
  parts.value_decimals = context.settings.value_decimals;
  if (!parts.runs.empty()) parts.selectors.begin = parts.runs.front().begin;
  parts.selectors.end = seen_end;
  parts.days = find_days(ask, context, parts);
  return PlanResult(std::make_unique<ResponsePlan>(ask, query, context, std::move(parts)));
}

}  // namespace rollcall
