// Compares variants of an experiment.
//
// A walk through the history finds the exposures of each user and what follows the first of them.
// Users who are exposed count for their variant, or as in two variants, or as not ready yet. Where
// the variants are segments, these are evaluated first, and the history tells what follows only.
#include "core/query/kinds/compare_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/sort_unique.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/step_events.h"
#include "core/query/text/compare_json.h"
#include "core/statistics/chi_square.h"
#include "core/statistics/means.h"
#include "core/statistics/random_splits.h"
#include "core/statistics/rates.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Metric = CompareQuery::Metric;

constexpr std::string_view kSampleRatio = "sample_ratio";
// Below this, an assignment is not what it was to be.
constexpr double kSuspectP = 0.001;
constexpr std::uint32_t kNoVariant = std::numeric_limits<std::uint32_t>::max();

bool is_rate(const Metric& metric) {
  return metric.kind == Metric::Kind::kActive || metric.kind == Metric::Kind::kConversion;
}

// Is what the plans of a question share.
struct CompareParts {
  CompareParts(const Query& asked, const PlanContext& context)
      : query(asked), ask(std::get<CompareQuery>(asked.ask)), zone(context.zone) {}

  bool has_segments() const { return !ask.variants.empty(); }
  // Returns the place of the outcome in StepSelectors::steps; the exposure is the first, if any.
  std::uint32_t outcome_bit() const { return has_segments() ? 1 : 2; }

  const Query query;
  const CompareQuery ask;
  const TimeZone& zone;
  Scope scope;
  StepSelectors selectors;
  EventRange range;
  // Whether only users of the first variant matter, and the other one stands for all others. A
  // segment asks so, which cannot wait for the events to tell which variants there are.
  bool is_of_one = false;
  bool is_of_texts = false;          // whether the variants are values of a kept property
  std::vector<std::string> codes;    // of a declared property: the values by number
  std::vector<SegmentSet> segments;  // by variant
  std::uint32_t value_decimals = 0;  // of the amounts that are summed up
  QueryResult heading;
};

// Says when the outcomes of a user count: in [begin, end). It is not over if `end` is not known.
struct OutcomeTime {
  TimeUs begin = 0;
  TimeUs end = 0;
  bool is_over = false;
};

OutcomeTime outcome_time(const CompareParts& parts, TimeUs exposed) {
  const Metric& metric = parts.ask.metric;
  const TimeUs seen_end = parts.range.seen_end;
  OutcomeTime time;
  if (metric.kind == Metric::Kind::kActive) {
    const Day day = parts.zone.day_of(exposed);
    time.begin = std::max(exposed, parts.zone.start_of(day + metric.from_day));
    time.end = parts.zone.start_of(day + metric.to_day + 1);
    time.is_over = time.end <= seen_end;
  } else {
    time.begin = exposed;
    time.is_over = elapsed(exposed, seen_end - 1) >= static_cast<std::uint64_t>(metric.within.us);
    if (time.is_over) time.end = exposed + metric.within.us + 1;
  }
  return time;
}

class ComparePlan final : public TablePlan {
 public:
  // Begins the table. Without `variants`, the plan finds out which there are.
  ComparePlan(const PlanContext& context, std::shared_ptr<CompareParts> parts,
              std::optional<std::vector<std::string>> variants, std::vector<std::string> notes);
  // Goes on with the table of a plan that has found the variants.
  ComparePlan(std::shared_ptr<const CompareParts> parts, std::vector<std::string> variants);

