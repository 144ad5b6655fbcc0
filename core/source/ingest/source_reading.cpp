#include "core/source/ingest/source_reading.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/source/ingest/schema_inspector.h"
#include "core/source/values/time_parser.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

SourceReading reading_of(const SourceSchema& schema, const SourceOptions& options,
                         const std::vector<std::string>& dimensions) {
  SourceReading reading;
  reading.format = schema.format;
  reading.delimiter = schema.delimiter;
  reading.quotes = schema.quotes;
  reading.skip_lines = schema.skip_lines;
  reading.comment = options.comment;
  reading.nested = options.nested;
  reading.header = schema.header;
  reading.names = options.columns;
  reading.event_name = schema.event_name;
  reading.time_format = options.time_format.value_or("");
  reading.time_unit = options.time_unit;
  if (!schema.value.empty()) reading.amounts = amount_form(options);
  reading.holds_unrounded = !schema.value.empty();
  const auto add = [&](std::string_view role, const std::string& name) {
    if (name.empty()) return;
    const auto found = std::find(schema.columns.begin(), schema.columns.end(), name);
    const auto number = static_cast<std::uint32_t>(found - schema.columns.begin());
    reading.columns.push_back({std::string(role), name, number});
  };
  const ColumnPlan plan = plan_columns(schema, dimensions);
  add("user", schema.user);
  add("time", schema.time);
  add("event", schema.event);
  add("value", schema.value);
  for (const BatchShape::Property& property : plan.properties) {
    for (const std::size_t slot : property.slots) add(property.name, plan.slot_columns[slot]);
  }
  return reading;
}

// Returns `options`, with what they leave open as it is in `known`.
SourceOptions options_as_in(const SourceReading& known, SourceOptions options) {
  if (!options.format) options.format = known.format;
  if (!options.time_format && options.time_unit == TimeUnit::kGuess) {
    if (!known.time_format.empty()) options.time_format = known.time_format;
    options.time_unit = known.time_unit;
  }
  if (!options.decimal) options.decimal = known.amounts.decimal;
  if (!options.grouping) options.grouping = known.amounts.grouping;
  if (!options.currency) options.currency = known.amounts.currency;
  options.round_values = options.round_values || known.amounts.rounds;
  if (*options.format != known.format || known.format == FileFormat::kNative) return options;
  if (!options.skip_lines) options.skip_lines = known.skip_lines;
  if (options.comment.empty()) options.comment = known.comment;
  if (known.format == FileFormat::kDelimited) {
    if (!options.delimiter) options.delimiter = known.delimiter;
    if (!options.quotes && *options.delimiter == known.delimiter) options.quotes = known.quotes;
    if (options.columns.empty()) {
      options.columns = known.names;
      if (!options.header) options.header = known.header;
    }
  }
  const auto column = [&](std::string_view role) -> std::optional<std::string> {
    const auto found = std::find_if(
        known.columns.begin(), known.columns.end(),
        [&](const SourceReading::Column& candidate) { return candidate.role == role; });
    if (found == known.columns.end()) return {};
    const bool is_renamed =
        known.format == FileFormat::kDelimited && found->number < options.columns.size();
    return is_renamed ? options.columns[found->number] : found->name;
  };
  if (!options.user) options.user = column("user");
  if (!options.time) options.time = column("time");
  if (!options.value) options.value = column("value").value_or("");
  if (!options.event && !options.event_name) {
    options.event = column("event");
    if (!options.event) options.event_name = known.event_name;
  }
  return options;
}

TimeParser parser_of(const TimeZone& zone, const SourceReading& reading) {
  return {zone, reading.time_unit,
          reading.time_format.empty() ? std::nullopt : std::optional(reading.time_format)};
}

bool read_alike(const std::vector<std::string>& times, const TimeZone& zone, const SourceReading& a,
                const SourceReading& b) {
  TimeParser parser_a = parser_of(zone, a), parser_b = parser_of(zone, b);
  return std::all_of(times.begin(), times.end(), [&](const std::string& text) {
    ParsedTime time_a, time_b;
    const bool good_a = parser_a.parse(text, time_a) == TimeFault::kNone;
    const bool good_b = parser_b.parse(text, time_b) == TimeFault::kNone;
    if (!good_a || !good_b) return good_a == good_b;
    return time_a.time == time_b.time && time_a.whole_day == time_b.whole_day;
  });
}

}  // namespace

std::string SourceReading::key() const {
  std::string text;
  const auto add = [&](std::string_view part) {
    text += fmt::format("{}:", part.size());
    text += part;
  };
  text = fmt::format("{} {} ", static_cast<int>(format), static_cast<int>(time_unit));
  add(time_format);
  add(event_name);
  const bool delimited = format == FileFormat::kDelimited;
  if (delimited && delimiter.size() == 1) {
    text += fmt::format("{} {} ", static_cast<int>(delimiter.front()), header);
  } else if (delimited) {
    add(delimiter);
    text += fmt::format("{} ", header);
  }
  // Settings are left out if they are what every source had before they could be chosen.
  const QuoteRule usual = delimiter == " " ? QuoteRule::kText : QuoteRule::kFields;
  if (delimited && quotes != usual) text += fmt::format("quotes {} ", static_cast<int>(quotes));
  if (skip_lines != 0) text += fmt::format("skip {} ", skip_lines);
  if (!comment.empty()) {
    text += "comment ";
    add(comment);
  }
  if (nested != NestedValues::kText) text += "nested ";
  for (const Column& column : columns) {
    add(column.role);
    add(delimited ? fmt::format("{}", column.number) : column.name);
  }
  // Readings from before there were forms of amounts have the same keys as ever.
  AmountForm form = amounts;
  form.rounds = form.rounds && !holds_unrounded;
  if (form != AmountForm()) {
    text += fmt::format("{} {} ", static_cast<int>(form.decimal), form.rounds);
    add(form.grouping);
    add(form.currency);
  }
  if (holds_unrounded) text += "holds unrounded ";
  return text;
}

