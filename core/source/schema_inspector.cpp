#include "core/source/schema_inspector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "core/guard.h"
#include "core/source/amount_parser.h"
#include "core/source/content_reader.h"
#include "core/source/delimited_reader.h"
#include "core/source/excerpt.h"
#include "core/source/native_format.h"
#include "core/source/ndjson_reader.h"
#include "core/source/nearest_name.h"
#include "core/source/record_cutter.h"
#include "core/source/source_paths.h"
#include "core/source/text_block_reader.h"
#include "core/source/time_parser.h"
#include "core/time_zone.h"

namespace rollcall {
namespace {

constexpr std::size_t kRowsInspected = 1000;

// Common names, the likeliest first, as normalized_name writes them.
constexpr std::string_view kUserNames[] = {"userid",     "user",     "distinctid", "uid",
                                           "customerid", "customer", "visitorid",  "accountid",
                                           "memberid",   "playerid", "src"};
constexpr std::string_view kEventNames[] = {"event", "eventname", "action", "eventtype"};
constexpr std::string_view kTimeNames[] = {"time",        "timestamp", "ts",        "eventtime",
                                           "datetime",    "date",      "createdat", "occurredat",
                                           "invoicedate", "eventdate"};
constexpr std::string_view kValueNames[] = {"value", "amount", "revenue"};

// The first rows of a source, as text.
struct Sample {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // a text by column; "" when absent
};

// Lower case; without '_', '-' and blanks.
std::string normalized_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == ' ') continue;
    out += 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

Status fault(std::string_view name, std::string_view what) {
  return Status::invalid_argument(fmt::format("{}: {}", name, what));
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view without_byte_order_mark(std::string_view head) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  return head.starts_with(kByteOrderMark) ? head.substr(kByteOrderMark.size()) : head;
}

// What looks like text, and would be read as one broken line.
Status check_text(std::string_view name, std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    return fault(name, "text in UTF-16 or UTF-32 (allowed: UTF-8: iconv -f UTF-16 -t UTF-8)");
  }
  const std::size_t carriage_return = head.find('\r');
  if (carriage_return < head.size() - 1 && head.find('\n') == std::string_view::npos) {
    return fault(name, "its lines end with CR (allowed: LF or CR LF: tr '\\r' '\\n')");
  }
  return {};
}

FileFormat guess_format(std::string_view name, std::string_view head) {
  if (const auto format = format_from_name(name)) return *format;
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (head[first] == '{' || head[first] == '[');
  return json ? FileFormat::kNdjson : FileFormat::kDelimited;
}

