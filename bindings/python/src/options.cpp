#include "options.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace rollcall::python {
namespace {

constexpr Word<UserKind> kUserKinds[] = {{"string", UserKind::kString},
                                         {"integer", UserKind::kInteger}};
constexpr Word<WeekStart> kWeekStarts[] = {{"monday", WeekStart::kMonday},
                                           {"sunday", WeekStart::kSunday}};
constexpr Word<FileFormat> kFormats[] = {{"delimited", FileFormat::kDelimited},
                                         {"ndjson", FileFormat::kNdjson},
                                         {"native", FileFormat::kNative},
                                         {"parquet", FileFormat::kParquet}};
constexpr Word<QuoteRule> kQuoteRules[] = {{"fields", QuoteRule::kFields},
                                           {"fields_or_text", QuoteRule::kFieldsOrText},
                                           {"text", QuoteRule::kText}};
constexpr Word<NestedValues> kNested[] = {{"text", NestedValues::kText},
                                          {"other", NestedValues::kOther}};
constexpr Word<TimeUnit> kTimeUnits[] = {{"guess", TimeUnit::kGuess},
                                         {"seconds", TimeUnit::kSeconds},
                                         {"milliseconds", TimeUnit::kMilliseconds},
                                         {"microseconds", TimeUnit::kMicroseconds},
                                         {"nanoseconds", TimeUnit::kNanoseconds},
                                         {"excel_days", TimeUnit::kExcelDays},
                                         {"excel_days_1904", TimeUnit::kExcelDays1904}};

constexpr std::string_view kCount = "a whole number not below 0";
constexpr std::string_view kName = "a text";
constexpr std::string_view kNames = "a list of texts";
constexpr std::string_view kFlag = "True or False";
constexpr std::string_view kMicroseconds = "an instant in microseconds since 1970";

// Holds the settings of a store by their names.
struct Setting {
  const char* name;
  bool (*differs)(const StoreSettings& a, const StoreSettings& b);
  std::string (*text)(const StoreSettings& settings);
};

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : ", \"") + name + '"';
  return '[' + text + ']';
}

template <auto kField>
constexpr auto kDiffers =
    [](const StoreSettings& a, const StoreSettings& b) { return a.*kField != b.*kField; };
template <auto kField>
constexpr auto kNumber = [](const StoreSettings& s) { return std::to_string(s.*kField); };

using S = StoreSettings;
const Setting kSettings[] = {
    {"user_kind", kDiffers<&S::user_kind>, [](const S& s) { return word_of(s.user_kind); }},
    {"partition_count", kDiffers<&S::partition_count>, kNumber<&S::partition_count>},
    {"time_zone", kDiffers<&S::time_zone>, [](const S& s) { return s.time_zone; }},
    {"week_start", kDiffers<&S::week_start>, [](const S& s) { return word_of(s.week_start); }},
    {"value_decimals", kDiffers<&S::value_decimals>, kNumber<&S::value_decimals>},
    {"dimensions", kDiffers<&S::dimensions>, [](const S& s) { return list_of(s.dimensions); }},
    {"event_names_max", kDiffers<&S::event_names_max>, kNumber<&S::event_names_max>},
    {"dimension_values_max", kDiffers<&S::dimension_values_max>, kNumber<&S::dimension_values_max>},
};

}  // namespace

std::string word_of(UserKind kind) { return kind == UserKind::kString ? "string" : "integer"; }

std::string word_of(WeekStart start) { return start == WeekStart::kMonday ? "monday" : "sunday"; }

QueryLimits limits_of(std::optional<double> timeout, std::stop_token stop) {
  QueryLimits limits;
  limits.stop = std::move(stop);
  if (timeout) {
    // More than a year is no limit that anybody waits for, and less than nothing is none either.
    const std::chrono::duration<double> length(std::clamp(*timeout, 0.0, 3.2e7));
    limits.deadline = std::chrono::steady_clock::now() +
                      std::chrono::duration_cast<std::chrono::steady_clock::duration>(length);
  }
  return limits;
}

