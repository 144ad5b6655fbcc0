#include "bindings/c/option_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/query/text/json_reader.h"
#include "core/query/text/query_json.h"
#include "rollcall/query.h"

namespace rollcall::c {
namespace {

constexpr std::array<Spelling<UserKind>, 2> kUserKinds = {
    {{"integer", UserKind::kInteger}, {"string", UserKind::kString}}};
constexpr std::array<Spelling<WeekStart>, 2> kWeekStarts = {
    {{"monday", WeekStart::kMonday}, {"sunday", WeekStart::kSunday}}};
constexpr std::array<Spelling<Ack>, 2> kAcks = {
    {{"memory", Ack::kMemory}, {"durable", Ack::kDurable}}};
constexpr std::array<Spelling<FileFormat>, 3> kFileFormats = {
    {{"delimited", FileFormat::kDelimited},
     {"ndjson", FileFormat::kNdjson},
     {"native", FileFormat::kNative}}};
constexpr std::array<Spelling<QuoteRule>, 3> kQuoteRules = {
    {{"fields", QuoteRule::kFields},
     {"fields_or_text", QuoteRule::kFieldsOrText},
     {"text", QuoteRule::kText}}};
constexpr std::array<Spelling<NestedValues>, 2> kNestedValues = {
    {{"text", NestedValues::kText}, {"other", NestedValues::kOther}}};
constexpr std::array<Spelling<TimeUnit>, 7> kTimeUnits = {
    {{"guess", TimeUnit::kGuess},
     {"seconds", TimeUnit::kSeconds},
     {"milliseconds", TimeUnit::kMilliseconds},
     {"microseconds", TimeUnit::kMicroseconds},
     {"nanoseconds", TimeUnit::kNanoseconds},
     {"excel_days", TimeUnit::kExcelDays},
     {"excel_days_1904", TimeUnit::kExcelDays1904}}};

using Arm = Segment::AudiencePart::Arm;
constexpr std::array<Spelling<Arm>, 2> kArms = {
    {{"contacted", Arm::kContacted}, {"holdout", Arm::kHoldout}}};
constexpr std::array<Spelling<Language>, 2> kLanguages = {
    {{"en", Language::kEnglish}, {"zh", Language::kChinese}}};

// Returns the value of an optional field, which is set from here on, or the field itself.
template <class T>
T& field_value(T& field) {
  return field;
}
template <class T>
T& field_value(std::optional<T>& field) {
  return field ? *field : field.emplace();
}

// Reads a whole number from 0 up to what `out` can hold.
template <class T>
FieldReader whole_field(std::string_view name, T& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            auto& number = field_value(out);
            constexpr auto kMax = std::numeric_limits<std::decay_t<decltype(number)>>::max();
            if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMax) {
              return unexpected(path, fmt::format("a whole number from 0 to {}", kMax), value);
            }
            number = static_cast<std::decay_t<decltype(number)>>(value.get<std::uint64_t>());
            return {};
          }};
}

// Returns the number that a text of digits alone is, as answers write ids.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_canonical = text == "0" || (!text.empty() && text.front() != '0');
  if (error != std::errc() || end != text.data() + text.size() || !is_canonical) return {};
  return number;
}

FieldReader optional_text_field(std::string_view name, std::optional<std::string>& out) {
  return {name, [name, &out](const Json& value, const std::string& path) {
            return string_field(name, field_value(out)).read(value, path);
          }};
}

FieldReader optional_flag_field(std::string_view name, std::optional<bool>& out) {
  return {name, [name, &out](const Json& value, const std::string& path) {
            return flag_field(name, field_value(out)).read(value, path);
          }};
}

template <class T, std::size_t n>
FieldReader optional_word_field(std::string_view name, const std::array<Spelling<T>, n>& spellings,
                                std::optional<T>& out) {
  return {name, [name, &spellings, &out](const Json& value, const std::string& path) {
            return read_word(value, path, name, spellings, field_value(out));
          }};
}

Status read_list(const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (!value.is_array()) return unexpected(path, "a list of strings", value);
  return value.empty() ? Status() : read_strings(value, path, out);
}

FieldReader list_field(std::string_view name, std::vector<std::string>& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_list(value, path, out);
          }};
}