// The whole records of `head`, which then end with a line end.
std::string whole_head(std::string_view head, bool complete, const RecordSyntax& syntax) {
  std::string text(complete ? head : head.substr(0, whole_records_size(head, syntax)));
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

struct SplitRows {
  std::vector<std::vector<std::string>> rows;  // that are good
  std::string first_fault;                     // of the very first row; "": it is good
};

SplitRows split_rows(std::string_view head, bool complete, const RecordSyntax& syntax,
                     std::size_t rows_max) {
  const std::string text = whole_head(head, complete, syntax);
  DelimitedReader reader(syntax, 0, {});
  reader.start(text);
  SplitRows split;
  bool first = true;
  for (Row row; split.rows.size() < rows_max && reader.next(row); first = false) {
    if (row.fault) {
      if (first) split.first_fault = row.fault->reason;
      continue;
    }
    std::vector<std::string>& fields = split.rows.emplace_back();
    for (const Field& field : reader.all_fields()) fields.emplace_back(field.text);
  }
  return split;
}

RecordSyntax syntax_of(char delimiter, const SourceOptions& options) {
  return {delimiter, delimiter != ' ', options.line_bytes_max};
}

bool is_named_tsv(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name.ends_with(".tsv") || name.ends_with(".TSV");
}

// The delimiter that splits every one of the first lines into the same number of fields, two or
// more: the one that makes most of them. Else the one that splits the first line into most. A file
// named .tsv has tabs, if its first line has one.
char guess_delimiter(std::string_view name, std::string_view head, bool complete,
                     const SourceOptions& options) {
  const bool tsv = is_named_tsv(name);
  constexpr std::size_t kRows = 20;
  char best = ',';
  std::size_t best_fields = 1;
  bool best_even = false;
  for (const char delimiter : {',', '\t', ';', '|', ' '}) {
    const auto [rows, first_fault] =
        split_rows(head, complete, syntax_of(delimiter, options), kRows);
    if (rows.empty() || !first_fault.empty()) continue;
    const std::size_t fields = rows.front().size();
    if (tsv && delimiter == '\t' && fields > 1) return delimiter;
    const bool even = std::all_of(rows.begin(), rows.end(),
                                  [&](const auto& row) { return row.size() == fields; });
    // Blanks stand in texts as well: they are asked last, and only taken when they fit everywhere
    // and nothing else splits the first line.
    const bool better = delimiter == ' '
                            ? even && fields > 1 && best_fields == 1
                            : even > best_even || (even == best_even && fields > best_fields);
    if (fields > 1 && better) {
      best = delimiter;
      best_fields = fields;
      best_even = even;
    }
  }
  return best;
}

Result<Sample> sample_delimited(std::string_view name, std::string_view head, bool complete,
                                const SourceOptions& options, const SourceSchema& schema) {
  Sample sample;
  SplitRows split =
      split_rows(head, complete, syntax_of(schema.delimiter, options), kRowsInspected);
  if (schema.header && !split.first_fault.empty()) {
    return fault(name, fmt::format("the first line, which names the columns, cannot be read: {}",
                                   split.first_fault));
  }
  sample.rows = std::move(split.rows);
  if (sample.rows.empty()) {
    return fault(name, fmt::format("no row within its first {} bytes (allowed: rows of at most {} "
                                   "bytes)",
                                   head.size(), options.line_bytes_max));
  }
  if (schema.header) {
    for (const std::string& field : sample.rows.front()) sample.columns.emplace_back(trim(field));
    sample.rows.erase(sample.rows.begin());
  }
  const std::size_t field_count =
      schema.header ? sample.columns.size() : sample.rows.front().size();
  if (!options.columns.empty()) {
    if (options.columns.size() != field_count) {
      return fault(name, fmt::format("columns: {} names for {} fields", options.columns.size(),
                                     field_count));
    }
    sample.columns = options.columns;
  }
  if (sample.columns.empty()) {
    return fault(name, fmt::format("it has no header line, so its {} columns need names (columns)",
                                   field_count));
  }
  for (auto& row : sample.rows) row.resize(sample.columns.size());
  return sample;
}

Result<Sample> sample_ndjson(std::string_view name, std::string_view head, bool complete,
                             const SourceOptions& options) {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && head[first] == '[') {
    return fault(name, "a JSON array (allowed: NDJSON, which has one object a line: jq -c '.[]')");
  }
  std::string text = whole_head(head, complete, {',', false, options.line_bytes_max});
  const std::size_t size = text.size();
  text.append(kBlockPadding, '\0');
  Sample sample;
  for (std::size_t begin = 0, lines = 0; begin < size && lines < kRowsInspected; ++lines) {
    const std::size_t line_end = text.find('\n', begin);
    std::vector<std::string> row(sample.columns.size());
    for (NdjsonValue& value : ndjson_values({text.data() + begin, line_end - begin})) {
      const auto found = std::find(sample.columns.begin(), sample.columns.end(), value.path);
      const std::size_t column = static_cast<std::size_t>(found - sample.columns.begin());
      if (found == sample.columns.end()) {
        sample.columns.push_back(value.path);
        row.emplace_back();
      }
      row[column] = std::move(value.text);
    }
    sample.rows.push_back(std::move(row));
    begin = line_end + 1;
  }
  if (sample.columns.empty()) {
    return fault(name,
                 fmt::format("its first {} bytes are not JSON with one object a line (jq -c . "
                             "makes that of objects over several lines)",
                             head.size()));
  }
  for (auto& row : sample.rows) row.resize(sample.columns.size());
  return sample;
}

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
      return fault(name_, fmt::format("{}: {} columns are named {} (allowed: one)", role, count,
                                      quoted_excerpt(column)));
    }
    return fault(name_,
                 fmt::format("{}: no column {}{}; there are: {}", role, quoted_excerpt(column),
                             did_you_mean(column, columns_), list(columns_)));
  }

  // The wanted column or, if none is, the first common one that is there and `fits`; "" when there
  // is none.
  Result<std::string> choose(std::string_view role, const std::optional<std::string>& wanted,
                             std::span<const std::string_view> common,
                             const std::function<bool(const std::string&)>& fits) {
    if (wanted) {
      ROLLCALL_RETURN_IF_ERROR(check(role, *wanted));
      return *wanted;
    }
    for (const std::string_view candidate : common) {
      for (const std::string& column : columns_) {
        if (normalized_name(column) != candidate || !fits(column)) continue;
        ROLLCALL_RETURN_IF_ERROR(check(role, column));
        schema_.guessed.push_back(fmt::format("{} = {}", role, column));
        return column;
      }
    }
    return std::string();
  }

  Status missing(std::string_view role, std::string_view advice) const {
    return fault(name_, fmt::format("{}: which column it is cannot be guessed ({}); there are: {}",
                                    role, advice, list(columns_)));
  }

 private:
  std::string_view name_;
  const std::vector<std::string>& columns_;
  SourceSchema& schema_;
};

