#include "core/query/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/query/query_names.h"

namespace rollcall {

TablePlan::TablePlan(const Query& query, Timeframe timeframe) : timeframe_(std::move(timeframe)) {
  result_.kind = kind_of(query);
  result_.as_of = timeframe_.as_of;
}

void TablePlan::count(const ChunkSource& chunk, CellSink& sink) const {
  SetArenaPool::Lease lease(arenas_);
  ChunkSets sets(chunk, lease.arena(), timeframe_.data);
  count(sets, sink);
}

void TablePlan::read_presence(const SeriesUnion& events, DayRange days) {
  const DayRange read = {std::max(days.first, timeframe_.data.first),
                         std::min(days.last, timeframe_.data.last)};
  if (!read.empty()) reads_.presence.push_back({events.series, read});
}

void TablePlan::define(const Query& in_force, const PlanContext& context, const PeriodRange* range,
                       std::vector<std::string> notes) {
  JsonFields fields = fields_of(in_force);
  if (range != nullptr) {
    fields.emplace_back("from", range->from ? quote(to_string(*range->from)) : "null");
    fields.emplace_back("to", range->to ? quote(to_string(*range->to)) : "null");
  }
  const bool monday = context.settings.week_start == WeekStart::kMonday;
  fields.emplace_back("timezone", quote(context.settings.time_zone));
  fields.emplace_back("week_start", quote(monday ? "monday" : "sunday"));
  for (std::string& note : notes) note = quote(note);
  fields.emplace_back("notes", fmt::format("[{}]", fmt::join(notes, ", ")));
  result_.definition = std::move(fields);
}

Cell ratio_cell(std::uint64_t users, std::uint64_t size, bool complete) {
  if (size == 0 || !complete) return std::monostate{};
  return static_cast<double>(users) / static_cast<double>(size);
}

}  // namespace rollcall