  std::size_t cell_count() const override { return variants_.size() * kCellsOfVariant; }
  bool has_amounts() const override { return !is_rate(parts_->ask.metric); }
  bool has_texts() const override { return finds_variants_; }
  std::size_t outcome_list_count() const override { return parts_->ask.aa ? variants_.size() : 0; }
  void free_scratch() const override {
    TablePlan::free_scratch();
    for (const SegmentSet& segment : parts_->segments) segment.free_scratch();
  }
  std::unique_ptr<Plan> next(const Partial& counts) const override;
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }
  std::vector<std::size_t> cells_of_row(const std::vector<Cell>& cells, std::size_t row,
                                        std::string_view column) const override;

 private:
  // These are the cells of a variant, one after the other. The amount of the first cell is the sum
  // of what is measured, those of the others are the digits of the sum of its squares.
  enum CellOf : std::size_t { kUsers, kExcluded, kImmature, kHits, kCellsOfVariant = 5 };
  static_assert(kCellsOfVariant == 1 + SampleSums::kSquareDigits);
  static std::size_t cell_of(std::size_t variant, CellOf cell) {
    return variant * kCellsOfVariant + cell;
  }

  void add_reads();
  void number_variants();
  void write_identity(ByteWriter& writer) const override {
    writer.text(finds_variants_ ? "variants" : "users");
    for (const std::string& variant : variants_) writer.text(variant);
  }

  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_exposed(ChunkSets& sets, CellSink& sink) const;
  void count_segments(ChunkSets& sets, CellSink& sink) const;
  void find_variants(ChunkSets& sets, CellSink& sink) const;
  std::uint32_t variant_at(const StepEvents& seen, std::size_t event) const;
  // Returns what is measured of the user in that time: 1 or 0 for a rate.
  AmountSum measure(const StepEvents& seen, std::span<const StepEvent> events,
                    const OutcomeTime& time) const;
  // Adds what is measured of a user of the variant.
  void add_outcome(AmountSum measured, std::size_t variant, std::uint32_t place,
                   CellSink& sink) const;

  bool is_shown(std::size_t variant, const Partial& counts) const;
  RateCounts rate_of(std::size_t variant, const Partial& counts) const;
  SampleSums sample_of(std::size_t variant, const Partial& counts) const;
  void add_rate(RateCounts rate, const RateCounts* control, std::vector<Cell>& cells) const;
  void add_mean(const SampleSums& sample, const SampleSums* control,
                std::vector<Cell>& cells) const;
  // Returns the share of random splits whose difference is as large as that of both, or larger.
  Cell splits_cell(std::size_t variant, std::size_t control, const Partial& counts) const;
  void add_sample_ratio(std::span<const std::size_t> shown, const Partial& counts,
                        QueryResult& result) const;

  const std::shared_ptr<const CompareParts> parts_;
  const bool finds_variants_;
  const std::vector<std::string> variants_;
  std::vector<std::uint32_t> of_codes_;                         // the variant of each value
  std::map<std::string, std::uint32_t, std::less<>> of_texts_;  // of a kept property
};

ComparePlan::ComparePlan(const PlanContext& context, std::shared_ptr<CompareParts> parts,
                         std::optional<std::vector<std::string>> variants,
                         std::vector<std::string> notes)
    : TablePlan(parts->query, parts->scope),
      parts_(parts),
      finds_variants_(!variants),
      variants_(std::move(variants).value_or(std::vector<std::string>())) {
  add_reads();
  number_variants();
  const EventRange& range = parts->range;
  JsonFields fields = fields_of(parts->query);
  fields.emplace_back("from", range.from ? quote(to_string(*range.from)) : "null");
  if (!parts->has_segments()) {
    fields.emplace_back("to", range.to ? quote(to_string(*range.to)) : "null");
  }
  define(std::move(fields), context, nullptr, std::move(notes));
  const std::string measured = is_rate(parts->ask.metric) ? "rate" : "mean";
  result_.columns = {
      {"variant", ColumnType::kString},        {"users", ColumnType::kCount},
      {"excluded", ColumnType::kCount},        {"immature", ColumnType::kCount},
      {measured, ColumnType::kRatio},          {"low_" + measured, ColumnType::kRatio},
      {"high_" + measured, ColumnType::kRatio}};
  for (const std::string_view name : {"difference", "low", "high", "statistic", "p"}) {
    result_.columns.push_back({std::string(name), ColumnType::kRatio});
  }
  if (parts->ask.aa) result_.columns.push_back({"aa", ColumnType::kRatio});
  parts->heading = result_;
}

ComparePlan::ComparePlan(std::shared_ptr<const CompareParts> parts,
                         std::vector<std::string> variants)
    : TablePlan(parts->query, parts->scope),
      parts_(std::move(parts)),
      finds_variants_(false),
      variants_(std::move(variants)) {
  add_reads();
  number_variants();
  result_ = parts_->heading;
}

void ComparePlan::add_reads() {
  if (parts_->range.empty()) return;
  reads_.read_history(*parts_->range.from,
                      "everything of a user counts from the instant of their exposure on");
  for (const SegmentSet& segment : parts_->segments) segment.add_reads(reads_);
}

