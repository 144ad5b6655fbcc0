#include "core/source/ingest/schema_inspector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "core/base/guard.h"
#include "core/source/files/content_reader.h"
#include "core/source/files/foreign_format.h"
#include "core/source/files/source_paths.h"
#include "core/source/formats/column_name.h"
#include "core/source/formats/native_format.h"
#include "core/source/ingest/parquet_file.h"
#include "core/source/ingest/row_sample.h"
#include "core/source/values/amount_parser.h"
#include "core/source/values/null_words.h"
#include "core/source/values/time_parser.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"
#include "rollcall/option_check.h"

namespace rollcall {
namespace {

// These are common names, the likeliest first, as normalized_name writes them.
constexpr std::string_view kUserNames[] = {
    "userid",    "user",     "distinctid", "uid",          "customerid",  "customer", "visitorid",
    "accountid", "memberid", "playerid",   "userpseudoid", "anonymousid", "deviceid", "src"};
constexpr std::string_view kEventNames[] = {"event", "eventname", "action", "eventtype"};
constexpr std::string_view kTimeNames[] = {"time",           "timestamp",   "ts",       "eventtime",
                                           "eventtimestamp", "datetime",    "date",     "createdat",
                                           "occurredat",     "invoicedate", "eventdate"};
constexpr std::string_view kValueNames[] = {"value", "amount", "revenue"};

// Chooses columns, one role after the other.
class ColumnChooser {
 public:
  ColumnChooser(std::string_view name, const std::vector<std::string>& columns,
                SourceSchema& schema)
      : name_(name), columns_(columns), schema_(schema) {}

  bool has(std::string_view column) const {
    return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
  }

  Status check(std::string_view role, const std::string& column) const {
    const auto count = std::count(columns_.begin(), columns_.end(), column);
    if (count == 1) return {};
    if (count > 1) {
      return source_fault(name_, fmt::format("{}: {} columns are named {} (allowed: one)", role,
                                             count, quoted_excerpt(column)));
    }
    return source_fault(
        name_, fmt::format("{}: no column {}{}; there are: {}", role, quoted_excerpt(column),
                           did_you_mean(column, columns_), excerpts(columns_)));
  }

  // Returns the wanted column or, if none is wanted, the first common one that exists and `fits`,
  // or "" if there is none. `passed_over` receives those before it that do not fit.
  Result<std::string> choose(std::string_view role, const std::optional<std::string>& wanted,
                             std::span<const std::string_view> common,
                             const std::function<bool(const std::string&)>& fits,
                             const std::function<void(const std::string&)>& passed_over = {}) {
    if (wanted) {
      ROLLCALL_RETURN_IF_ERROR(check(role, *wanted));
      return *wanted;
    }
    for (const std::string_view candidate : common) {
      for (const std::string& column : columns_) {
        if (normalized_name(column) != candidate) continue;
        if (!fits(column)) {
          if (passed_over) passed_over(column);
          continue;
        }
        ROLLCALL_RETURN_IF_ERROR(check(role, column));
        schema_.guessed.push_back(fmt::format("{} = {}", role, excerpt(column)));
        return column;
      }
    }
    return std::string();
  }

  // Returns the error for a role without a column. `common` are the names that would have been
  // guessed, which may stand within objects.
  Status missing(std::string_view role, Option option, std::span<const std::string_view> common,
                 std::string_view line) const {
    std::string text = fmt::format("{}: which column it is cannot be guessed; there are: {}", role,
                                   excerpts(columns_));
    OptionHint hint;
    for (const std::string_view candidate : common) {
      const auto nested =
          std::find_if(columns_.begin(), columns_.end(), [&](const std::string& column) {
            const std::size_t dot = column.rfind('.');
            return dot != std::string::npos &&
                   normalized_name(std::string_view(column).substr(dot + 1)) == candidate;
          });
      if (nested == columns_.end()) continue;
      hint.or_else(option, *nested);
      break;
    }
    hint.or_else(option);
    if (option == Option::kEvent) hint.or_else(Option::kEventName);
    // A header has names; a row that was mistaken for one likely has a number or a date.
    const bool has_row = std::any_of(columns_.begin(), columns_.end(), [](const auto& column) {
      return !column.empty() && '0' <= column.front() && column.front() <= '9';
    });
    const bool no_header = has_row || columns_.size() == 1 || line.starts_with('#') ||
                           line.starts_with("//") || line.starts_with("--");
    if (schema_.format == FileFormat::kDelimited && no_header) {
      text += fmt::format("; its first line is {}", quoted_excerpt(line));
      for (const Option of_lines :
           {Option::kSkipLines, Option::kComment, Option::kDelimiter, Option::kColumns}) {
        hint.or_else(of_lines);
      }
    }
    return source_fault(name_, text).with_hint(std::move(hint));
  }

