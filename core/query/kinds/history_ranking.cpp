#include "core/query/kinds/history_ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include "core/base/sort_unique.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/step_events.h"

namespace rollcall {
namespace {

class HistoryRankingPlan final : public TablePlan {
 public:
  // `cells` has the cell of each value, by number of the catalog. If `is_of_texts`, the values are
  // those of a kept property, and there are no cells.
  HistoryRankingPlan(const Query& query, const PlanContext& context, Scope scope,
                     StepSelectors selectors, std::vector<std::string> labels,
                     std::vector<std::uint32_t> cells, bool is_of_texts)
      : TablePlan(query, std::move(scope)),
        selectors_(std::move(selectors)),
        labels_(std::move(labels)),
        cells_(std::move(cells)),
        is_of_texts_(is_of_texts) {
    if (selectors_.begin < selectors_.end) {
      reads_.read_history(context.zone.day_of(selectors_.begin),
                          "the values of a breakdown are ranked by the events that count");
    }
    define(fields_of(query), context, nullptr, {});
  }

  std::size_t cell_count() const override { return cells_.size(); }
  QueryResult finish(const Partial&) const override { return result_; }
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }
  bool has_texts() const override { return is_of_texts_; }

 private:
  void write_identity(ByteWriter& writer) const override {
    writer.text("ranking of history");
    writer.zigzag(selectors_.begin);
    writer.zigzag(selectors_.end);
    for (const std::string& label : labels_) writer.text(label);
  }
  void count(ChunkSets& sets, CellSink& sink) const override;

  const StepSelectors selectors_;
  const std::vector<std::string> labels_;
  const std::vector<std::uint32_t> cells_;
  const bool is_of_texts_;
};

void HistoryRankingPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (selectors_.begin >= selectors_.end) return;
  StepEvents seen(selectors_, account());
  std::vector<std::uint32_t> cells;  // of a user, or the numbers of their texts
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::size_t count = seen.of_user(cursor).size();
                          cells.clear();
                          for (std::size_t i = 0; i < count; ++i) {
                            const std::uint32_t value = seen.value_of(i, 0);
                            cells.push_back(is_of_texts_ ? value : cells_[value]);
                          }
                          sort_unique(cells);
                          for (const std::uint32_t cell : cells) {
                            if (is_of_texts_) {
                              sink.add_text(seen.text_of(cell));
                            } else {
                              sink.add_user(cell, place);
                            }
                          }
                        });
}

}  // namespace

Result<Ranking> make_history_ranking(const Query& query, const PlanContext& context,
                                     std::optional<InstantRange> range) {
  const std::string_view kind = kind_of(query);
  StepSelectors selectors;
  ROLLCALL_ASSIGN_OR_RETURN(
      EventSelector events,
      resolve_event_selector(fmt::format("{}: breakdown", kind), ranked_event(query),
                             conditions_of(query, context), context.catalog));
  selectors.steps.push_back(std::move(events));
  const std::uint32_t property = *property_number(query.common.breakdown, context.catalog);
  selectors.told.push_back(property);
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope(kind, query, context));
  if (range) {
    selectors.begin = range->begin;
    selectors.end = std::min(range->end, scope.timeframe.as_of_time + kUsPerSecond);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(const EventRange own,
                              resolve_event_range(kind, query.common, context, scope.timeframe));
    selectors.begin = own.begin;
    selectors.end = own.end;
  }

  Ranking ranking;
  if (property >= context.catalog.dimensions().size()) {
    ranking.plan = std::make_unique<HistoryRankingPlan>(
        query, context, std::move(scope), std::move(selectors), std::vector<std::string>(),
        std::vector<std::uint32_t>(), /*is_of_texts=*/true);
    return ranking;
  }
  const std::vector<std::string>& known = context.catalog.values(property).values();
  std::vector<std::uint32_t> order(known.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](std::uint32_t code) -> const std::string& { return known[code]; });
  std::vector<std::uint32_t> cells(known.size());
  for (const std::uint32_t code : order) {
    cells[code] = static_cast<std::uint32_t>(ranking.values.size());
    ranking.values.push_back(known[code]);
  }
  ranking.plan = std::make_unique<HistoryRankingPlan>(
      query, context, std::move(scope), std::move(selectors), ranking.values, std::move(cells),
      /*is_of_texts=*/false);
  return ranking;
}

}  // namespace rollcall
