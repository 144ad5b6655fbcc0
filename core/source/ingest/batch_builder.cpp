#include "core/source/ingest/batch_builder.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/digits.h"
#include "core/source/formats/delimited_reader.h"
#include "core/source/values/amount_parser.h"
#include "core/source/values/null_words.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

RowFault too_long(RejectKind kind, std::string_view name, std::size_t size, std::size_t max,
                  std::uint32_t column) {
  return {kind, fmt::format("{}: too long: {} bytes (allowed: {})", name, size, max), column};
}

RowFault not_utf8(RejectKind kind, std::string_view name, const Field& field) {
  return {kind,
          fmt::format("{}: not UTF-8: {} (allowed: UTF-8: iconv -f LATIN1 -t UTF-8, if it is "
                      "Latin-1)",
                      name, quoted_excerpt(field.text)),
          field.column};
}

}  // namespace

void WordCounter::add(std::string_view word, std::uint64_t rows) {
  const auto counted = std::find_if(counts_.begin(), counts_.end(),
                                    [&](const WordCount& count) { return count.word == word; });
  if (counted == counts_.end()) {
    counts_.push_back({std::string(word), rows});
  } else {
    counted->rows += rows;
  }
}

BatchBuilder::BatchBuilder(BatchShape shape, TimeParser time_parser, Admission admission)
    : shape_(std::move(shape)),
      time_parser_(std::move(time_parser)),
      admission_(std::move(admission)),
      time_min_(admission_.now[SourceLimit::kTimeMin]),
      time_max_(admission_.now[SourceLimit::kTimeMax]),
      user_bytes_max_(static_cast<std::size_t>(admission_.now[SourceLimit::kUserBytes])),
      strict_form_(shape_.amount_form),
      is_strict_(shape_.holds_unrounded && (admission_.is_second_reading() ||
                                            admission_.now.is_set(SourceLimit::kUnrounded))),
      property_values_(shape_.properties.size()),
      property_codes_(shape_.properties.size()) {
  strict_form_.rounds = false;
}

void BatchBuilder::start(bool utf8) {
  utf8_ = utf8;
  user_integers_.clear();
  user_strings_.clear();
  events_.clear();
  event_codes_.clear();
  times_.clear();
  values_.clear();
  null_users_.clear();
  null_values_.clear();
  padded_users_ = rounded_users_ = {};
  for (BlockDictionary& values : property_values_) values.clear();
  for (std::vector<std::uint32_t>& codes : property_codes_) codes.clear();
  arena_.clear();
  latest_time_ = std::numeric_limits<TimeUs>::min();
  latest_whole_day_.reset();
}

bool BatchBuilder::is_utf8(std::string_view text) const {
  return utf8_ || simdjson::validate_utf8(text.data(), text.size());
}

inline std::optional<RowFault> BatchBuilder::parse_user(const Field& field,
                                                        std::uint64_t& integer) const {
  const std::string_view text = field.text;
  const bool integers = shape_.user_kind == UserKind::kInteger;
  if (integers && parse_canonical_integer(text, integer)) return {};
  if (text.empty() || (integers && trim(text).empty())) {
    return RowFault{RejectKind::kUserMissing, "user: missing", field.column};
  }
  if (integers) {
    return RowFault{
        RejectKind::kUserNotInteger,
        fmt::format("user: not an integer: {} (allowed: the store's users are integers from 0 to "
                    "2^64 - 1, in digits without sign, blanks, fraction or leading zeros; a new "
                    "store whose users are strings takes any id)",
                    quoted_excerpt(text)),
        field.column};
  }
  if (!is_utf8(text)) return not_utf8(RejectKind::kUserNotUtf8, "user", field);
  return {};
}

inline std::optional<RowFault> BatchBuilder::parse_time(const Field& field, ParsedTime& time) {
  const std::string_view text = trim(field.text);
  if (text.empty()) return RowFault{RejectKind::kTimeMissing, "time: missing", field.column};
  const TimeFault fault = time_parser_.parse(text, time);
  if (fault == TimeFault::kNone) return {};
  HintedText story = time_parser_.explain(fault, text);
  return RowFault{TimeParser::kind_of(fault), std::move(story.text), field.column,
                  std::move(story.hint)};
}