 private:
  std::string_view name_;
  const std::vector<std::string>& columns_;
  SourceSchema& schema_;
};

bool is_amount(std::string_view text, const AmountForm& form) {
  constexpr std::uint32_t kDecimals = 12;  // what the store keeps is not known here
  Amount amount = 0;
  return is_null_word(text) ||
         parse_amount(text, form, kDecimals, amount) != AmountFault::kNotANumber;
}

// Returns the options that read some of the column, most of which are no amounts in that form, such
// as `found`. A column that is named is read whatever is in it, so no column is named that has no
// amounts at all: all its rows would be rejected.
OptionHint hint_for_amounts(const RowSample& sample, const std::string& column,
                            std::string_view found, const AmountForm& form) {
  constexpr std::uint32_t kDecimals = 12;
  OptionHint hint = explain_amount_fault(AmountFault::kNotANumber, found, form, kDecimals).hint;
  for (OptionHint::Way& way : hint.ways) {
    const AmountForm other = amount_form(way);
    const auto is_such = [&](std::string_view text) { return is_amount(text, other); };
    if (!holds_mostly(sample, column, is_such)) way.push_back({Option::kValue, column});
  }
  if (!hint.empty()) return hint;
  const auto is_none = [&](std::string_view text) {
    return is_null_word(text) || !is_amount(text, form);
  };
  if (!first_unlike(sample, column, is_none).empty()) hint = {Option::kValue, column};
  return hint;
}

// Does the same for times: if none can be read, the column needs a form or a unit, too.
OptionHint hint_for_times(const RowSample& sample, const std::string& column, TimeParser& parser) {
  TimeFault fault = TimeFault::kNone;
  const auto is_none = [&](std::string_view text) {
    ParsedTime time;
    const TimeFault found = parser.parse(text, time);
    if (fault == TimeFault::kNone) fault = found;
    return found != TimeFault::kNone;
  };
  OptionHint hint(Option::kTime, column);
  if (!first_unlike(sample, column, is_none).empty()) return hint;
  const RejectKind kind =
      fault == TimeFault::kNone ? RejectKind::kTimeMissing : TimeParser::kind_of(fault);
  if (kind == RejectKind::kTimeAmbiguous) {
    hint.ways.front().push_back({Option::kTimeUnit, ""});
  } else if (kind == RejectKind::kTimeMalformed) {
    hint.ways.front().push_back({Option::kTimeFormat, ""});
  } else {
    hint = {};
  }
  return hint;
}

// Chooses the column of the value: of those whose name fits, it takes one that some row fills,
// because exports may have columns that nobody fills. A column that is named is taken whatever is
// in it, and its rows say what is wrong with them.
Status choose_value(ColumnChooser& chooser, const RowSample& sample, const SourceOptions& options,
                    SourceSchema& schema) {
  const AmountForm form = amount_form(options);
  const auto is_such = [&](std::string_view text) { return is_amount(text, form); };
  const auto fits = [&](const std::string& column) {
    return holds_mostly(sample, column, is_such);
  };
  const auto passed_over = [&](const std::string& column) {
    const std::string found = first_unlike(sample, column, is_such);
    std::string odd = odd_amount_text(found);
    if (!odd.empty()) odd = ", " + odd;
    schema.passed_over.push_back(
        {fmt::format("column {} is not read as the value: most of its first rows are no amounts, "
                     "such as {}{}",
                     column, quoted_excerpt(found), odd),
         hint_for_amounts(sample, column, found, form)});
  };
  std::vector<std::string> empty;
  const auto is_filled = [&](const std::string& column) {
    return !is_all_empty(sample, column) && fits(column);
  };
  const auto is_not_filled = [&](const std::string& column) {
    is_all_empty(sample, column) ? empty.push_back(column) : passed_over(column);
  };
  ROLLCALL_ASSIGN_OR_RETURN(
      schema.value, chooser.choose("value", options.value, kValueNames, is_filled, is_not_filled));
  if (schema.value.empty()) {
    const auto is_empty = [&](const std::string& column) { return is_all_empty(sample, column); };
    ROLLCALL_ASSIGN_OR_RETURN(schema.value,
                              chooser.choose("value", options.value, kValueNames, is_empty));
    return {};
  }
  for (const std::string& column : empty) {
    schema.passed_over.push_back(
        {fmt::format("column {} is not read as the value: none of its first {} rows has one",
                     column, sample.rows.size()),
         {Option::kValue, column}});
  }
  return {};
}

// Chooses the column of the user: the first that most rows fill among those whose name fits, and
// any column if there is none. Exports have a column for those who are logged in beside one for
// everybody. Rows that do not have it are rejected, and one more or less changes nobody's id.
Status choose_user(ColumnChooser& chooser, const RowSample& sample, const SourceOptions& options,
                   SourceSchema& schema) {
  const std::span<const std::string_view> names = kUserNames;
  // The source of an edge is a user only if nothing else is.
  const auto people = names.first(names.size() - 1);
  std::vector<std::string> mostly_empty;
  const auto is_mostly = [&](const std::string& column) { return is_mostly_there(sample, column); };
  const auto is_not = [&](const std::string& column) { mostly_empty.push_back(column); };
  ROLLCALL_ASSIGN_OR_RETURN(schema.user,
                            chooser.choose("user", options.user, people, is_mostly, is_not));
  if (schema.user.empty()) {
    const auto any = [](const std::string&) { return true; };
    ROLLCALL_ASSIGN_OR_RETURN(schema.user, chooser.choose("user", options.user, names, any));
    return {};
  }
  for (const std::string& column : mostly_empty) {
    schema.passed_over.push_back(
        {fmt::format("column {} is not read as the user: {} of its first {} rows do not have it",
                     column, rows_without(sample, column), sample.rows.size()),
         {Option::kUser, column}});
  }
  return {};
}

// Looks for the columns of the properties, which may be `objects` as well, and says which columns
// are left over. Rows of NDJSON and blocks of the native format need not have the same columns, so
// a missing one may yet come.
Status find_properties(const ColumnChooser& chooser, const std::vector<std::string>& properties,
                       const std::vector<std::string>& objects, SourceSchema& schema) {
  std::vector<std::string> used = {schema.user, schema.time, schema.event, schema.value};
  for (const std::string& property : properties) {
    const std::vector<std::string> parts = property_parts(property, schema.columns);
    const auto there = std::count_if(parts.begin(), parts.end(), [&](const std::string& part) {
      return chooser.has(part) || std::find(objects.begin(), objects.end(), part) != objects.end();
    });
    if (there == 0) schema.absent.push_back(property);
    for (const std::string& part : parts) {
      if (there > 0 && schema.format == FileFormat::kDelimited) {
        ROLLCALL_RETURN_IF_ERROR(chooser.check(fmt::format("property {}", property), part));
      }
      used.push_back(part);
    }
  }
  for (const std::string& column : schema.columns) {
    if (std::find(used.begin(), used.end(), column) == used.end()) schema.ignored.push_back(column);
  }
  return {};
}

Result<SourceSchema> inspect_native(std::string_view name, std::string_view head,
                                    const SourceOptions& options,
                                    const std::vector<std::string>& properties) {
  if (options.user || options.event || options.time || options.value || options.event_name) {
    return source_fault(name,
                        "the native format names its own columns: user, event, time, value and "
                        "event_name cannot be chosen");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const NativeLayout layout, read_native_layout(name, head));
  SourceSchema schema;
  schema.format = FileFormat::kNative;
  schema.header = false;
  schema.columns = {"user", "time", "event"};
  schema.user = "user";
  schema.time = "time";
  schema.event = "event";
  if (layout.has_value) {
    schema.columns.emplace_back("value");
    schema.value = "value";
  }
  schema.columns.insert(schema.columns.end(), layout.properties.begin(), layout.properties.end());
  const ColumnChooser chooser(name, schema.columns, schema);
  ROLLCALL_RETURN_IF_ERROR(find_properties(chooser, properties, {}, schema));
  return schema;
}

}  // namespace

bool holds_nothing(std::string_view head, bool complete) {
  return complete && head.find_first_not_of("\xEF\xBB\xBF \t\r\n") == std::string_view::npos;
}

namespace {

// Reads the first rows of a text, and says how: which lines come before them, what stands between
// fields, and which columns there are. Takes the lines before them off `head`.
Result<RowSample> sample_text(std::string_view name, std::string_view& head, bool complete,
                              const SourceOptions& options, SourceSchema& schema) {
  const bool delimited = schema.format == FileFormat::kDelimited;
  ROLLCALL_RETURN_IF_ERROR(check_text(name, head));
  schema.skip_lines = options.skip_lines.value_or(0);
  DeclaredDelimiter declared;
  if (delimited && options.skip_lines != 0U) {
    declared = declared_delimiter(head, schema.skip_lines, options.comment);
  }
  schema.skip_lines = std::max(schema.skip_lines, declared.lines);
  if (schema.skip_lines > declared.lines) declared = {};
  head = after_preamble(head, schema.skip_lines);
  ROLLCALL_RETURN_IF_ERROR(check_text(name, head));
  schema.header = delimited && options.header.value_or(options.columns.empty());
  if (delimited) {
    schema.delimiter = options.delimiter ? *options.delimiter
                       : !declared.delimiter.empty()
                           ? declared.delimiter
                           : guess_delimiter(name, head, complete, options);
    schema.quotes = quotes_of(schema.delimiter, options);
  }
  ROLLCALL_ASSIGN_OR_RETURN(RowSample sample, sample_rows(name, head, complete, options, schema));
  if (delimited && !options.delimiter && schema.delimiter != ",") {
    schema.guessed.push_back(fmt::format("delimiter = {}", schema.delimiter == "\t" ? "tab"
                                                           : schema.delimiter == " "
                                                               ? "blanks"
                                                               : schema.delimiter));
  }
  schema.columns = sample.columns;
  return sample;
}

// Chooses the column of the time: the first that mostly holds times among those whose name fits,
// and any of them if there is none.
Status choose_time(ColumnChooser& chooser, const RowSample& sample, const SourceOptions& options,
                   SourceSchema& schema) {
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone utc, TimeZone::find("UTC"));
  TimeParser time_parser(utc, options.time_unit, options.time_format);
  const auto is_time = [&](std::string_view text) {
    ParsedTime time;
    return time_parser.parse(text, time) == TimeFault::kNone;
  };
  const auto holds_times = [&](const std::string& column) {
    return is_mostly_there(sample, column) && holds_mostly(sample, column, is_time);
  };
  std::vector<std::string> odd_times;
  const auto is_odd = [&](const std::string& column) { odd_times.push_back(column); };
  ROLLCALL_ASSIGN_OR_RETURN(schema.time,
                            chooser.choose("time", options.time, kTimeNames, holds_times, is_odd));
  if (schema.time.empty()) {
    // Its name speaks for it, and the reasons of its rejected rows say how to read its times.
    const auto any = [](const std::string&) { return true; };
    ROLLCALL_ASSIGN_OR_RETURN(schema.time, chooser.choose("time", options.time, kTimeNames, any));
    return {};
  }
  for (const std::string& column : odd_times) {
    schema.passed_over.push_back(
        {fmt::format("column {} is not read as the time: most of its first rows are no times, such "
                     "as {}",
                     column, quoted_excerpt(first_unlike(sample, column, is_time))),
         hint_for_times(sample, column, time_parser)});
  }
  return {};
}

// Chooses the column of the event, unless all rows are of one: the first that most rows fill among
// those whose name fits, and any of them if there is none.
Status choose_event(ColumnChooser& chooser, const RowSample& sample, const SourceOptions& options,
                    SourceSchema& schema) {
  if (options.event_name) {
    schema.event_name = *options.event_name;
    return {};
  }
  const auto is_mostly = [&](const std::string& column) { return is_mostly_there(sample, column); };
  ROLLCALL_ASSIGN_OR_RETURN(schema.event,
                            chooser.choose("event", options.event, kEventNames, is_mostly));
  if (schema.event.empty()) {
    const auto any = [](const std::string&) { return true; };
    ROLLCALL_ASSIGN_OR_RETURN(schema.event,
                              chooser.choose("event", options.event, kEventNames, any));
  }
  return {};
}

Result<SourceSchema> inspect_as_named(std::string_view name, std::string_view head, bool complete,
                                      const SourceOptions& options,
                                      const std::vector<std::string>& properties) {
  const FileFormat format = options.format.value_or(
      head.starts_with(kNativeMagic) ? FileFormat::kNative : guess_format(name, head));
  if (format == FileFormat::kNative) return inspect_native(name, head, options, properties);
  if (format == FileFormat::kParquet) {
    return source_fault(name,
                        "Parquet cannot be read from it (allowed: a file, as Parquet is read "
                        "from its end)");
  }
  if (!options.format) {
    if (const std::string foreign = foreign_format(head); !foreign.empty()) {
      return source_fault(name, foreign);
    }
  }

  SourceSchema schema;
  schema.format = format;
  ROLLCALL_ASSIGN_OR_RETURN(const RowSample sample,
                            sample_text(name, head, complete, options, schema));
  ColumnChooser chooser(name, schema.columns, schema);
  const std::string_view line = first_line(head);
  ROLLCALL_RETURN_IF_ERROR(choose_user(chooser, sample, options, schema));
  if (schema.user.empty()) {
    return chooser.missing("user", Option::kUser, kUserNames, line);
  }
  ROLLCALL_RETURN_IF_ERROR(choose_time(chooser, sample, options, schema));
  if (schema.time.empty()) {
    return chooser.missing("time", Option::kTime, kTimeNames, line);
  }
  ROLLCALL_RETURN_IF_ERROR(choose_event(chooser, sample, options, schema));
  if (schema.event.empty() && !options.event_name) {
    return chooser.missing("event", Option::kEvent, kEventNames, line);
  }
  const bool may_come = schema.format == FileFormat::kNdjson && options.value &&
                        !options.value->empty() && !chooser.has(*options.value);
  if (may_come) {
    schema.value = *options.value;
    schema.absent.push_back(schema.value);
  } else if (!options.value || !options.value->empty()) {
    ROLLCALL_RETURN_IF_ERROR(choose_value(chooser, sample, options, schema));
  }

  ROLLCALL_RETURN_IF_ERROR(find_properties(chooser, properties, sample.objects, schema));
  return schema;
}

// Says whether a content begins as JSON does: with an object, or an array of objects.
bool begins_as_json(std::string_view head) {
  const auto next_is = [&head](std::string_view any_of) {
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || any_of.find(head[first]) == std::string_view::npos) {
      return false;
    }
    head.remove_prefix(first + 1);
    return true;
  };
  if (next_is("[")) return next_is("{");
  return next_is("{") && next_is("\"}");
}