FieldReader optional_char_field(std::string_view name, std::optional<char>& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            if (!value.is_string() || value.get<std::string>().size() != 1) {
              return unexpected(path, "a string of one byte", value);
            }
            out = value.get<std::string>().front();
            return {};
          }};
}

Status read_instant(const Json& value, const std::string& path, std::optional<TimeUs>& out) {
  constexpr std::uint64_t kMax = std::numeric_limits<TimeUs>::max();
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= kMax) {
    out = static_cast<TimeUs>(value.get<std::uint64_t>());
    return {};
  }
  if (value.is_number_integer() && !value.is_number_unsigned()) {
    out = value.get<std::int64_t>();
    return {};
  }
  return unexpected(path, "microseconds since 1970", value);
}

FieldReader instant_field(std::string_view name, std::optional<TimeUs>& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_instant(value, path, out);
          }};
}

// Reads a time limit: an instant, or a date.
FieldReader time_limit_field(std::string_view name, const std::string& time_zone,
                             std::optional<TimeUs>& out) {
  return {name, [&time_zone, &out](const Json& value, const std::string& path) -> Status {
            if (!value.is_string()) return read_instant(value, path, out);
            const Result<TimeUs> instant = first_instant_of(value.get<std::string>(), time_zone);
            if (!instant.ok()) return instant.status().within(path);
            out = *instant;
            return {};
          }};
}

using FieldNames = std::initializer_list<std::string_view>;

// Checks that an object has the fields that it must have.
Status check_required(const Json& object, const std::string& path,
                      std::span<const std::string_view> required) {
  for (const std::string_view field : required) {
    if (object.contains(field)) continue;
    return Status::invalid_argument(fmt::format("{}: missing field \"{}\"", path, field));
  }
  return {};
}

// Reads a field that is an object of its own.
FieldReader object_field(std::string_view name, std::function<FieldReaders()> fields,
                         FieldNames required = {}) {
  return {name,
          [fields = std::move(fields), required = std::vector(required)](
              const Json& value, const std::string& path) -> Status {
            if (!value.is_object()) return unexpected(path, "an object", value);
            ROLLCALL_RETURN_IF_ERROR(check_required(value, path, required));
            return read_fields(value, path, fields());
          }};
}

// Reads a list of objects, for each of which `next` returns the fields.
FieldReader objects_field(std::string_view name, std::function<FieldReaders()> next,
                          FieldNames required) {
  return {name,
          [next = std::move(next), required = std::vector(required)](
              const Json& value, const std::string& path) -> Status {
            if (!value.is_array()) return unexpected(path, "a list of objects", value);
            std::size_t i = 0;
            for (const Json& element : value.get<Json::Array>()) {
              const std::string at = fmt::format("{}[{}]", path, i++);
              if (!element.is_object()) return unexpected(at, "an object", element);
              ROLLCALL_RETURN_IF_ERROR(check_required(element, at, required));
              ROLLCALL_RETURN_IF_ERROR(read_fields(element, at, next()));
            }
            return {};
          }};
}

Result<Json> parse_options(std::string_view json, const std::string& name) {
  Result<Json> document = parse_json(json);
  if (!document.ok()) return document.status().within(name);
  return document;
}

Status read_object(std::string_view json, const std::string& name, const FieldReaders& fields) {
  if (json.empty()) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, parse_options(json, name));
  if (!document.is_object()) return unexpected(name, "an object", document);
  return read_fields(document, name, fields);
}

FieldReaders settings_fields(StoreSettings& settings) {
  return {word_field("user_kind", kUserKinds, settings.user_kind),
          whole_field("partition_count", settings.partition_count),
          string_field("time_zone", settings.time_zone),
          word_field("week_start", kWeekStarts, settings.week_start),
          whole_field("value_decimals", settings.value_decimals),
          list_field("dimensions", settings.dimensions),
          whole_field("event_names_max", settings.event_names_max),
          whole_field("dimension_values_max", settings.dimension_values_max),
          flag_field("history", settings.history),
          list_field("kept_properties", settings.kept_properties)};
}