// Zero-padded ids are not: as integers they would lose their zeros.
bool is_canonical_integer(std::string_view text) {
  std::uint64_t integer = 0;
  return parse_user_integer(text, integer) && (text.size() == 1 || text[0] != '0');
}

// Whether at least half of the texts in the column are such ones; true when there are none.
bool holds_mostly(const Sample& sample, const std::string& column,
                  const std::function<bool(std::string_view)>& is_such) {
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), column);
  const std::size_t index = static_cast<std::size_t>(found - sample.columns.begin());
  std::size_t texts = 0, such = 0;
  for (const auto& row : sample.rows) {
    const std::string_view text = trim(row[index]);
    if (text.empty()) continue;
    ++texts;
    if (is_such(text)) ++such;
  }
  return 2 * such >= texts;
}

bool holds_amounts(const Sample& sample, const std::string& column) {
  constexpr std::uint32_t kDecimals = 12;  // what the store keeps is not known here
  return holds_mostly(sample, column, [](std::string_view text) {
    Amount amount = 0;
    return parse_amount(text, kDecimals, amount) != AmountFault::kNotANumber;
  });
}

UserKind guess_user_kind(const Sample& sample, const std::string& user) {
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), user);
  const std::size_t column = static_cast<std::size_t>(found - sample.columns.begin());
  bool any = false;
  for (const auto& row : sample.rows) {
    const std::string_view text = trim(row[column]);
    if (text.empty()) continue;
    if (!is_canonical_integer(text)) return UserKind::kString;
    any = true;
  }
  return any ? UserKind::kInteger : UserKind::kString;
}

Status check_options(std::string_view name, const SourceOptions& options) {
  if (options.delimiter) {
    const char c = *options.delimiter;
    if (c == '"' || c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 0x80) {
      return fault(name,
                   fmt::format("delimiter: {} (allowed: an ASCII byte other than a quote or a "
                               "line end)",
                               quoted_excerpt({&c, 1})));
    }
  }
  if (options.event && options.event_name) {
    return fault(name, "event and event_name: both are set (allowed: one of them)");
  }
  if (options.event_name && options.event_name->empty()) {
    return fault(name, "event_name: empty (allowed: 1 to 1024 bytes)");
  }
  if (options.line_bytes_max == 0) return fault(name, "line_bytes_max: 0 (allowed: 1 and more)");
  if (options.time_format) return TimeParser::check_format(*options.time_format);
  return {};
}

