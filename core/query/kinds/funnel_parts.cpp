#include "core/query/kinds/funnel_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "core/query/plan/table_plan.h"
#include "core/query/text/explanation.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

Result<FunnelRange> resolve_funnel_range(const Query& query, const FunnelQuery& ask,
                                         const PlanContext& context, const Timeframe& timeframe) {
  ROLLCALL_ASSIGN_OR_RETURN(
      const RangeEnds ends,
      resolve_ends("funnel", query.common, context, timeframe, context.first_day_of_history()));
  FunnelRange range;
  if (context.days.empty() || !ends.from || !ends.to) return range;
  range.from = *ends.from;
  range.to = *ends.to;
  const Day last_begun = std::min(range.to.day, timeframe.last_day);
  if (last_begun < range.from.day || timeframe.as_of_time + kUsPerSecond <= range.from.time) {
    return range;
  }
  range.rows = 1;
  if (!ask.period) return range;
  const Calendar calendar(*ask.period, context.settings.week_start);
  range.first_row = calendar.index_of(range.from.day);
  range.rows = static_cast<std::size_t>(calendar.index_of(last_begun) - range.first_row) + 1;
  return range;
}

bool is_kept(std::uint32_t property, const SeriesCatalog& catalog) {
  return property >= catalog.dimensions().size();
}

std::vector<std::uint32_t> ranks_of(const std::vector<std::string>& values) {
  std::vector<std::uint32_t> order(values.size()), ranks(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](std::uint32_t code) -> const std::string& { return values[code]; });
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

// Each value is a label of its own; `labels` ascend and have them all, and the empty value.
FunnelValues ranked_values(const BoundedDictionary& known, std::span<const std::string> labels) {
  FunnelValues values;
  values.ranks = ranks_of(known.values());
  const auto label_of = [&](const std::string& value) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(labels, value) - labels.begin());
  };
  for (const std::string& value : known.values()) values.labels.push_back(label_of(value));
  values.label_of_none = label_of("");
  values.ranked.assign(labels.begin(), labels.end());
  values.is_ranking = true;
  return values;
}

// `row` is the condition of a row; null: all values are ranked.
FunnelValues values_of_texts(const PropertyCondition* row) {
  FunnelValues values;
  values.is_of_texts = true;
  values.is_ranking = row == nullptr;
  if (row != nullptr) values.conditions.push_back(*row);
  return values;
}

// Takes the values for which `condition`, which is that of a row of a breakdown, holds.
FunnelValues values_of_row(const BoundedDictionary& known, const PropertyCondition& condition) {
  FunnelValues values;
  values.ranks = ranks_of(known.values());
  const std::set<std::string_view> listed(condition.values.begin(), condition.values.end());
  const bool is_any_of = condition.test == PropertyCondition::Test::kAnyOf;
  const auto label_of = [&](std::string_view value) {
    return listed.contains(value) == is_any_of ? 0 : FunnelValues::kNoLabel;
  };
  for (const std::string& value : known.values()) values.labels.push_back(label_of(value));
  values.label_of_none = label_of("");
  return values;
}

Status add_event(const std::string& field, const Selector& selector, const Query& query,
                 const PlanContext& context, FunnelParts& parts, std::vector<EventSelector>& to) {
  // The value of a breakdown binds attempts, and not events.
  ROLLCALL_ASSIGN_OR_RETURN(
      EventSelector resolved,
      resolve_event_selector(field, selector, query.common.where, context.catalog));
  for (const std::string& note : resolved.notes) {
    if (std::ranges::find(parts.notes, note) == parts.notes.end()) parts.notes.push_back(note);
  }
  to.push_back(std::move(resolved));
  return {};
}