// Reads a segment, text or object, and an instant as those of a question about it.
Result<Query> read_segment(const Json& segment, const Json* as_of, const std::string& time_zone) {
  constexpr auto kWhole = std::numeric_limits<std::size_t>::max();
  JsonFields fields = {{"kind", quote("segment")}, {"segment", segment.text(kWhole)}};
  if (as_of != nullptr) fields.emplace_back("as_of", as_of->text(kWhole));
  return parse_query(to_object(fields), time_zone);
}

FieldReader segment_field(std::string_view name, const std::string& time_zone, Segment& out) {
  return {name, [&time_zone, &out](const Json& value, const std::string& path) -> Status {
            Result<Query> query = read_segment(value, nullptr, time_zone);
            if (!query.ok()) return query.status().within(path);
            out = std::move(std::get<SegmentQuery>(query->ask).segment);
            return {};
          }};
}

}  // namespace

Result<OpenOptions> read_open_options(std::string_view json) {
  OpenOptions options;
  EngineOptions& engine = options.engine;
  ROLLCALL_RETURN_IF_ERROR(read_object(
      json, "options",
      {object_field("settings", [&] { return settings_fields(engine.settings.emplace()); }),
       whole_field("history_days", engine.history_days), list_field("keep", engine.keep),
       whole_field("memory_bytes_max", engine.memory_bytes_max),
       whole_field("checkpoint_dirty_bytes_max", engine.checkpoint_dirty_bytes_max),
       whole_field("checkpoint_seconds", engine.checkpoint_seconds),
       whole_field("journal_bytes_max", engine.journal_bytes_max),
       whole_field("threads_max", engine.threads_max), instant_field("time_max", engine.time_max),
       list_field("question_directories", engine.question_directories),
       flag_field("read_only", options.store.read_only),
       flag_field("create_if_missing", options.store.create_if_missing),
       flag_field("accept_rollback", options.store.accept_rollback),
       whole_field("cache_bytes", options.store.cache_bytes),
       flag_field("in_memory", options.in_memory)}));
  return options;
}

Result<ArrowColumns> read_arrow_columns(std::string_view json) {
  ArrowColumns columns;
  ROLLCALL_RETURN_IF_ERROR(read_object(
      json, "columns",
      {string_field("user", columns.user), string_field("time", columns.time),
       string_field("event", columns.event), string_field("event_name", columns.event_name),
       string_field("value", columns.value)}));
  return columns;
}

Result<OwnedDelivery> read_delivery(std::string_view json) {
  OwnedDelivery delivery;
  const auto next_position = [&]() -> FieldReaders {
    SourcePosition& position = delivery.positions.emplace_back();
    return {string_field("id", position.id), string_field("position", position.position)};
  };
  const auto token_fields = [&]() -> FieldReaders {
    BatchToken& token = delivery.token.emplace();
    return {string_field("source", token.source), string_field("token", token.token)};
  };
  ROLLCALL_RETURN_IF_ERROR(
      read_object(json, "delivery",
                  {objects_field("positions", next_position, {"id", "position"}),
                   object_field("token", token_fields, {"source", "token"}),
                   word_field("ack", kAcks, delivery.ack)}));
  return delivery;
}

Result<FileOptions> read_file_options(std::string_view json, const std::string& time_zone) {
  FileOptions options;
  SourceOptions& source = options.source;
  ROLLCALL_RETURN_IF_ERROR(read_object(json, "options",
                                       {optional_word_field("format", kFileFormats, source.format),
                                        optional_text_field("delimiter", source.delimiter),
                                        optional_word_field("quotes", kQuoteRules, source.quotes),
                                        whole_field("skip_lines", source.skip_lines),
                                        string_field("comment", source.comment),
                                        list_field("columns", source.columns),
                                        optional_flag_field("header", source.header),
                                        optional_text_field("user", source.user),
                                        optional_text_field("event", source.event),
                                        optional_text_field("time", source.time),
                                        optional_text_field("value", source.value),
                                        optional_text_field("event_name", source.event_name),
                                        optional_text_field("time_format", source.time_format),
                                        word_field("time_unit", kTimeUnits, source.time_unit),
                                        word_field("nested", kNestedValues, source.nested),
                                        optional_char_field("decimal", source.decimal),
                                        optional_text_field("grouping", source.grouping),
                                        optional_text_field("currency", source.currency),
                                        flag_field("round_values", source.round_values),
                                        flag_field("reject_null_users", source.reject_null_users),
                                        flag_field("again", source.again),
                                        time_limit_field("time_min", time_zone, source.time_min),
                                        time_limit_field("time_max", time_zone, source.time_max),
                                        whole_field("line_bytes_max", source.line_bytes_max),
                                        whole_field("user_bytes_max", source.user_bytes_max),
                                        flag_field("strict", options.hooks.strict),
                                        whole_field("batch_bytes", options.hooks.batch_bytes),
                                        whole_field("batch_rows", options.hooks.batch_rows)}));
  return options;
}