inline std::optional<RowFault> BatchBuilder::parse_value(const Field& field, Amount& value,
                                                         AmountTraits& traits) const {
  const std::string_view text = trim(field.text);
  if (text.empty()) return {};
  const AmountForm& form = is_strict_ ? strict_form_ : shape_.amount_form;
  AmountFault fault = parse_amount(text, form, shape_.value_decimals, value);
  if (fault == AmountFault::kNone) return {};
  if (is_strict_ && fault == AmountFault::kTooManyDecimals) {
    AmountForm rounding = strict_form_;
    rounding.rounds = traits.is_unrounded = true;
    fault = parse_amount(text, rounding, shape_.value_decimals, value);
    if (fault == AmountFault::kNone) return {};
  }
  traits.is_null = fault == AmountFault::kNotANumber && is_null_word(text);
  if (traits.is_null) return {};
  HintedText story = explain_amount_fault(fault, text, form, shape_.value_decimals);
  return RowFault{kind_of(fault), std::move(story.text), field.column, std::move(story.hint)};
}

std::optional<RowFault> BatchBuilder::judge(std::span<const Field> fields) const {
  if (admission_.is_in(measures_)) return RowFault{.is_in = true};
  const std::optional<SourceLimit> limit = admission_.now.refusing(measures_);
  if (!limit) return {};
  const Field& time = fields[kTimeSlot];
  RowFault fault;
  switch (*limit) {
    case SourceLimit::kLineBytes:
      fault = too_long_fault(static_cast<std::size_t>(admission_.now[*limit]));
      break;
    case SourceLimit::kTimeMin:
      fault = refused_time(RejectKind::kTimeTooEarly, time,
                           fmt::format("from {}", time_parser_.zone().format(time_min_)));
      break;
    case SourceLimit::kTimeMax:
      fault = refused_time(RejectKind::kTimeTooLate, time,
                           fmt::format("up to {}", time_parser_.zone().format(time_max_)));
      break;
    case SourceLimit::kNullUser:
      fault = {RejectKind::kUserNull,
               fmt::format("user: {} means nobody, and such users are not kept",
                           quoted_excerpt(fields[kUserSlot].text)),
               fields[kUserSlot].column};
      break;
    case SourceLimit::kUnrounded: {
      const Field& value = fields[kValueSlot];
      fault = {kind_of(AmountFault::kTooManyDecimals),
               explain_amount_fault(AmountFault::kTooManyDecimals, trim(value.text), strict_form_,
                                    shape_.value_decimals)
                   .text,
               value.column};
      break;
    }
    case SourceLimit::kUserBytes:
      fault = too_long(RejectKind::kUserTooLong, "user", fields[kUserSlot].text.size(),
                       user_bytes_max_, fields[kUserSlot].column);
      break;
  }
  fault.limit = limit;
  return fault;
}

RowFault BatchBuilder::refused_time(RejectKind kind, const Field& time,
                                    std::string_view allowed) const {
  const TimeUs read = measures_[static_cast<std::size_t>(SourceLimit::kTimeMin)];
  HintedText found = time_parser_.describe(trim(time.text), read);
  const std::string_view story = kind == RejectKind::kTimeTooLate ? "late" : "early";
  RowFault fault{kind, fmt::format("time: too {}: {} (allowed: {})", story, found.text, allowed),
                 time.column, std::move(found.hint)};
  for (const OptionHint::Way& way : hint_for(kind).ways) fault.hint.ways.push_back(way);
  return fault;
}

std::optional<RowFault> BatchBuilder::check_event(const Field& field) const {
  if (field.text.empty())
    return RowFault{RejectKind::kEventMissing, "event: missing", field.column};
  if (field.text.size() > kNameBytesMax) {
    return too_long(RejectKind::kEventTooLong, "event", field.text.size(), kNameBytesMax,
                    field.column);
  }
  if (!is_utf8(field.text)) return not_utf8(RejectKind::kEventNotUtf8, "event", field);
  return {};
}

std::optional<RowFault> BatchBuilder::check_property(std::string_view name,
                                                     const Field& field) const {
  if (field.text.size() > kNameBytesMax) {
    return too_long(RejectKind::kPropertyTooLong, name, field.text.size(), kNameBytesMax,
                    field.column);
  }
  if (!is_utf8(field.text)) return not_utf8(RejectKind::kPropertyNotUtf8, name, field);
  return {};
}

std::optional<RowFault> BatchBuilder::check_columns_of(const BatchShape::Property& property,
                                                       std::span<const Field> fields) const {
  const bool joins = property.slots.size() > 1;
  std::size_t size = property.slots.size() - 1;
  for (const std::size_t slot : property.slots) {
    const std::string_view text = fields[slot].text;
    size += joins ? JoinedValue::size_of(text) : text.size();
    if (text.empty()) continue;
    if (auto fault = check_property(property.name, fields[slot])) return fault;
  }
  if (size <= kNameBytesMax) return {};
  return too_long(RejectKind::kPropertyTooLong, property.name, size, kNameBytesMax,
                  fields[property.slots.front()].column);
}