// Returns the error for JSON in a file named as delimited text, of which no header can be read.
Status json_by_another_name(std::string_view name, std::string_view text, bool complete,
                            const SourceOptions& options) {
  SourceSchema schema;
  schema.format = FileFormat::kNdjson;
  ROLLCALL_RETURN_IF_ERROR(sample_rows(name, text, complete, options, schema));
  return source_fault(name, "NDJSON in a file whose name is one of delimited text")
      .with_hint({Option::kFormat, "ndjson"});
}

}  // namespace

Result<SourceSchema> inspect_head(std::string_view name, std::string_view head, bool complete,
                                  const SourceOptions& options,
                                  const std::vector<std::string>& properties) {
  ROLLCALL_RETURN_IF_ERROR(check_source_options(options));
  Result<SourceSchema> schema = inspect_as_named(name, head, complete, options, properties);
  const std::string_view text = after_preamble(head, options.skip_lines.value_or(0));
  const bool is_named_otherwise =
      !options.format && guess_format(name, head) == FileFormat::kDelimited;
  if (schema.ok() || !is_named_otherwise || !begins_as_json(text)) return schema;
  Status json = json_by_another_name(name, text, complete, options);
  // Delimited text may have an object in its first field.
  const bool goes_on = first_line(text).find_first_of(",;\t|") != std::string_view::npos;
  if (json.hint().empty() && !text.starts_with('[') && goes_on) return schema;
  return json;
}