void ComparePlan::number_variants() {
  for (std::uint32_t variant = 0; variant < variants_.size(); ++variant) {
    of_texts_.emplace(variants_[variant], variant);
  }
  for (const std::string& value : parts_->codes) {
    const auto found = of_texts_.find(value);
    of_codes_.push_back(found == of_texts_.end() ? kNoVariant : found->second);
  }
}

std::unique_ptr<Plan> ComparePlan::next(const Partial& counts) const {
  if (!finds_variants_) return nullptr;
  std::vector<std::string> variants;
  for (const auto& [text, users] : counts.texts) {
    if (!text.empty()) variants.push_back(text);
  }
  return std::make_unique<ComparePlan>(parts_, std::move(variants));
}

void ComparePlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_->range.empty()) return;
  if (finds_variants_) {
    find_variants(sets, sink);
  } else if (parts_->has_segments()) {
    count_segments(sets, sink);
  } else {
    count_exposed(sets, sink);
  }
}

void ComparePlan::find_variants(ChunkSets& sets, CellSink& sink) const {
  StepEvents seen(parts_->selectors, account());
  std::vector<ValueCode> values;
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t) {
                          const std::span<const StepEvent> events = seen.from_first_step(cursor);
                          values.clear();
                          for (std::size_t i = 0; i < events.size(); ++i) {
                            const bool is_exposure =
                                (events[i].steps & 1) != 0 && events[i].time < parts_->range.end;
                            if (is_exposure) values.push_back(seen.value_of(i, 0));
                          }
                          sort_unique(values);
                          for (const ValueCode value : values) sink.add_text(seen.text_of(value));
                        });
}

std::uint32_t ComparePlan::variant_at(const StepEvents& seen, std::size_t event) const {
  const ValueCode value = seen.value_of(event, 0);
  if (!parts_->is_of_texts) return of_codes_[value];
  const std::string_view text = seen.text_of(value);
  if (parts_->is_of_one) return text.empty() ? kNoVariant : text == variants_.front() ? 0 : 1;
  const auto found = of_texts_.find(text);
  return found == of_texts_.end() ? kNoVariant : found->second;
}

void ComparePlan::count_exposed(ChunkSets& sets, CellSink& sink) const {
  StepEvents seen(parts_->selectors, account());
  std::vector<std::uint32_t> variants;  // of the user
  const auto add_user = [&](std::span<const StepEvent> events, std::uint32_t place) {
    variants.clear();
    std::size_t first = events.size();
    for (std::size_t i = 0; i < events.size() && events[i].time < parts_->range.end; ++i) {
      if ((events[i].steps & 1) == 0) continue;
      const std::uint32_t variant = variant_at(seen, i);
      if (variant == kNoVariant) continue;
      first = std::min(first, i);
      if (std::ranges::find(variants, variant) == variants.end()) variants.push_back(variant);
    }
    if (variants.empty()) return;
    if (variants.size() > 1) {
      for (const std::uint32_t variant : variants)
        sink.add_user(cell_of(variant, kExcluded), place);
      return;
    }
    const OutcomeTime time = outcome_time(*parts_, events[first].time);
    sink.add_user(cell_of(variants[0], time.is_over ? kUsers : kImmature), place);
    if (time.is_over) add_outcome(measure(seen, events, time), variants[0], place, sink);
  };
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::span<const StepEvent> events = seen.from_first_step(cursor);
                          if (!events.empty()) add_user(events, place);
                        });
}

