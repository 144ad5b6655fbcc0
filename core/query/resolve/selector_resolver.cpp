#include "core/query/resolve/selector_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/resolve/value_test.h"
#include "core/query/text/decimal_text.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Test = PropertyCondition::Test;

// Tests that compare numbers call the amount of an event so.
constexpr std::string_view kAmountProperty = "value";

bool is_on_amounts(const PropertyCondition& condition) {
  return condition.property == kAmountProperty && is_number_test(condition.test);
}

Status fault(std::string_view field, const std::string& text) {
  return Status::invalid_argument(fmt::format("{}: {}", field, text));
}

// Returns the events whose name passes the selector.
Result<std::vector<EventCode>> matching_events(std::string_view field, const Selector& selector,
                                               const BoundedDictionary& events) {
  const std::vector<std::string>& known = events.values();
  for (const std::string& name : selector.names) {
    if (events.overflowed() && !events.find(name)) {
      return fault(field,
                   fmt::format("{}: cannot be answered exactly: there are more event names than "
                               "the {} that the store keeps, and it may be among those counted as "
                               "\"{}\"; ask for kept names, or raise event_names_max when the "
                               "store is made",
                               quoted_excerpt(name), known.size() - 1, kOtherName))
          .with_hint(Option::kEventNamesMax);
    }
    if (!known.empty() && !events.find(name)) {
      return fault(field, unknown_name("event", name, known));
    }
  }
  std::vector<EventCode> matching;
  for (EventCode code = 0; code < known.size(); ++code) {
    const bool named = std::find(selector.names.begin(), selector.names.end(), known[code]) !=
                       selector.names.end();
    const bool passes = selector.match == Selector::Names::kAny ||
                        named == (selector.match == Selector::Names::kAnyOf);
    if (passes) matching.push_back(code);
  }
  return matching;
}

// Returns the number of a property.
Result<std::uint32_t> find_property(std::string_view field, const std::string& name,
                                    const SeriesCatalog& catalog) {
  if (const auto number = property_number(name, catalog)) return *number;
  if (name == kAmountProperty) {
    return fault(field,
                 "where: value: the amount of an event is compared as a number (allowed: gt, gte, "
                 "lt, lte, eq)");
  }
  return unknown_property(fmt::format("{}: where", field), name, catalog);
}

// Returns the declared property that all conditions are about.
Result<std::uint32_t> find_dimension(std::string_view field,
                                     const std::vector<PropertyCondition>& where,
                                     const SeriesCatalog& catalog) {
  const std::vector<std::string>& dimensions = catalog.dimensions();
  const auto find = [&](const std::string& name) {
    return std::find(dimensions.begin(), dimensions.end(), name);
  };
  for (const PropertyCondition& condition : where) {
    if (is_on_amounts(condition)) {
      return fault(field,
                   "where: value: needs history, as aggregates do not tell the amount of a single "
                   "event (allowed: conditions on a declared property)");
    }
    ROLLCALL_RETURN_IF_ERROR(find_property(field, condition.property, catalog).status());
  }
  const std::string& property = where[0].property;
  for (const PropertyCondition& condition : where) {
    if (condition.property == property) continue;
    const std::string joined = property + "+" + condition.property;
    const std::string reversed = condition.property + "+" + property;
    for (const std::string& name : {joined, reversed}) {
      if (find(name) == dimensions.end()) continue;
      return fault(field, fmt::format("where: must be about one property, found {} and {}; "
                                      "ask for the dimension {}, which joins them",
                                      quoted_excerpt(property), quoted_excerpt(condition.property),
                                      quoted_excerpt(name)));
    }
    return fault(field, fmt::format("where: must be about one property, found {} and {}; to ask "
                                    "about both, declare the dimension {} when the store is made",
                                    quoted_excerpt(property), quoted_excerpt(condition.property),
                                    quoted_excerpt(joined)));
  }
  return static_cast<std::uint32_t>(find(property) - dimensions.begin());
}