Result<std::vector<std::string>> first_times(std::string_view name, std::string_view head,
                                             bool complete, const SourceOptions& options,
                                             const SourceSchema& schema) {
  std::vector<std::string> times;
  if (schema.format == FileFormat::kNative) return times;
  head = after_preamble(head, schema.skip_lines);
  ROLLCALL_ASSIGN_OR_RETURN(const RowSample sample,
                            sample_rows(name, head, complete, options, schema));
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), schema.time);
  const auto column = static_cast<std::size_t>(found - sample.columns.begin());
  for (const auto& row : sample.rows) times.emplace_back(trim(row[column]));
  return times;
}

namespace {

// Counts the whole lines of `head` that are not passed over, comments or blank, up to `most`.
std::size_t lines_of_rows(std::string_view head, const SourceOptions& options, std::size_t most) {
  head = after_preamble(head, options.skip_lines.value_or(0));
  std::size_t lines = 0;
  while (lines < most) {
    const std::size_t line_end = head.find('\n');
    if (line_end == std::string_view::npos) break;
    const std::string_view line = head.substr(0, line_end);
    const bool is_comment = !options.comment.empty() && line.starts_with(options.comment);
    if (!is_comment && line.find_first_not_of(" \t\r") != std::string_view::npos) ++lines;
    head.remove_prefix(line_end + 1);
  }
  return lines;
}

}  // namespace