void ComparePlan::count_segments(ChunkSets& sets, CellSink& sink) const {
  std::vector<MutableSet> members;  // of each variant
  for (const SegmentSet& segment : parts_->segments) {
    members.push_back(sets.make_set());
    members.back().clear();
    const std::size_t mark = sets.arena().mark();
    members.back().assign(segment.evaluate(sets));
    if (sets.limit()) members.back().keep(*sets.limit());
    sets.arena().give_back_to(mark);
  }
  MutableSet any = sets.make_set(), several = sets.make_set(), again = sets.make_set();
  any.clear();
  several.clear();
  for (const MutableSet& of_variant : members) {
    again.assign(any.span());
    again.keep(of_variant.span());
    several.add(again.span());
    any.add(of_variant.span());
  }
  const OutcomeTime time = outcome_time(*parts_, parts_->range.begin);
  for (std::size_t variant = 0; variant < members.size(); ++variant) {
    sink.add_and(cell_of(variant, kExcluded), members[variant].span(), several.span());
    members[variant].remove(several.span());
    sink.add(cell_of(variant, time.is_over ? kUsers : kImmature), members[variant].span());
  }
  if (!time.is_over) return;
  any.remove(several.span());
  sets.limit_to(any.span());
  std::vector<std::uint64_t> told(parts_->ask.aa ? kChunkWords : 0);  // with an outcome
  StepEvents seen(parts_->selectors, account());
  sets.for_each_history(
      [&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
      [&](UserCursor& cursor, std::uint32_t place) {
        const AmountSum measured = measure(seen, seen.of_user(cursor), time);
        if (measured == 0) return;
        const auto found = std::ranges::find_if(members, [&](const MutableSet& set) {
          const BitSpan span = set.span();
          return place / 64 < span.word_count && (span.words[place / 64] >> (place % 64) & 1) != 0;
        });
        add_outcome(measured, static_cast<std::size_t>(found - members.begin()), place, sink);
        if (parts_->ask.aa) told[place / 64] |= std::uint64_t{1} << (place % 64);
      });
  if (!parts_->ask.aa) return;
  for (std::size_t variant = 0; variant < members.size(); ++variant) {
    members[variant].remove({told.data(), told.size()});
    const BitSpan rest = members[variant].span();
    for (std::size_t i = 0; i < rest.word_count; ++i) {
      for (std::uint64_t bits = rest.words[i]; bits != 0; bits &= bits - 1) {
        const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
        add_outcome(0, variant, static_cast<std::uint32_t>(64 * i) + bit, sink);
      }
    }
  }
}

AmountSum ComparePlan::measure(const StepEvents& seen, std::span<const StepEvent> events,
                               const OutcomeTime& time) const {
  const Metric::Kind kind = parts_->ask.metric.kind;
  AmountSum measured = 0;
  const auto first = std::ranges::lower_bound(events, time.begin, {}, &StepEvent::time);
  for (auto i = static_cast<std::size_t>(first - events.begin());
       i < events.size() && events[i].time < time.end; ++i) {
    if ((events[i].steps & parts_->outcome_bit()) == 0) continue;
    if (!has_amounts()) return 1;
    measured += kind == Metric::Kind::kValue ? AmountSum{seen.amount_of(i)} : AmountSum{1};
  }
  return measured;
}

void ComparePlan::add_outcome(AmountSum measured, std::size_t variant, std::uint32_t place,
                              CellSink& sink) const {
  if (parts_->ask.aa) sink.add_outcome(variant, place, measured);
  if (measured == 0) return;
  if (!has_amounts()) return sink.add_user(cell_of(variant, kHits), place);
  SampleSums user;
  user.add(measured);
  const std::size_t cell = cell_of(variant, kUsers);
  sink.add_amount(cell, user.sum);
  for (std::size_t digit = 0; digit < user.squares.size(); ++digit) {
    if (user.squares[digit] != 0) sink.add_amount(cell + 1 + digit, user.squares[digit]);
  }
}

// --- The table. ---

Cell cell_of_number(const std::optional<double>& number) {
  return number ? Cell(*number) : Cell(std::monostate{});
}

void add_interval(const std::optional<Interval>& interval, std::vector<Cell>& cells) {
  cells.push_back(interval ? Cell(interval->low) : Cell(std::monostate{}));
  cells.push_back(interval ? Cell(interval->high) : Cell(std::monostate{}));
}

// A variant has a row if the question names it, or if a user of it was seen.
bool ComparePlan::is_shown(std::size_t variant, const Partial& counts) const {
  const bool is_named = !named_variants(parts_->ask).empty();
  if (is_named || variants_[variant] == parts_->ask.control) return true;
  return counts.cells[cell_of(variant, kUsers)] != 0 ||
         counts.cells[cell_of(variant, kExcluded)] != 0 ||
         counts.cells[cell_of(variant, kImmature)] != 0;
}

RateCounts ComparePlan::rate_of(std::size_t variant, const Partial& counts) const {
  return {.hits = counts.cells[cell_of(variant, kHits)],
          .users = counts.cells[cell_of(variant, kUsers)]};
}

SampleSums ComparePlan::sample_of(std::size_t variant, const Partial& counts) const {
  const std::size_t cell = cell_of(variant, kUsers);
  SampleSums sample;
  sample.users = counts.cells[cell];
  sample.sum = counts.amounts[cell];
  for (std::size_t digit = 0; digit < sample.squares.size(); ++digit) {
    sample.squares[digit] = counts.amounts[cell + 1 + digit];
  }
  return sample;
}

void ComparePlan::add_rate(RateCounts rate, const RateCounts* control,
                           std::vector<Cell>& cells) const {
  cells.push_back(ratio_cell(rate.hits, rate.users, /*complete=*/true));
  add_interval(wilson_interval(rate), cells);
  if (control == nullptr) return;
  cells.push_back(cell_of_number(rate_difference(rate, *control)));
  add_interval(newcombe_interval(rate, *control), cells);
  const std::optional<TestResult> test = two_proportion_z(rate, *control);
  cells.push_back(test ? Cell(test->statistic) : Cell(std::monostate{}));
  cells.push_back(test ? Cell(test->p) : Cell(std::monostate{}));
}

void ComparePlan::add_mean(const SampleSums& sample, const SampleSums* control,
                           std::vector<Cell>& cells) const {
  const std::uint32_t decimals = parts_->value_decimals;
  const auto scale = static_cast<double>(scale_of(decimals));
  cells.push_back(quotient_cell(sample.sum, decimals, sample.users, /*complete=*/true));
  add_interval(mean_interval(sample, scale), cells);
  if (control == nullptr) return;
  cells.push_back(cell_of_number(mean_difference(sample, *control, scale)));
  const std::optional<WelchResult> test = welch_t(sample, *control, scale);
  add_interval(test ? std::optional(test->difference) : std::nullopt, cells);
  cells.push_back(test ? Cell(test->statistic) : Cell(std::monostate{}));
  cells.push_back(test ? Cell(test->p) : Cell(std::monostate{}));
}

Cell ComparePlan::splits_cell(std::size_t variant, std::size_t control,
                              const Partial& counts) const {
  const auto group_of = [&](std::size_t list) {
    const UserOutcomes& users = counts.outcomes[list];
    return MeasuredGroup{users.without, users.with, users.values};
  };
  const auto rounds = static_cast<std::uint64_t>(*parts_->ask.aa);
  const std::uint64_t as_far =
      count_splits_as_far(group_of(control), group_of(variant), rounds,
                          static_cast<std::uint64_t>(parts_->ask.seed), [this] {
                            if (account() != nullptr) account()->check();
                          });
  return ratio_cell(as_far, rounds, /*complete=*/true);
}

void ComparePlan::add_sample_ratio(std::span<const std::size_t> shown, const Partial& counts,
                                   QueryResult& result) const {
  std::vector<std::uint64_t> users;
  std::vector<double> shares;
  for (const std::size_t variant : shown) {
    users.push_back(counts.cells[cell_of(variant, kUsers)] +
                    counts.cells[cell_of(variant, kImmature)]);
    const auto share =
        std::ranges::find(parts_->ask.split, variants_[variant], &CompareQuery::Share::variant);
    shares.push_back(share == parts_->ask.split.end() ? 1 : share->share);
  }
  const std::optional<TestResult> fit = chi_square_fit(users, shares);
  std::vector<Cell> cells(result.columns.size());
  cells.front() = std::string(kSampleRatio);
  if (fit) {
    const std::size_t end = cells.size() - (parts_->ask.aa ? 1 : 0);
    cells[end - 2] = fit->statistic;
    cells[end - 1] = fit->p;
  }
  add_row_of(result, std::move(cells));
  if (!fit || fit->p >= kSuspectP) return;
  const auto notes = std::ranges::find(result.definition, "notes", &JsonFields::value_type::first);
  notes->second.pop_back();
  notes->second += fmt::format(
      ", {}]", quote("the assignment is suspect: the numbers of users are far from the split"));
}

QueryResult ComparePlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (parts_->range.empty()) return result;
  std::vector<std::size_t> shown;
  std::optional<std::size_t> control;
  for (std::size_t variant = 0; variant < variants_.size(); ++variant) {
    if (!is_shown(variant, counts)) continue;
    shown.push_back(variant);
    const std::string& named = parts_->ask.control;
    const bool is_control = named.empty() ? shown.size() == 1 : variants_[variant] == named;
    if (is_control) control = variant;
  }
  for (const std::size_t variant : shown) {
    const bool is_compared = control && *control != variant;
    std::vector<Cell> cells = {variants_[variant],
                               count_cell(counts.cells[cell_of(variant, kUsers)]),
                               count_cell(counts.cells[cell_of(variant, kExcluded)]),
                               count_cell(counts.cells[cell_of(variant, kImmature)])};
    if (is_rate(parts_->ask.metric)) {
      const RateCounts base = control ? rate_of(*control, counts) : RateCounts();
      add_rate(rate_of(variant, counts), is_compared ? &base : nullptr, cells);
    } else {
      const SampleSums base = control ? sample_of(*control, counts) : SampleSums();
      add_mean(sample_of(variant, counts), is_compared ? &base : nullptr, cells);
    }
    // Where nothing can be tested, nothing can be told from splits either.
    const bool is_tested = is_compared && !std::holds_alternative<std::monostate>(cells.back());
    if (parts_->ask.aa && is_tested) cells.push_back(splits_cell(variant, *control, counts));
    cells.resize(result.columns.size());
    add_row_of(result, std::move(cells));
  }
  add_sample_ratio(shown, counts, result);
  return result;
}