// Says whether a condition holds for the values counted as "$other", of which is known only that
// they are not in the dictionary. The result is nothing if it holds for some and not for others.
// "$other" itself may be named, and is in the dictionary.
std::optional<bool> holds_for_other(const PropertyCondition& condition,
                                    const BoundedDictionary& values) {
  const auto is_known = [&](std::string_view value) { return values.find(value).has_value(); };
  switch (condition.test) {
    case Test::kAnyOf:
    case Test::kNoneOf:
      if (!std::all_of(condition.values.begin(), condition.values.end(), is_known)) return {};
      return holds(condition, kOtherName);
    case Test::kIsSet:
    case Test::kIsNotSet:
      if (!is_known("")) return {};
      return holds(condition, kOtherName);
    case Test::kContains:
    case Test::kMore:
    case Test::kAtLeast:
    case Test::kLess:
    case Test::kAtMost:
    case Test::kEquals:
      break;
  }
  return {};
}

// Returns the values for which all conditions hold.
Result<std::vector<ValueCode>> matching_values(std::string_view field,
                                               const std::vector<PropertyCondition>& where,
                                               const BoundedDictionary& values) {
  const ValueTest test(where);
  bool other_passes = true, other_is_known = true;
  for (const PropertyCondition& condition : where) {
    const auto passes = holds_for_other(condition, values);
    other_is_known = other_is_known && passes.has_value();
    other_passes = other_passes && passes.value_or(true);
  }
  if (values.overflowed() && other_passes && !other_is_known) {
    return fault(field,
                 fmt::format(
                     "where: {}: cannot be answered exactly: the property has more values than the "
                     "{} that the store keeps, and a value asked for may be among those counted as "
                     "\"{}\"; ask for kept values, or raise dimension_values_max when the store is "
                     "made",
                     excerpt(where[0].property), values.values().size() - 1, kOtherName))
        .with_hint(Option::kDimensionValuesMax);
  }
  std::vector<ValueCode> matching;
  for (ValueCode code = 0; code < values.values().size(); ++code) {
    const std::string& value = values.values()[code];
    const bool is_other = values.overflowed() && value == kOtherName;
    if (is_other ? other_passes : test.holds(value)) matching.push_back(code);
  }
  return matching;
}

std::vector<SeriesId> event_series(const std::vector<EventCode>& events,
                                   const SeriesCatalog& catalog) {
  std::vector<SeriesId> series;
  for (const EventCode event : events) {
    if (const auto id = catalog.find_event_series(event)) series.push_back(*id);
  }
  return series;
}

// Returns the series of these events with one of these values of the dimension.
std::vector<SeriesId> value_series(const std::vector<EventCode>& events, std::uint32_t dimension,
                                   const std::vector<ValueCode>& values,
                                   const SeriesCatalog& catalog) {
  std::vector<SeriesId> series;
  for (const EventCode event : events) {
    for (const ValueCode value : values) {
      const auto id = catalog.find_value_series(event, dimension, value);
      if (id) series.push_back(*id);
    }
  }
  return series;
}

std::string note_of_other_names() {
  return fmt::format("there are more event names than the store keeps; the others count as \"{}\"",
                     kOtherName);
}

}  // namespace

std::string note_of_other_values(const std::string& property) {
  return fmt::format("{} has more values than the store keeps; the others count as \"{}\"",
                     property, kOtherName);
}

std::optional<std::uint32_t> property_number(const std::string& name,
                                             const SeriesCatalog& catalog) {
  std::uint32_t number = 0;
  for (const auto* const names : {&catalog.dimensions(), &catalog.kept_properties()}) {
    const auto found = std::find(names->begin(), names->end(), name);
    if (found != names->end()) return number + static_cast<std::uint32_t>(found - names->begin());
    number += static_cast<std::uint32_t>(names->size());
  }
  return {};
}