HeadWanted head_to_inspect(const std::string& name, const SourceOptions& options,
                           const std::vector<std::string>& properties) {
  const auto enough = [&name, &options, &properties](std::string_view head) {
    constexpr std::size_t kLinesEnough = 100;
    const bool has_header = options.header.value_or(options.columns.empty());
    const std::size_t lines_min = head.starts_with(kNativeMagic)         ? 0
                                  : head.starts_with('{') || !has_header ? 1
                                                                         : 2;
    const std::size_t lines = lines_of_rows(head, options, kLinesEnough);
    if (lines < lines_min) return false;
    // Nearly every file has this many, and need not be inspected for this.
    if (lines == kLinesEnough) return true;
    const Result<SourceSchema> schema =
        inspect_head(name, head, /*complete=*/false, options, properties);
    if (!schema.ok()) return false;
    const bool is_slow = head.size() < kHeadBytes;
    return is_slow || holds_a_row(name, head.substr(0, head.rfind('\n') + 1), options, *schema);
  };
  // A header and a row behind it may be as long as any; longer ones are rejected, and passed over.
  constexpr std::size_t kPassedOverMax = std::size_t{8} << 20;
  return {enough, kHeadBytes + std::max(kPassedOverMax, std::size_t{2} * options.line_bytes_max)};
}