// Looks for the columns of the dimensions, and says which columns are left over. Rows of NDJSON and
// blocks of the native format need not have the same columns, so that one of them may yet come.
Status find_dimensions(const ColumnChooser& chooser, const std::vector<std::string>& dimensions,
                       SourceSchema& schema) {
  std::vector<std::string> used = {schema.user, schema.time, schema.event, schema.value};
  for (const std::string& dimension : dimensions) {
    const std::vector<std::string> parts = dimension_parts(dimension, schema.columns);
    const auto there = std::count_if(parts.begin(), parts.end(),
                                     [&](const std::string& part) { return chooser.has(part); });
    if (there == 0) schema.absent.push_back(dimension);
    for (const std::string& part : parts) {
      if (there > 0 && schema.format == FileFormat::kDelimited) {
        ROLLCALL_RETURN_IF_ERROR(chooser.check(fmt::format("dimension {}", dimension), part));
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
                                    const std::vector<std::string>& dimensions) {
  if (options.user || options.event || options.time || options.value || options.event_name) {
    return fault(name,
                 "the native format names its own columns: user, event, time, value and "
                 "event_name cannot be chosen");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const NativeLayout layout, read_native_layout(name, head));
  SourceSchema schema;
  schema.format = FileFormat::kNative;
  schema.header = false;
  schema.user_kind = layout.user_kind;
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
  ROLLCALL_RETURN_IF_ERROR(find_dimensions(chooser, dimensions, schema));
  return schema;
}

}  // namespace

bool holds_nothing(std::string_view head, bool complete) {
  return complete && head.find_first_not_of("\xEF\xBB\xBF \t\r\n") == std::string_view::npos;
}

Result<SourceSchema> inspect_head(std::string_view name, std::string_view head, bool complete,
                                  const SourceOptions& options,
                                  const std::vector<std::string>& dimensions) {
  ROLLCALL_RETURN_IF_ERROR(check_options(name, options));
  const FileFormat format = options.format.value_or(
      head.starts_with(kNativeMagic) ? FileFormat::kNative : guess_format(name, head));
  if (format == FileFormat::kNative) return inspect_native(name, head, options, dimensions);

  head = without_byte_order_mark(head);
  ROLLCALL_RETURN_IF_ERROR(check_text(name, head));
  SourceSchema schema;
  schema.format = format;
  Sample sample;
  if (schema.format == FileFormat::kDelimited) {
    schema.delimiter = options.delimiter.value_or(guess_delimiter(name, head, complete, options));
    schema.header = options.header.value_or(options.columns.empty());
    ROLLCALL_ASSIGN_OR_RETURN(sample, sample_delimited(name, head, complete, options, schema));
    if (!options.delimiter && schema.delimiter != ',') {
      schema.guessed.push_back(fmt::format(
          "delimiter = {}", schema.delimiter == '\t'  ? "tab"
                            : schema.delimiter == ' ' ? "blanks"
                                                      : std::string(1, schema.delimiter)));
    }
  } else {
    schema.header = false;
    ROLLCALL_ASSIGN_OR_RETURN(sample, sample_ndjson(name, head, complete, options));
  }
  schema.columns = sample.columns;

  ColumnChooser chooser(name, schema.columns, schema);
  const auto any = [](const std::string&) { return true; };
  ROLLCALL_ASSIGN_OR_RETURN(schema.user, chooser.choose("user", options.user, kUserNames, any));
  if (schema.user.empty()) return chooser.missing("user", "name it with --user");
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone utc, TimeZone::find("UTC"));
  TimeParser time_parser(utc, options.time_unit, options.time_format);
  const auto holds_times = [&](const std::string& column) {
    return holds_mostly(sample, column, [&](std::string_view text) {
      ParsedTime time;
      return time_parser.parse(text, time) == TimeFault::kNone;
    });
  };
  ROLLCALL_ASSIGN_OR_RETURN(schema.time,
                            chooser.choose("time", options.time, kTimeNames, holds_times));
  if (schema.time.empty()) {
    // Its name speaks for it; why its rows are rejected says how its times are to be read.
    ROLLCALL_ASSIGN_OR_RETURN(schema.time, chooser.choose("time", options.time, kTimeNames, any));
  }
  if (schema.time.empty()) return chooser.missing("time", "name it with --time");
  if (options.event_name) {
    schema.event_name = *options.event_name;
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(schema.event,
                              chooser.choose("event", options.event, kEventNames, any));
    if (schema.event.empty()) {
      return chooser.missing("event", "name it with --event, or name all events with --event-name");
    }
  }
  const bool may_come = schema.format == FileFormat::kNdjson && options.value &&
                        !options.value->empty() && !chooser.has(*options.value);
  if (may_come) {
    schema.value = *options.value;
    schema.absent.push_back(schema.value);
  } else if (!options.value || !options.value->empty()) {
    const auto fits = [&](const std::string& column) { return holds_amounts(sample, column); };
    ROLLCALL_ASSIGN_OR_RETURN(schema.value,
                              chooser.choose("value", options.value, kValueNames, fits));
  }

  ROLLCALL_RETURN_IF_ERROR(find_dimensions(chooser, dimensions, schema));
  schema.user_kind = guess_user_kind(sample, schema.user);
  return schema;
}

Result<std::vector<std::string>> first_times(std::string_view name, std::string_view head,
                                             bool complete, const SourceOptions& options,
                                             const SourceSchema& schema) {
  std::vector<std::string> times;
  if (schema.format == FileFormat::kNative) return times;
  head = without_byte_order_mark(head);
  ROLLCALL_ASSIGN_OR_RETURN(const Sample sample,
                            schema.format == FileFormat::kDelimited
                                ? sample_delimited(name, head, complete, options, schema)
                                : sample_ndjson(name, head, complete, options));
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), schema.time);
  const auto column = static_cast<std::size_t>(found - sample.columns.begin());
  for (const auto& row : sample.rows) times.emplace_back(trim(row[column]));
  return times;
}