Result<AudienceRequest> read_audience_request(std::string_view json, const std::string& time_zone) {
  AudienceRequest request;
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, parse_options(json, "audience"));
  if (!document.is_object()) return unexpected("audience", "an object", document);
  ROLLCALL_RETURN_IF_ERROR(
      check_required(document, "audience", std::vector<std::string_view>{"campaign", "users"}));
  const auto next_class = [&]() -> FieldReaders {
    AudienceClass& added = request.classes.emplace_back();
    return {string_field("name", added.name), segment_field("users", time_zone, added.users)};
  };
  const auto read_as_of = [&](const Json& value, const std::string& path) -> Status {
    const Result<Query> query = read_segment(*document.find("users"), &value, time_zone);
    if (!query.ok()) return query.status().within(path);
    request.as_of = query->common.as_of;
    return {};
  };
  ROLLCALL_RETURN_IF_ERROR(read_fields(
      document, "audience",
      {string_field("campaign", request.name.campaign), string_field("run", request.name.run),
       segment_field("users", time_zone, request.users),
       objects_field("classes", next_class, {"name", "users"}), FieldReader{"as_of", read_as_of},
       string_field("holdout", request.holdout), string_field("draw", request.draw)}));
  return request;
}

Result<CampaignUsers> read_campaign_users(std::string_view json) {
  CampaignUsers users;
  ROLLCALL_RETURN_IF_ERROR(
      read_object(json, "users",
                  {optional_word_field("arm", kArms, users.part.arm),
                   optional_text_field("class", users.part.class_name),
                   optional_text_field("run", users.part.run), limit_field("limit", users.limit),
                   string_field("after", users.after)}));
  return users;
}

Result<ReportOptions> read_report_options(std::string_view json) {
  ReportOptions options;
  ROLLCALL_RETURN_IF_ERROR(
      read_object(json, "options",
                  {word_field("language", kLanguages, options.language),
                   string_field("title", options.title), flag_field("users", options.users)}));
  return options;
}

Result<std::vector<std::string>> read_definitions(std::string_view json) {
  constexpr auto kWhole = std::numeric_limits<std::size_t>::max();
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, parse_options(json, "definitions"));
  std::vector<std::string> definitions;
  if (!document.is_array()) return std::vector<std::string>{std::string(json)};
  for (const Json& element : document.get<Json::Array>()) {
    definitions.push_back(element.text(kWhole));
  }
  return definitions;
}

Result<std::vector<std::string>> read_texts(std::string_view json, const std::string& name) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, parse_options(json, name));
  std::vector<std::string> texts;
  ROLLCALL_RETURN_IF_ERROR(read_list(document, name, texts));
  return texts;
}

Result<std::vector<UserId>> read_users(std::string_view json, UserKind kind) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, parse_options(json, "users"));
  if (!document.is_array()) return unexpected("users", "a list of ids", document);
  std::vector<UserId> users;
  for (const Json& user : document.get<Json::Array>()) {
    if (user.is_string()) {
      const auto& text = user.get<std::string>();
      const std::optional<std::uint64_t> number =
          kind == UserKind::kInteger ? whole_number(text) : std::nullopt;
      if (number) {
        users.emplace_back(*number);
      } else {
        users.emplace_back(text);
      }
    } else if (user.is_number_unsigned()) {
      users.emplace_back(user.get<std::uint64_t>());
    } else {
      return unexpected(fmt::format("users[{}]", users.size()),
                        "a string, or a whole number from 0 up", user);
    }
  }
  return users;
}

}  // namespace rollcall::c