namespace {

// The result is nullopt if the file is empty.
Result<std::optional<SourceSchema>> inspect_file(const std::string& path,
                                                 const SourceOptions& options,
                                                 const std::vector<std::string>& properties) {
  if (is_parquet(path, options)) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<const ParquetFile> file,
                              ParquetFile::open(path, options, kInspectedPageBytesMax, {}));
    if (file->rows() == 0) return std::optional<SourceSchema>();
    ROLLCALL_ASSIGN_OR_RETURN(SourceSchema schema, file->inspect(options, properties));
    return std::optional<SourceSchema>(std::move(schema));
  }
  ROLLCALL_ASSIGN_OR_RETURN(ContentReader content, ContentReader::open(path));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view head,
                            content.head(head_to_inspect(path, options, properties)));
  const bool complete = content.head_is_all();
  if (holds_nothing(head, complete)) return std::optional<SourceSchema>();
  ROLLCALL_ASSIGN_OR_RETURN(SourceSchema schema,
                            inspect_head(path, head, complete, options, properties));
  return std::optional<SourceSchema>(std::move(schema));
}

Result<SourceSchema> inspect_files(const std::vector<std::string>& paths,
                                   const SourceOptions& options,
                                   const std::vector<std::string>& properties) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  Status first_failure;
  for (const std::string& path : expanded.files) {
    if (!stored_size(path)) {
      return Status::invalid_argument(
          fmt::format("{}: only a file can be looked at without being read", path));
    }
    Result<std::optional<SourceSchema>> schema = inspect_file(path, options, properties);
    if (schema.ok() && *schema) return **std::move(schema);
    if (first_failure.ok()) first_failure = schema.status();
  }
  ROLLCALL_RETURN_IF_ERROR(first_failure);
  return Status::invalid_argument(fmt::format("{}: empty", excerpts(expanded.files)));
}

