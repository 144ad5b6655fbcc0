// Compares variants of an experiment.
//
// A walk through the history finds the exposures of each user and what follows the first of them.
// Users who are exposed count for their variant, or as in two variants, or as not ready yet. Where
// the variants are segments, these are evaluated first, and the history tells what follows only. If
// it does not matter when in a day something comes, sets of the users of days tell all of it
// (compare_days.h).
#include "core/query/kinds/compare_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/sort_unique.h"
#include "core/query/kinds/compare_days.h"
#include "core/query/kinds/compare_parts.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sets/set_users.h"
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

class ComparePlan final : public TablePlan {
 public:
  // Begins the table. Without `variants`, the plan finds out which there are.
  ComparePlan(const PlanContext& context, std::shared_ptr<CompareParts> parts);
  // Goes on with the table of a plan that has found the variants.
  ComparePlan(std::shared_ptr<const CompareParts> parts, std::vector<std::string> variants);

  std::size_t cell_count() const override { return variants_.size() * kCellsOfVariant; }
  bool has_amounts() const override { return !parts_->is_rate(); }
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
  void count_days(ChunkSets& sets, CellSink& sink) const;
  void count_segments(ChunkSets& sets, CellSink& sink) const;
  void find_variants(ChunkSets& sets, CellSink& sink) const;
  std::uint32_t variant_at(const StepEvents& seen, std::size_t event) const;
  // Returns what is measured of the user in that time: 1 or 0 for a rate.
  AmountSum measure(const StepEvents& seen, std::span<const StepEvent> events,
                    const OutcomeTime& time) const;
  // Adds users of the variant, of whom `hits` have the outcome.
  void add_hits(std::size_t variant, BitSpan users, BitSpan hits, CellSink& sink) const;
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

ComparePlan::ComparePlan(const PlanContext& context, std::shared_ptr<CompareParts> parts)
    : TablePlan(parts->query, parts->scope),
      parts_(parts),
      finds_variants_(!parts->variants),
      variants_(parts->variants.value_or(std::vector<std::string>())) {
  add_reads();
  number_variants();
  const EventRange& range = parts->range;
  JsonFields fields = fields_of(parts->query);
  fields.emplace_back("from", range.from ? quote(to_string(*range.from)) : "null");
  if (!parts->has_segments()) {
    fields.emplace_back("to", range.to ? quote(to_string(*range.to)) : "null");
  }
  define(std::move(fields), context, nullptr, parts->notes);
  const std::string measured = parts->is_rate() ? "rate" : "mean";
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
  if (parts_->days) {
    for (const CompareDays::Read& read : parts_->days->reads()) {
      read_presence(read.events, read.days);
    }
  } else {
    reads_.read_history(*parts_->range.from,
                        "everything of a user counts from the instant of their exposure on");
  }
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
  } else if (parts_->days) {
    count_days(sets, sink);
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

void ComparePlan::count_days(ChunkSets& sets, CellSink& sink) const {
  parts_->days->each_variant(sets, [&](std::size_t variant, const CompareDays::Users& found) {
    sink.add(cell_of(variant, kExcluded), found.excluded);
    sink.add(cell_of(variant, kImmature), found.immature);
    sink.add(cell_of(variant, kUsers), found.users);
    add_hits(variant, found.users, found.hits, sink);
  });
}

void ComparePlan::count_segments(ChunkSets& sets, CellSink& sink) const {
  std::vector<MutableSet> members;  // of each variant
  std::vector<BitSpan> spans;
  for (const SegmentSet& segment : parts_->segments) {
    members.push_back(sets.make_set());
    members.back().clear();
    const std::size_t mark = sets.arena().mark();
    members.back().assign(segment.evaluate(sets));
    if (sets.limit()) members.back().keep(*sets.limit());
    sets.arena().give_back_to(mark);
    spans.push_back(members.back().span());
  }
  const MutableSet several = in_several(sets, spans);
  const OutcomeTime time = outcome_time(*parts_, parts_->range.begin);
  MutableSet any = sets.make_set();
  any.clear();
  for (std::size_t variant = 0; variant < members.size(); ++variant) {
    sink.add_and(cell_of(variant, kExcluded), members[variant].span(), several.span());
    members[variant].remove(several.span());
    sink.add(cell_of(variant, time.is_over ? kUsers : kImmature), members[variant].span());
    any.add(members[variant].span());
  }
  if (!time.is_over) return;
  if (parts_->days) {
    const BitSpan hits = parts_->days->hits_after(sets, *parts_->range.from);
    for (std::size_t variant = 0; variant < members.size(); ++variant) {
      add_hits(variant, members[variant].span(), hits, sink);
    }
    return;
  }
  sets.limit_to(any.span());
  std::vector<std::uint64_t> told(parts_->ask.aa ? kChunkWords : 0);  // with an outcome
  StepEvents seen(parts_->selectors, account());
  sets.for_each_history(
      [&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
      [&](UserCursor& cursor, std::uint32_t place) {
        const AmountSum measured = measure(seen, seen.of_user(cursor), time);
        if (measured == 0) return;
        const auto found = std::ranges::find_if(
            members, [&](const MutableSet& set) { return has_user(set.span(), place); });
        add_outcome(measured, static_cast<std::size_t>(found - members.begin()), place, sink);
        if (parts_->ask.aa) told[place / 64] |= std::uint64_t{1} << (place % 64);
      });
  if (!parts_->ask.aa) return;
  for (std::size_t variant = 0; variant < members.size(); ++variant) {
    members[variant].remove({told.data(), told.size()});
    each_user(members[variant].span(),
              [&](std::uint32_t place) { add_outcome(0, variant, place, sink); });
  }
}

void ComparePlan::add_hits(std::size_t variant, BitSpan users, BitSpan hits, CellSink& sink) const {
  sink.add_and(cell_of(variant, kHits), users, hits);
  if (!parts_->ask.aa) return;
  each_user(users, [&](std::uint32_t place) {
    sink.add_outcome(variant, place, has_user(hits, place) ? 1 : 0);
  });
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
    if (parts_->is_rate()) {
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

}  // namespace

PlanResult plan_compare(const CompareQuery&, const Query& query, const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(std::shared_ptr<CompareParts> parts, resolve_compare(query, context));
  return PlanResult(std::make_unique<ComparePlan>(context, std::move(parts)));
}

}  // namespace rollcall