std::vector<std::size_t> ComparePlan::cells_of_row(const std::vector<Cell>& cells, std::size_t,
                                                   std::string_view column) const {
  const auto found = std::ranges::find(variants_, std::get<std::string>(cells[0]));
  if (found == variants_.end()) return {};
  const auto variant = static_cast<std::size_t>(found - variants_.begin());
  if (column == "users") return {cell_of(variant, kUsers)};
  if (column == "excluded") return {cell_of(variant, kExcluded)};
  if (column == "immature") return {cell_of(variant, kImmature)};
  return {};
}

// --- Planning. ---

// A segment is not told what differences mean.
std::vector<std::string> notes_of(const CompareParts& parts, bool is_of_segment,
                                  std::vector<std::string> of_values) {
  std::vector<std::string> notes;
  if (parts.has_segments()) {
    notes.emplace_back(
        "the segments are as they stood before from; the time of every user begins with that day, "
        "which is day 0");
  } else {
    notes.emplace_back(
        "the first exposure of a user in the range counts, and everything from its instant on; an "
        "exposure without the property is none, unless values has the empty text");
  }
  const auto add_others = [&] {
    for (std::string& note : of_values) {
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
    }
    return notes;
  };
  if (is_of_segment) {
    notes.emplace_back("users in two variants are in neither of them");
    return add_others();
  }
  notes.emplace_back(
      "users in two variants are excluded from both, immature are those whose time is not over at "
      "as_of, and neither are among users");
  notes.emplace_back(is_rate(parts.ask.metric)
                         ? "intervals are of 95 %, by Wilson for a rate and by Newcombe for a "
                           "difference; the test is the two-proportion z, pooled; p is two-sided"
                         : "intervals are of 95 %, by Student's t for a mean and by Welch's for a "
                           "difference; the test is Welch's t; p is two-sided");
  if (parts.ask.aa) {
    notes.emplace_back(
        "aa is the share of random splits of variant and control taken together, in their own "
        "sizes, that differ by as much or more: what is natural fluctuation; splits go by the seed "
        "and the users' ids");
  }
  notes.emplace_back("nothing is adjusted for many comparisons, or for looking often");
  notes.emplace_back(
      "sample_ratio tests users and immature against the split by chi-square; with p below 0.001 "
      "the assignment is suspect");
  return add_others();
}