Status look_for_properties(const std::vector<std::string>& paths, const SourceOptions& options,
                           const std::vector<std::string>& properties) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  std::vector<std::string> absent = properties;
  std::vector<std::string> columns;
  for (const std::string& path : expanded.files) {
    if (absent.empty() || !stored_size(path)) return {};
    const Result<std::optional<SourceSchema>> schema = inspect_file(path, options, properties);
    if (!schema.ok() || !*schema) continue;
    const std::vector<std::string>& without = (*schema)->absent;
    std::erase_if(absent, [&](const std::string& property) {
      return std::find(without.begin(), without.end(), property) == without.end();
    });
    for (const std::string& column : (*schema)->columns) {
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
        columns.push_back(column);
      }
    }
  }
  if (absent.empty() || columns.empty()) return {};
  return Status::invalid_argument(
      fmt::format("property {}: no such column{}; there are: {}", quoted_excerpt(absent.front()),
                  did_you_mean(absent.front(), columns), excerpts(columns)));
}

}  // namespace

Result<SourceSchema> inspect_source(const std::vector<std::string>& paths,
                                    const SourceOptions& options,
                                    const std::vector<std::string>& properties) {
  return guarded("inspect", [&] { return inspect_files(paths, options, properties); });
}

Status check_properties(const std::vector<std::string>& paths, const SourceOptions& options,
                        const std::vector<std::string>& properties) {
  return guarded("inspect", [&] { return look_for_properties(paths, options, properties); });
}

std::vector<std::string> property_parts(const std::string& property,
                                        const std::vector<std::string>& columns) {
  if (std::find(columns.begin(), columns.end(), property) != columns.end()) return {property};
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t plus = property.find('+'); plus != std::string::npos;
       plus = property.find('+', begin)) {
    parts.push_back(property.substr(begin, plus - begin));
    begin = plus + 1;
  }
  parts.push_back(property.substr(begin));
  return parts;
}

AmountForm amount_form(const SourceOptions& options) {
  const AmountForm plain;
  return {options.decimal.value_or(plain.decimal), options.grouping.value_or(plain.grouping),
          options.currency.value_or(plain.currency), options.round_values};
}

std::vector<std::string> awaited_names(const SourceOptions& options) {
  std::vector<std::string> names;
  const auto add = [&](bool is_chosen, std::span<const std::string_view> common) {
    if (!is_chosen) names.insert(names.end(), common.begin(), common.end());
  };
  add(options.user.has_value(), kUserNames);
  add(options.time.has_value(), kTimeNames);
  add(options.event || options.event_name, kEventNames);
  add(options.value.has_value(), kValueNames);
  return names;
}

Option role_of_awaited(std::string_view column) {
  const auto is_one_of = [&](std::span<const std::string_view> common) {
    return std::find(common.begin(), common.end(), normalized_name(column)) != common.end();
  };
  if (is_one_of(kUserNames)) return Option::kUser;
  if (is_one_of(kTimeNames)) return Option::kTime;
  return is_one_of(kEventNames) ? Option::kEvent : Option::kValue;
}

ColumnPlan plan_columns(const SourceSchema& schema, const std::vector<std::string>& properties) {
  ColumnPlan plan;
  plan.slot_columns = {schema.user, schema.time, schema.event, schema.value};
  for (const std::string& property : properties) {
    const bool absent =
        std::find(schema.absent.begin(), schema.absent.end(), property) != schema.absent.end();
    if (absent &&
        (schema.format == FileFormat::kDelimited || schema.format == FileFormat::kParquet))
      continue;
    BatchShape::Property& joined = plan.properties.emplace_back();
    joined.name = property;
    for (const std::string& part : property_parts(property, schema.columns)) {
      joined.slots.push_back(plan.slot_columns.size());
      plan.slot_columns.push_back(part);
    }
  }
  return plan;
}

}  // namespace rollcall
