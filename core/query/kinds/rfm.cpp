// RFM counts users by recency, frequency and monetary value: in segments, or by scores.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/rfm_plan.h"
#include "core/query/kinds/rfm_rules.h"

namespace rollcall {
namespace {

using By = RfmQuery::By;

constexpr std::array<Spelling<By>, 2> kRfmByNames = {
    {{"segment", By::kSegment}, {"cell", By::kCell}}};

// Each row is a cell; the tallies of a row are next to each other.
class RfmTablePlan final : public RfmPlan {
 public:
  RfmTablePlan(std::shared_ptr<const RfmParts> parts, By by, RfmScales scales)
      : RfmPlan(*parts), parts_(std::move(parts)), by_(by), scales_(scales) {}

  std::size_t cell_count() const override {
    if (!parts_->has_rows) return 0;
    return by_ == By::kCell ? RfmSegments::kCells : segments_.names().size();
  }
  bool has_amounts() const override { return true; }
  std::size_t tally_count() const override { return kTallies * cell_count(); }
  std::size_t distribution_count() const override { return parts_->has_means() ? cell_count() : 0; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override {
    if (column != "users") return {};
    return {row};
  }

 private:
  enum Tally : std::size_t { kRecency, kFrequency, kTallies };

  void write_identity(ByteWriter& writer) const override;
  void count(ChunkSets& sets, CellSink& sink) const override;
  Cell mean_monetary(std::size_t row, const Partial& counts) const;

  const std::shared_ptr<const RfmParts> parts_;
  const By by_;
  const RfmScales scales_;
  const RfmSegments segments_{parts_->rules};
};

void RfmTablePlan::write_identity(ByteWriter& writer) const {
  writer.text("scores");
  write_scales(scales_, writer);
}

void RfmTablePlan::count(ChunkSets& sets, CellSink& sink) const {
  if (parts_->days.empty()) return;
  const RfmMeasures found = measure(*parts_, sets, /*with_ever=*/false);
  struct Sums {
    std::uint64_t recency = 0, frequency = 0;
    AmountSum amount = 0;
  };
  std::vector<Sums> sums(cell_count());
  const std::int32_t last_day = timeframe_.last_day.value;
  const WholeScale by_last_day(scales_.last_day), by_frequency(scales_.frequency),
      by_monetary(scales_.monetary);
  for (std::size_t place = 0; place < found.last_days.size(); ++place) {
    if (found.last_days[place] == kNeverLast) continue;
    const std::uint64_t frequency = found.frequencies[place];
    const Fraction monetary = parts_->monetary_of(found, place);
    const std::size_t r = by_last_day.score_of(found.last_days[place]);
    const std::size_t f = by_frequency.score_of(static_cast<AmountSum>(frequency));
    const std::size_t m = monetary.of == 1 ? by_monetary.score_of(monetary.number)
                                           : scales_.monetary.score_of(monetary);
    const std::size_t row =
        by_ == By::kCell ? RfmSegments::cell_of(r, f, m) : segments_.segment_of(r, f, m);
    sink.add_user(row, static_cast<std::uint32_t>(place));
    sums[row].recency += static_cast<std::uint64_t>(last_day - found.last_days[place]);
    sums[row].frequency += frequency;
    sums[row].amount += found.amounts[place];
    if (parts_->has_means() && found.valued_events[place] > 0) {
      sink.add_number(row, found.amounts[place], found.valued_events[place], 1);
    }
  }
  for (std::size_t row = 0; row < sums.size(); ++row) {
    sink.add_tally(kTallies * row + kRecency, sums[row].recency);
    sink.add_tally(kTallies * row + kFrequency, sums[row].frequency);
    sink.add_amount(row, sums[row].amount);
  }
}

Cell RfmTablePlan::mean_monetary(std::size_t row, const Partial& counts) const {
  if (!parts_->has_means()) {
    return quotient_cell(counts.amounts[row], parts_->decimals, counts.cells[row],
                         parts_->is_complete);
  }
  // Means of as many events are added up exactly.
  std::map<std::uint64_t, AmountSum> sums;
  std::uint64_t users = 0;
  counts.distributions[row].for_each([&](const Fraction& mean, std::uint64_t user_count) {
    sums[mean.of] += mean.number * static_cast<AmountSum>(user_count);
    users += user_count;
  });
  if (users == 0 || !parts_->is_complete) return {};
  QuotientMean mean;
  for (const auto& [of, sum] : sums) mean.add(sum, scale_of(parts_->decimals) * of);
  return mean.over(users);
}

QueryResult RfmTablePlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  const std::uint64_t all =
      std::accumulate(counts.cells.begin(), counts.cells.end(), std::uint64_t{0});
  const bool complete = parts_->is_complete;
  for (std::size_t row = 0; row < cell_count(); ++row) {
    const std::uint64_t users = counts.cells[row];
    std::vector<Cell> cells;
    if (by_ == By::kCell) {
      for (const std::size_t score : {row / 25, row / 5 % 5, row % 5}) {
        cells.emplace_back(static_cast<std::int64_t>(score + 1));
      }
    } else {
      cells.emplace_back(segments_.names()[row]);
    }
    cells.push_back(count_cell(users));
    cells.push_back(ratio_cell(users, all, complete));
    cells.push_back(ratio_cell(counts.tallies[kTallies * row + kRecency], users, complete));
    cells.push_back(ratio_cell(counts.tallies[kTallies * row + kFrequency], users, complete));
    cells.push_back(mean_monetary(row, counts));
    cells.push_back(decimal_cell(counts.amounts[row], parts_->decimals));
    cells.emplace_back(complete);
    add_row_of(result, std::move(cells));
  }
  return result;
}

PlanResult plan(const RfmQuery& ask, const Query& query, const PlanContext& context) {
  auto parts = std::make_shared<RfmParts>();
  parts->query = query;
  parts->rules = ask;
  parts->scope.kind = "rfm";
  const bool by_cell = ask.by == By::kCell;
  if (by_cell) {
    parts->columns = {{"r", ColumnType::kInt}, {"f", ColumnType::kInt}, {"m", ColumnType::kInt}};
    parts->pivot = Pivot{
        .rows = {"r", "m"}, .column = "f", .cells = "users", .is_usual = true, .is_shaded = true};
  } else {
    parts->columns = {{"segment", ColumnType::kString}};
    parts->pivot = Pivot{.rows = {"segment"}, .cells = "users", .rate = "share"};
  }
  const std::vector<Column> measures = {
      {"users", ColumnType::kCount},         {"share", ColumnType::kRatio},
      {"mean_recency", ColumnType::kRatio},  {"mean_frequency", ColumnType::kRatio},
      {"mean_monetary", ColumnType::kRatio}, {"value", ColumnType::kDecimal},
      {"complete", ColumnType::kBool}};
  parts->columns.insert(parts->columns.end(), measures.begin(), measures.end());
  parts->notes = {"share is that of all users with an event in the range"};
  parts->make_answer = [by = ask.by](std::shared_ptr<const RfmParts> shared, RfmScales scales) {
    return std::make_unique<RfmTablePlan>(std::move(shared), by, scales);
  };
  return make_rfm_plan(std::move(parts), context);
}

// --- The row. ---

constexpr QueryField kRfmFields[] = {kEventField,
                                     kRfmFrequencyField,
                                     kRfmMonetaryField,
                                     kRfmScoresField,
                                     field_of_word("by", "Rows by segment, or by the three scores",
                                                   "\"segment\"", kWordsOf<kRfmByNames>),
                                     kRfmSegmentsField};

Status parse(const QueryObject& object, RfmQuery& ask) {
  FieldReaders fields = rfm_rule_readers(ask);
  fields.push_back(word_field("by", kRfmByNames, ask.by));
  return object.read(std::move(fields));
}

JsonFields write(const RfmQuery& ask) {
  JsonFields fields = rfm_rule_fields(ask);
  fields.emplace_back("by", word(kRfmByNames, ask.by));
  if (ask.by == By::kSegment) fields.emplace_back("segments", rfm_segments_json(ask));
  return fields;
}

Status check(const RfmQuery& ask) {
  if (ask.by == By::kCell && ask.segments != RfmRules::usual_segments()) {
    return Status::invalid_argument("segments: do not go with by \"cell\"");
  }
  return check_rfm_rules(ask);
}

std::string describe(const RfmQuery& ask) {
  return fmt::format(
      "{} The rows are {}: how many users each has, their share, the means of what they are "
      "scored by, and the sum of their values.",
      describe_rfm_rules(ask),
      ask.by == By::kSegment ? "segments by these scores" : "the combinations of scores");
}

Period by_day(const RfmQuery&) { return Period::kDay; }

}  // namespace

const KindRow<RfmQuery>& row_of(std::type_identity<RfmQuery>) {
  static constexpr std::string_view kExamples[] = {R"({"kind": "rfm", "event": "purchase"})"};
  static constexpr KindRow<RfmQuery> kRow = {
      .kind = {.name = "rfm",
               .summary = "Users by recency, frequency and monetary value",
               .fields = kRfmFields,
               .examples = kExamples,
               .chart = "users"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = by_day,
      .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