// Sets how the variant of an exposure is told. Returns the variants, or nothing if only the events
// tell which there are.
Result<std::optional<std::vector<std::string>>> resolve_variants(const PlanContext& context,
                                                                 CompareParts& parts) {
  const SeriesCatalog& catalog = context.catalog;
  const CompareQuery& ask = parts.ask;
  if (ask.variant.empty()) {
    return Status::invalid_argument(
        "compare: missing field \"variant\", the property that tells variants apart, or "
        "\"variants\", segments by name");
  }
  const std::optional<std::uint32_t> property = property_number(ask.variant, catalog);
  if (!property) {
    return unknown_property("compare: variant", ask.variant, catalog);
  }
  parts.selectors.told.push_back(*property);
  parts.is_of_texts = *property >= catalog.dimensions().size();
  if (parts.is_of_texts) {
    if (!ask.values.empty()) return std::optional(ask.values);
    const std::optional<Members>& members = parts.query.common.members;
    parts.is_of_one = context.nesting != nullptr && members && !members->where.empty();
    if (!parts.is_of_one) return std::optional<std::vector<std::string>>();
    return std::optional(std::vector<std::string>{members->where.front().second, ""});
  }
  const BoundedDictionary& known = catalog.values(*property);
  const bool are_known =
      !ask.values.empty() && std::ranges::all_of(ask.values, [&](const std::string& value) {
        return known.find(value).has_value();
      });
  if (known.overflowed() && !are_known) {
    return Status::invalid_argument(
               fmt::format("compare: variant: cannot be answered exactly: {} has more values than "
                           "the {} that the store keeps, and those counted as \"{}\" are not known "
                           "to be the same; raise dimension_values_max when the store is made",
                           excerpt(ask.variant), known.values().size() - 1, kOtherName))
        .with_hint(Option::kDimensionValuesMax);
  }
  parts.codes = known.values();
  if (!ask.values.empty()) return std::optional(ask.values);
  std::vector<std::string> variants = known.values();
  std::erase(variants, "");
  std::ranges::sort(variants);
  if (!ask.control.empty() && std::ranges::find(variants, ask.control) == variants.end()) {
    return Status::invalid_argument("compare: control: " +
                                    unknown_name("variant", ask.control, variants));
  }
  return std::optional(std::move(variants));
}