std::optional<RowFault> BatchBuilder::add(std::span<const Field> fields, std::size_t line_bytes) {
  std::uint64_t integer = 0;
  if (auto fault = parse_user(fields[kUserSlot], integer)) return fault;
  ParsedTime time;
  if (auto fault = parse_time(fields[kTimeSlot], time)) return fault;
  Amount value = 0;
  AmountTraits amount;
  if (shape_.has_value) {
    if (auto fault = parse_value(fields[kValueSlot], value, amount)) return fault;
  }
  // Names that the batch has seen are known to be good.
  std::uint32_t event = 0;
  if (shape_.event_name.empty()) {
    event = events_.find(fields[kEventSlot].text);
    if (event == BlockDictionary::kNew) {
      if (auto fault = check_event(fields[kEventSlot])) return fault;
    }
  }
  for (const BatchShape::Property& property : shape_.properties) {
    if (auto fault = check_columns_of(property, fields)) return fault;
  }
  const bool integers = shape_.user_kind == UserKind::kInteger;
  const std::size_t user_bytes = integers ? 0 : fields[kUserSlot].text.size();
  const bool is_null_user = !integers && is_null_id(fields[kUserSlot].text);
  if (time.time < time_min_ || time_max_ < time.time || user_bytes > user_bytes_max_ ||
      is_null_user || amount.is_unrounded || admission_.is_second_reading()) [[unlikely]] {
    measures_ = {static_cast<std::int64_t>(line_bytes),
                 time.time,
                 time.time,
                 static_cast<std::int64_t>(user_bytes),
                 is_null_user ? 1 : 0,
                 amount.is_unrounded ? 1 : 0};
    if (auto fault = judge(fields)) return fault;
  }

  // The row is good.
  if (integers) {
    user_integers_.push_back(integer);
  } else {
    const std::string_view id = fields[kUserSlot].text;
    user_strings_.push_back(id);
    if (is_padded(id)) padded_users_.add(id);
    if (is_rounded(id)) rounded_users_.add(id);
  }
  if (is_null_user) null_users_.add(fields[kUserSlot].text);
  if (amount.is_null) null_values_.add(trim(fields[kValueSlot].text));
  if (shape_.event_name.empty()) {
    if (event == BlockDictionary::kNew) event = events_.insert(fields[kEventSlot].text);
    event_codes_.push_back(event);
  }
  times_.push_back(time.time);
  latest_time_ = std::max(latest_time_, time.time);
  if (time.whole_day) {
    latest_whole_day_ = latest_whole_day_ ? std::max(*latest_whole_day_, time.date) : time.date;
  }
  if (shape_.has_value) values_.push_back(value);
  for (std::size_t i = 0; i < shape_.properties.size(); ++i) {
    property_codes_[i].push_back(property_code(i, fields));
  }
  return {};
}

std::uint32_t BatchBuilder::property_code(std::size_t property, std::span<const Field> fields) {
  const std::vector<std::size_t>& slots = shape_.properties[property].slots;
  BlockDictionary& values = property_values_[property];
  if (slots.size() == 1) {
    const std::string_view text = fields[slots.front()].text;
    const std::uint32_t code = values.find(text);
    return code != BlockDictionary::kNew ? code : values.insert(text);
  }
  joined_.clear();
  for (const std::size_t slot : slots) joined_.add(fields[slot].text);
  const std::uint32_t code = values.find(joined_.text());
  if (code != BlockDictionary::kNew) return code;
  return values.insert(arena_.store(joined_.text()));
}

EventBatch BatchBuilder::batch() {
  EventBatch batch;
  batch.user_integers = user_integers_;
  batch.user_strings = user_strings_;
  event_name_ = shape_.event_name;
  batch.event = shape_.event_name.empty()
                    ? DictionaryColumn{events_.values(), event_codes_}
                    : DictionaryColumn{std::span<const std::string_view>(&event_name_, 1), {}};
  batch.time = times_;
  batch.value = values_;
  properties_.clear();
  for (std::size_t i = 0; i < shape_.properties.size(); ++i) {
    properties_.push_back(
        {shape_.properties[i].name, {property_values_[i].values(), property_codes_[i]}});
  }
  batch.properties = properties_;
  if (latest_whole_day_) {
    const TimeUs day_end = time_parser_.zone().last_second_of(*latest_whole_day_);
    batch.known_until = std::max(latest_time_, std::min(day_end, kTimeMax));
  }
  return batch;
}

}  // namespace rollcall