std::uint64_t SourceReading::hash() const {
  const std::string text = key();
  return XXH3_64bits(text.data(), text.size());
}

std::string SourceReading::describe() const {
  std::string text;
  const auto add = [&](std::string_view what, std::string_view value) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", what, excerpt(value));
  };
  for (const Column& column : columns) {
    add(column.role, column.name);
    // Names that were given may be those of other columns.
    if (!names.empty()) text += fmt::format(" (column {})", column.number + 1);
  }
  if (!event_name.empty()) add("event_name", event_name);
  if (!time_format.empty()) add("time_format", time_format);
  if (format == FileFormat::kDelimited && delimiter != ",") {
    add("delimiter", delimiter == "\t" ? "tab" : delimiter == " " ? "blanks" : delimiter);
  }
  if (skip_lines != 0) add("skip_lines", fmt::format("{}", skip_lines));
  if (!comment.empty()) add("comment", comment);
  if (format == FileFormat::kDelimited && !header) add("header", "none");
  const QuoteRule usual = delimiter == " " ? QuoteRule::kText : QuoteRule::kFields;
  if (format == FileFormat::kDelimited && (quotes != usual || delimiter == "\t")) {
    constexpr std::string_view kRules[] = {"fields", "fields or text", "text"};  // by QuoteRule
    add("quotes", kRules[static_cast<std::size_t>(quotes)]);
  }
  constexpr std::string_view kUnits[] = {
      "",           "seconds",        "milliseconds", "microseconds", "nanoseconds",
      "excel-days", "excel-days-1904"};
  if (time_unit != TimeUnit::kGuess) add("time_unit", kUnits[static_cast<std::size_t>(time_unit)]);
  if (amounts.decimal != '.') add("decimal", {&amounts.decimal, 1});
  if (!amounts.grouping.empty()) add("grouping", amounts.grouping);
  if (!amounts.currency.empty()) add("currency", amounts.currency);
  if (amounts.rounds) add("round_values", "yes");
  if (nested != NestedValues::kText) add("nested", "other");
  return text;
}

bool names_another_reading(const OptionHint& hint) {
  constexpr Option kOptions[] = {
      Option::kFormat,     Option::kDelimiter, Option::kQuotes,   Option::kSkipLines,
      Option::kComment,    Option::kColumns,   Option::kUser,     Option::kEvent,
      Option::kTime,       Option::kValue,     Option::kDecimal,  Option::kEventName,
      Option::kTimeFormat, Option::kTimeUnit,  Option::kGrouping, Option::kCurrency};
  return std::any_of(std::begin(kOptions), std::end(kOptions),
                     [&](Option option) { return hint.names(option); });
}

Result<ReadingPlan> plan_reading(std::string_view name, std::string_view head, bool complete,
                                 const SourceOptions& options, const StoreSettings& settings,
                                 const TimeZone& zone, const SourceReading* known) {
  if (options.time_format && options.time_unit != TimeUnit::kGuess) {
    return Status::invalid_argument(
        fmt::format("{}: time_format and time_unit: both are set (allowed: one of them)", name));
  }
  ReadingPlan plan;
  plan.options = known != nullptr ? options_as_in(*known, options) : options;
  ROLLCALL_ASSIGN_OR_RETURN(
      plan.schema, inspect_head(name, head, complete, plan.options, settings.properties()));
  plan.reading = reading_of(plan.schema, plan.options, settings.dimensions);
  if (known == nullptr) return plan;
  plan.reading.holds_unrounded = known->holds_unrounded;
  const bool same_form =
      plan.reading.time_format == known->time_format && plan.reading.time_unit == known->time_unit;
  if (same_form) return plan;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> times,
                            first_times(name, head, complete, plan.options, plan.schema));
  if (read_alike(times, zone, plan.reading, *known)) {
    plan.reading.time_format = known->time_format;
    plan.reading.time_unit = known->time_unit;
    plan.options.time_format =
        known->time_format.empty() ? std::nullopt : std::optional(known->time_format);
    plan.options.time_unit = known->time_unit;
    plan.keeps_times = true;
  }
  return plan;
}

std::optional<SourceReading> reading_if_new(std::string_view name, std::string_view beginning,
                                            bool complete, const SourceOptions& options,
                                            const StoreSettings& settings,
                                            const SourceReading& known) {
  const bool has_value =
      std::any_of(known.columns.begin(), known.columns.end(),
                  [](const SourceReading::Column& column) { return column.role == "value"; });
  const bool says_amounts = options.decimal || options.grouping || options.currency;
  const bool names_columns = known.format == FileFormat::kDelimited && !options.columns.empty() &&
                             options.columns != known.names;
  const bool is_decided = !names_columns && (has_value || options.value || !says_amounts);
  if (is_decided || known.format == FileFormat::kNative) return {};
  SourceOptions open = options_as_in(known, options);
  open.value = options.value;
  if (names_columns) {
    open.user = options.user;
    open.time = options.time;
    open.event = options.event;
    open.event_name = options.event_name;
  }
  const Result<SourceSchema> schema =
      inspect_head(name, beginning, complete, open, settings.properties());
  if (!schema.ok()) return {};
  SourceReading reading = reading_of(*schema, open, settings.dimensions);
  reading.holds_unrounded = has_value ? known.holds_unrounded : reading.holds_unrounded;
  reading.time_format = known.time_format;
  reading.time_unit = known.time_unit;
  if (reading.key() == known.key()) return {};
  return reading;
}

}  // namespace rollcall