namespace {

// nullopt: the file is empty.
Result<std::optional<SourceSchema>> inspect_file(const std::string& path,
                                                 const SourceOptions& options,
                                                 const std::vector<std::string>& dimensions) {
  ROLLCALL_ASSIGN_OR_RETURN(ContentReader content, ContentReader::open(path));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view head, content.head());
  const bool complete = head.size() < kHeadBytes;
  if (holds_nothing(head, complete)) return std::optional<SourceSchema>();
  ROLLCALL_ASSIGN_OR_RETURN(SourceSchema schema,
                            inspect_head(path, head, complete, options, dimensions));
  return std::optional<SourceSchema>(std::move(schema));
}

Result<SourceSchema> inspect_files(const std::vector<std::string>& paths,
                                   const SourceOptions& options,
                                   const std::vector<std::string>& dimensions) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  Status first_failure;
  for (const std::string& path : expanded.files) {
    if (!stored_size(path)) {
      return Status::invalid_argument(
          fmt::format("{}: only a file can be looked at without being read", path));
    }
    Result<std::optional<SourceSchema>> schema = inspect_file(path, options, dimensions);
    if (schema.ok() && *schema) return **std::move(schema);
    if (first_failure.ok()) first_failure = schema.status();
  }
  ROLLCALL_RETURN_IF_ERROR(first_failure);
  return Status::invalid_argument(fmt::format("{}: empty", list(expanded.files)));
}

Status look_for_dimensions(const std::vector<std::string>& paths, const SourceOptions& options,
                           const std::vector<std::string>& dimensions) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  std::vector<std::string> absent = dimensions;
  std::vector<std::string> columns;
  for (const std::string& path : expanded.files) {
    if (absent.empty() || !stored_size(path)) return {};
    const Result<std::optional<SourceSchema>> schema = inspect_file(path, options, dimensions);
    if (!schema.ok() || !*schema) continue;
    const std::vector<std::string>& without = (*schema)->absent;
    std::erase_if(absent, [&](const std::string& dimension) {
      return std::find(without.begin(), without.end(), dimension) == without.end();
    });
    for (const std::string& column : (*schema)->columns) {
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
        columns.push_back(column);
      }
    }
  }
  if (absent.empty() || columns.empty()) return {};
  return Status::invalid_argument(
      fmt::format("dimension {}: no such column{}; there are: {}", quoted_excerpt(absent.front()),
                  did_you_mean(absent.front(), columns), list(columns)));
}

}  // namespace

Result<SourceSchema> inspect_source(const std::vector<std::string>& paths,
                                    const SourceOptions& options,
                                    const std::vector<std::string>& dimensions) {
  return guarded("inspect", [&] { return inspect_files(paths, options, dimensions); });
}

Status check_dimensions(const std::vector<std::string>& paths, const SourceOptions& options,
                        const std::vector<std::string>& dimensions) {
  return guarded("inspect", [&] { return look_for_dimensions(paths, options, dimensions); });
}

std::vector<std::string> dimension_parts(const std::string& dimension,
                                         const std::vector<std::string>& columns) {
  if (std::find(columns.begin(), columns.end(), dimension) != columns.end()) return {dimension};
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t plus = dimension.find('+'); plus != std::string::npos;
       plus = dimension.find('+', begin)) {
    parts.push_back(dimension.substr(begin, plus - begin));
    begin = plus + 1;
  }
  parts.push_back(dimension.substr(begin));
  return parts;
}

ColumnPlan plan_columns(const SourceSchema& schema, const std::vector<std::string>& dimensions) {
  ColumnPlan plan;
  plan.slot_columns = {schema.user, schema.time, schema.event, schema.value};
  for (const std::string& dimension : dimensions) {
    const bool absent =
        std::find(schema.absent.begin(), schema.absent.end(), dimension) != schema.absent.end();
    if (absent && schema.format == FileFormat::kDelimited) continue;
    BatchShape::Dimension& joined = plan.dimensions.emplace_back();
    joined.name = dimension;
    for (const std::string& part : dimension_parts(dimension, schema.columns)) {
      joined.slots.push_back(plan.slot_columns.size());
      plan.slot_columns.push_back(part);
    }
  }
  return plan;
}

}  // namespace rollcall