Opening read_opening(std::string directory, bool in_memory, const Given& given) {
  Opening opening;
  opening.name = std::move(directory);
  opening.in_memory = in_memory;
  if (!in_memory) {
    std::error_code error;
    opening.directory = std::filesystem::absolute(opening.name, error).string();
    if (error) raise(Status::io_error("the working directory: " + error.message()));
  }
  StoreSettings settings;
  given.read_word("user_kind", kUserKinds, settings.user_kind);
  given.read("partition_count", kCount, settings.partition_count);
  given.read("time_zone", kName, settings.time_zone);
  given.read_word("week_start", kWeekStarts, settings.week_start);
  given.read("value_decimals", kCount, settings.value_decimals);
  given.read("dimensions", kNames, settings.dimensions);
  given.read("event_names_max", kCount, settings.event_names_max);
  given.read("dimension_values_max", kCount, settings.dimension_values_max);
  given.read("history", kFlag, settings.history);
  EngineOptions& engine = opening.engine;
  engine.settings = settings;
  given.read("history_days", kCount, engine.history_days);
  given.read("keep", kNames, engine.keep);
  given.read("memory_bytes_max", kCount, engine.memory_bytes_max);
  given.read("checkpoint_dirty_bytes_max", kCount, engine.checkpoint_dirty_bytes_max);
  given.read("checkpoint_seconds", kCount, engine.checkpoint_seconds);
  given.read("journal_bytes_max", kCount, engine.journal_bytes_max);
  given.read("threads_max", kCount, engine.threads_max);
  given.read("time_max", kMicroseconds, engine.time_max);
  given.read("question_directories", kNames, engine.question_directories);
  RocksStoreOptions& store = opening.store;
  given.read("read_only", kFlag, store.read_only);
  given.read("create_if_missing", kFlag, store.create_if_missing);
  given.read("accept_rollback", kFlag, store.accept_rollback);
  given.read("cache_bytes", kCount, store.cache_bytes);
  return opening;
}

Status check_given_settings(const Given& given, const StoreSettings& wanted,
                            const StoreSettings& found) {
  for (const Setting& setting : kSettings) {
    if (!given.has(setting.name) || !setting.differs(wanted, found)) continue;
    return Status::invalid_argument(std::string(setting.name) + ": must be " + setting.text(found) +
                                    ", with which the store was made, found " +
                                    setting.text(wanted));
  }
  return {};
}

SourceOptions read_source_options(const Given& given) {
  SourceOptions options;
  given.read_word("format", kFormats, options.format);
  given.read("delimiter", kName, options.delimiter);
  given.read_word("quotes", kQuoteRules, options.quotes);
  given.read("skip_lines", kCount, options.skip_lines);
  given.read("comment", kName, options.comment);
  given.read("columns", kNames, options.columns);
  given.read("header", kFlag, options.header);
  given.read("user", kName, options.user);
  given.read("event", kName, options.event);
  given.read("time", kName, options.time);
  given.read("value", kName, options.value);
  given.read("event_name", kName, options.event_name);
  given.read("time_format", kName, options.time_format);
  given.read_word("time_unit", kTimeUnits, options.time_unit);
  given.read_word("nested", kNested, options.nested);
  given.read("decimal", "one character", options.decimal);
  given.read("grouping", kName, options.grouping);
  given.read("currency", kName, options.currency);
  given.read("round_values", kFlag, options.round_values);
  given.read("reject_null_users", kFlag, options.reject_null_users);
  given.read("again", kFlag, options.again);
  given.read("time_min", kMicroseconds, options.time_min);
  given.read("time_max", kMicroseconds, options.time_max);
  given.read("line_bytes_max", kCount, options.line_bytes_max);
  given.read("user_bytes_max", kCount, options.user_bytes_max);
  given.refuse_unknown();
  return options;
}

}  // namespace rollcall::python