Status unknown_property(std::string_view where, const std::string& name,
                        const SeriesCatalog& catalog) {
  std::vector<std::string> names = catalog.dimensions();
  const std::vector<std::string>& kept = catalog.kept_properties();
  names.insert(names.end(), kept.begin(), kept.end());
  const Status status = Status::invalid_argument(
      fmt::format("{}: {}; a property is declared as a dimension when the store is made, or kept "
                  "from some time on",
                  where, unknown_name("property", name, names)));
  // A name that is misspelled is no property to be had, nor is one that no text can show.
  const bool is_plain = quoted_excerpt(name) == fmt::format("\"{}\"", name);
  if (!is_plain || !nearest_name(name, names).empty()) return status;
  return status.with_hint(
      OptionHint(Option::kKeptProperties, name).or_else(Option::kDimensions, name));
}

namespace {

// Takes those amounts away that fail the test.
void narrow(const PropertyCondition& condition, std::uint32_t decimals,
            EventSelector::Amounts& amounts) {
  const ScaledDecimal bound = scaled(*parse_decimal_text(condition.values[0]), decimals);
  AmountSum least = amounts.least, most = amounts.most;
  switch (condition.test) {
    case Test::kMore:
      least = std::max(least, bound.floor + 1);
      break;
    case Test::kAtLeast:
      least = std::max(least, bound.ceiling);
      break;
    case Test::kLess:
      most = std::min(most, bound.ceiling - 1);
      break;
    case Test::kAtMost:
      most = std::min(most, bound.floor);
      break;
    default:
      least = std::max(least, bound.ceiling);
      most = std::min(most, bound.floor);
      break;
  }
  // Where nothing is left, the bounds may not be amounts any more.
  amounts = least > most ? EventSelector::Amounts{.least = 1, .most = 0}
                         : EventSelector::Amounts{.least = static_cast<Amount>(least),
                                                  .most = static_cast<Amount>(most)};
}

}  // namespace

std::optional<std::string> why_events_are_needed(const Selector& selector,
                                                 const std::vector<PropertyCondition>& query_where,
                                                 const SeriesCatalog& catalog) {
  const std::vector<std::string>& kept = catalog.kept_properties();
  const std::string* property = nullptr;
  for (const auto* const conditions : {&selector.where, &query_where}) {
    for (const PropertyCondition& condition : *conditions) {
      if (is_on_amounts(condition)) return "a condition is on the amount of a single event";
      if (std::find(kept.begin(), kept.end(), condition.property) != kept.end()) {
        return fmt::format("{} is kept with the events only", quoted_excerpt(condition.property));
      }
      if (property != nullptr && *property != condition.property) {
        return fmt::format("conditions on {} and {} must hold of the same event",
                           quoted_excerpt(*property), quoted_excerpt(condition.property));
      }
      property = &condition.property;
    }
  }
  return {};
}

std::vector<SeriesId> counted_series(const SeriesUnion& events, const SeriesCatalog& catalog) {
  if (events.series != std::vector<SeriesId>{kAnySeries}) return events.series;
  std::vector<SeriesId> series;
  for (SeriesId id = 1; id < catalog.series_count(); ++id) {
    if (catalog.series(id).is_event()) series.push_back(id);
  }
  return series;
}