// Resolves segments as they stood before the first day of the range.
Status resolve_segments(const std::vector<PropertyCondition>& where, const PlanContext& context,
                        CompareParts& parts, std::vector<std::string>& notes) {
  const QueryCommon& common = parts.query.common;
  if (!common.from) {
    return Status::invalid_argument(
        "compare: missing field \"from\": segments are as they stood before that day");
  }
  if (common.to || common.last) {
    return Status::invalid_argument(
        "compare: variants: goes with \"from\" alone, and without \"to\" and \"last\"");
  }
  QueryCommon before = common;
  // Where nothing is counted, the segments are checked as of any day.
  if (!parts.range.empty()) before.as_of = *parts.range.from - 1;
  ROLLCALL_ASSIGN_OR_RETURN(const Timeframe timeframe,
                            resolve_timeframe("compare: variants", before, context));
  for (const std::string& variant : named_variants(parts.ask)) {
    const auto arm = std::ranges::find(parts.ask.variants, variant, &CompareQuery::Arm::variant);
    ROLLCALL_ASSIGN_OR_RETURN(
        SegmentSet segment,
        SegmentSet::resolve(fmt::format("compare: variants: {}", quoted_excerpt(variant)),
                            arm->segment, where, context, timeframe));
    segment.add_notes(notes);
    parts.segments.push_back(std::move(segment));
  }
  return {};
}

}  // namespace

PlanResult plan_compare(const CompareQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("compare", context));
  auto parts = std::make_shared<CompareParts>(query, context);
  ROLLCALL_ASSIGN_OR_RETURN(parts->scope, resolve_scope("compare", query, context));
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  std::vector<std::string> notes;
  const auto add = [&](std::string_view field, const Selector& selector) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector resolved,
                              resolve_event_selector(field, selector, where, context.catalog));
    for (const std::string& note : resolved.notes) {
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
    }
    parts->selectors.steps.push_back(std::move(resolved));
    return {};
  };
  if (!parts->has_segments()) ROLLCALL_RETURN_IF_ERROR(add("compare: exposure", ask.exposure));
  ROLLCALL_RETURN_IF_ERROR(ask.metric.kind == Metric::Kind::kActive
                               ? add("compare: event", ask.event)
                               : add("compare: metric", ask.metric.outcome));
  ROLLCALL_ASSIGN_OR_RETURN(
      parts->range, resolve_event_range("compare", query.common, context, parts->scope.timeframe));
  std::optional<std::vector<std::string>> variants;
  if (parts->has_segments()) {
    ROLLCALL_RETURN_IF_ERROR(resolve_segments(where, context, *parts, notes));
    variants = named_variants(ask);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(variants, resolve_variants(context, *parts));
  }
  if (ask.metric.kind == Metric::Kind::kValue) {
    parts->selectors.tells_amounts = true;
    parts->value_decimals = context.settings.value_decimals;
  }
  parts->selectors.begin = parts->range.begin;
  parts->selectors.end = parts->range.seen_end;
  notes = notes_of(*parts, context.nesting != nullptr, std::move(notes));
  return PlanResult(std::make_unique<ComparePlan>(context, std::move(parts), std::move(variants),
                                                  std::move(notes)));
}

}  // namespace rollcall