Status add_events(const FunnelQuery& ask, const Query& query, const PlanContext& context,
                  FunnelParts& parts) {
  for (std::size_t i = 0; i < ask.steps.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(add_event(fmt::format("funnel: steps[{}]", i), ask.steps[i], query,
                                       context, parts, parts.selectors.steps));
  }
  for (std::size_t i = 0; i < ask.exclusions.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(add_event(fmt::format("funnel: exclusions[{}]: event", i),
                                       ask.exclusions[i].event, query, context, parts,
                                       parts.selectors.exclusions));
  }
  if (ask.order != FunnelQuery::Order::kStrict) return {};
  std::vector<EventSelector> between;
  ROLLCALL_RETURN_IF_ERROR(add_event("funnel: where", Selector(), query, context, parts, between));
  parts.between = std::make_unique<const EventSelector>(std::move(between.front()));
  return {};
}

Status add_held_property(const std::string& name, const SeriesCatalog& catalog,
                         FunnelParts& parts) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t property,
                            find_funnel_property("hold", name, catalog));
  const bool has_codes = !is_kept(property, catalog);
  if (has_codes && catalog.values(property).overflowed()) {
    return Status::invalid_argument(
               fmt::format("funnel: hold: cannot be answered exactly: {} has more values than the "
                           "{} that the store keeps, and those counted as \"{}\" are not known to "
                           "be the same; raise dimension_values_max when the store is made",
                           excerpt(name), catalog.values(property).values().size() - 1, kOtherName))
        .with_hint(Option::kDimensionValuesMax);
  }
  parts.hold = parts.selectors.told.size();
  parts.selectors.told.push_back(property);
  constexpr ValueCode kNoCode = std::numeric_limits<ValueCode>::max();
  parts.no_value = has_codes ? catalog.values(property).find("").value_or(kNoCode) : ValueCode{0};
  return {};
}

Status add_values(const std::string& breakdown, const PlanContext& context,
                  const std::span<const std::string>* ranked, FunnelParts& parts) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t property,
                            find_funnel_property("breakdown", breakdown, context.catalog));
  if (is_kept(property, context.catalog)) {
    parts.values = values_of_texts(ranked != nullptr ? nullptr : context.value);
  } else {
    const BoundedDictionary& known = context.catalog.values(property);
    if (known.overflowed()) parts.notes.push_back(note_of_other_values(breakdown));
    parts.values =
        ranked != nullptr ? ranked_values(known, *ranked) : values_of_row(known, *context.value);
  }
  parts.values->place = parts.selectors.told.size();
  parts.selectors.told.push_back(property);
  return {};
}

}  // namespace

Result<std::uint32_t> find_funnel_property(std::string_view field, const std::string& name,
                                           const SeriesCatalog& catalog) {
  if (const auto number = property_number(name, catalog)) return *number;
  return unknown_property(fmt::format("funnel: {}", field), name, catalog);
}

Result<FunnelParts> resolve_funnel(const FunnelQuery& ask, const Query& query,
                                   const PlanContext& context, const Timeframe& timeframe,
                                   const std::span<const std::string>* ranked) {
  FunnelParts parts;
  ROLLCALL_RETURN_IF_ERROR(add_events(ask, query, context, parts));
  if (!ask.hold.empty()) {
    ROLLCALL_RETURN_IF_ERROR(add_held_property(ask.hold, context.catalog, parts));
  }
  if (!query.common.breakdown.empty()) {
    ROLLCALL_RETURN_IF_ERROR(add_values(query.common.breakdown, context, ranked, parts));
  }
  ROLLCALL_ASSIGN_OR_RETURN(parts.range, resolve_funnel_range(query, ask, context, timeframe));
  if (ask.period && ranked == nullptr) {
    parts.calendar.emplace(*ask.period, context.settings.week_start);
  }
  ROLLCALL_RETURN_IF_ERROR(
      check_cell_count("funnel", parts.range.rows, ask.steps.size() * (ask.total_seconds ? 3 : 2)));
  if (parts.range.rows == 0) return parts;
  parts.selectors.begin = parts.range.from.time;
  const TimeUs seen_end = timeframe.as_of_time + kUsPerSecond;
  parts.range_end = std::min(parts.range.to.time + 1, seen_end);
  parts.selectors.end = ask.steps_after_to ? seen_end : parts.range_end;
  return parts;
}

}  // namespace rollcall