Result<SeriesUnion> resolve_selector(std::string_view field, const Selector& selector,
                                     const std::vector<PropertyCondition>& query_where,
                                     const PlanContext& context) {
  if (context.settings.history) {
    std::optional<std::string> reason =
        why_events_are_needed(selector, query_where, context.catalog);
    if (!reason && context.events->takes_all()) reason = context.events->why_all();
    if (reason) {
      return resolve_in_history(field, selector, query_where, context, *std::move(reason));
    }
  }
  const SeriesCatalog& catalog = context.catalog;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<EventCode> events,
                            matching_events(field, selector, catalog.events()));
  std::vector<PropertyCondition> where = selector.where;
  where.insert(where.end(), query_where.begin(), query_where.end());

  SeriesUnion result;
  if (where.empty()) {
    result.series = selector.match == Selector::Names::kAny ? std::vector<SeriesId>{kAnySeries}
                                                            : event_series(events, catalog);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t dimension, find_dimension(field, where, catalog));
    const BoundedDictionary& values = catalog.values(dimension);
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<ValueCode> matching,
                              matching_values(field, where, values));
    result.has_bounds = false;
    result.series = value_series(events, dimension, matching, catalog);
    if (values.overflowed()) {
      result.notes.push_back(note_of_other_values(where[0].property));
    }
  }
  if (catalog.events().overflowed() && selector.match != Selector::Names::kAny) {
    result.notes.push_back(note_of_other_names());
  }
  std::sort(result.series.begin(), result.series.end());
  return result;
}

Result<SeriesUnion> resolve_in_history(std::string_view field, const Selector& selector,
                                       const std::vector<PropertyCondition>& query_where,
                                       const PlanContext& context, std::string reason) {
  ROLLCALL_ASSIGN_OR_RETURN(EventSelector events,
                            resolve_event_selector(field, selector, query_where, context.catalog));
  SeriesUnion result = {.series = {}, .has_bounds = false, .notes = events.notes};
  result.series.push_back(context.events->add(std::move(events), std::move(reason)));
  return result;
}

Result<EventSelector> resolve_event_selector(std::string_view field, const Selector& selector,
                                             const std::vector<PropertyCondition>& query_where,
                                             const SeriesCatalog& catalog) {
  EventSelector result;
  ROLLCALL_ASSIGN_OR_RETURN(result.names, matching_events(field, selector, catalog.events()));
  result.any_name = selector.match == Selector::Names::kAny;
  if (result.any_name) result.names.clear();
  std::map<std::uint32_t, std::vector<PropertyCondition>> where;  // by property
  for (const auto* const conditions : {&selector.where, &query_where}) {
    for (const PropertyCondition& condition : *conditions) {
      if (is_on_amounts(condition)) {
        if (!result.amounts) result.amounts.emplace(EventSelector::Amounts{});
        narrow(condition, catalog.value_decimals(), *result.amounts);
        continue;
      }
      ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t property,
                                find_property(field, condition.property, catalog));
      where[property].push_back(condition);
    }
  }
  const auto dimension_count = static_cast<std::uint32_t>(catalog.dimensions().size());
  for (auto& [dimension, conditions] : where) {
    if (dimension >= dimension_count) {
      result.kept.push_back({dimension - dimension_count, std::move(conditions)});
      continue;
    }
    const BoundedDictionary& values = catalog.values(dimension);
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<ValueCode> codes,
                              matching_values(field, conditions, values));
    result.where.push_back({dimension, std::move(codes)});
    if (values.overflowed()) {
      result.notes.push_back(note_of_other_values(conditions[0].property));
    }
  }
  if (catalog.events().overflowed() && !result.any_name) {
    result.notes.push_back(note_of_other_names());
  }
  return result;
}

std::optional<SeriesUnion> series_of(const EventSelector& events, const SeriesCatalog& catalog) {
  if (events.amounts || !events.kept.empty() || events.where.size() > 1) return {};
  SeriesUnion result = {.series = {}, .has_bounds = events.where.empty(), .notes = events.notes};
  if (events.any_name && events.where.empty()) {
    result.series = {kAnySeries};
    return result;
  }
  std::vector<EventCode> names = events.names;
  if (events.any_name) {
    names.resize(catalog.events().values().size());
    std::iota(names.begin(), names.end(), EventCode{0});
  }
  if (events.where.empty()) {
    result.series = event_series(names, catalog);
  } else {
    const EventSelector::Values& where = events.where.front();
    result.series = value_series(names, where.dimension, where.codes, catalog);
  }
  std::ranges::sort(result.series);
  return result;
}

}  // namespace rollcall
