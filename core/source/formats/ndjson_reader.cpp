#include "core/source/formats/ndjson_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/catalog/series_catalog.h"
#include "core/source/formats/column_name.h"
#include "core/source/formats/delimited_reader.h"
#include "core/source/formats/text_block_reader.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(kBlockPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::string_view kBlanks = " \t\r";

std::string_view trim_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && '0' <= text[i] && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const std::size_t whole = i;
  const std::size_t whole_digits = digits();
  if (whole_digits == 0 || (whole_digits > 1 && text[whole] == '0')) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// Says whether a string's token is what is between two quotes, and nothing more.
bool ends_with_its_quote(std::string_view token) {
  for (std::size_t i = 1; i < token.size(); ++i) {
    if (token[i] == '"') return i + 1 == token.size();
    if (token[i] == '\\') ++i;
  }
  return false;
}

RowFault not_json(std::string_view what) {
  return {RejectKind::kNotJson, fmt::format("not a JSON object: {}", what), 0};
}

}  // namespace

NdjsonReader::NdjsonReader(std::size_t line_bytes_max, std::string comment,
                           std::vector<std::string> columns, NestedValues nested)
    : line_bytes_max_(line_bytes_max),
      comment_(std::move(comment)),
      columns_(std::move(columns)),
      nested_(nested) {
  for (std::size_t slot = 0; slot < columns_.size(); ++slot) {
    if (!columns_[slot].empty()) look_for(columns_[slot], slot);
  }
}

void NdjsonReader::look_for(std::string_view column, std::size_t slot) {
  const auto member_of = [](Member& parent, std::string_view name) -> Member& {
    const auto found = std::find_if(parent.members.begin(), parent.members.end(),
                                    [&](const Member& member) { return member.name == name; });
    if (found != parent.members.end()) return *found;
    return parent.members.emplace_back(Member{std::string(name), {}, {}, false});
  };
  member_of(root_, column).slots.push_back(slot);
  Member* parent = &root_;
  std::size_t begin = 0;
  for (std::size_t dot = column.find('.'); dot != std::string_view::npos;
       dot = column.find('.', begin)) {
    parent = &member_of(*parent, column.substr(begin, dot - begin));
    begin = dot + 1;
  }
  if (parent != &root_) member_of(*parent, column.substr(begin)).slots.push_back(slot);
}

void NdjsonReader::start(std::string_view block) {
  block_ = block;
  position_ = 0;
  arena_.clear();
}

bool NdjsonReader::next(Row& row) {
  row.fault.reset();
  do {
    if (position_ >= block_.size()) return false;
    const std::size_t line_end = block_.find('\n', position_);
    row.record = block_.substr(position_, line_end - position_);
    position_ = line_end + 1;
  } while (row.record.find_first_not_of(kBlanks) == std::string_view::npos ||
           (!comment_.empty() && row.record.starts_with(comment_)));
  if (row.record.ends_with('\r')) row.record.remove_suffix(1);
  if (row.record.size() > line_bytes_max_) {
    row.record = row.record.substr(0, line_bytes_max_);
    row.fault = too_long_fault(line_bytes_max_);
    return true;
  }
  parse_line(row);
  return true;
}

void NdjsonReader::watch_for(std::vector<std::string> names, std::vector<std::string> known) {
  watched_ = std::move(names);
  std::erase(watched_, "");
  std::sort(watched_.begin(), watched_.end());
  passed_over_ = std::move(known);
}

// Nearly every member that comes here is none of those, and was in the row before, too.
void NdjsonReader::meet(std::string_view name) {
  if (next_unread_ < unread_.size() && unread_[next_unread_] == name) {
    ++next_unread_;
    return;
  }
  constexpr std::size_t kUnreadMax = 64;
  if (next_unread_ == unread_.size() && unread_.size() < kUnreadMax) {
    unread_.emplace_back(name);
    ++next_unread_;
  }
  const auto first = std::find_if_not(name.begin(), name.end(), is_left_out_of_names);
  if (first == name.end()) return;
  const auto begins_before = [](const std::string& watched, char initial) {
    return watched.front() < initial;
  };
  const char initial = lower_case(*first);
  auto watched = std::lower_bound(watched_.begin(), watched_.end(), initial, begins_before);
  for (; watched != watched_.end() && watched->front() == initial; ++watched) {
    if (is_named(name, *watched)) break;
  }
  if (watched == watched_.end() || watched->front() != initial) return;
  if (std::find(passed_over_.begin(), passed_over_.end(), name) != passed_over_.end()) return;
  met_.emplace_back(name);
  passed_over_.emplace_back(name);
}

void NdjsonReader::parse_line(Row& row) {
  next_unread_ = 0;
  for (bool* const seen : seen_) *seen = false;
  seen_.clear();
  row.fields.assign(columns_.size(), {});

  ondemand::document document;
  ondemand::object object;
  simdjson::error_code error = parser_
                                   .iterate(row.record.data(), row.record.size(),
                                            row.record.size() + simdjson::SIMDJSON_PADDING)
                                   .get(document);
  if (error == simdjson::SUCCESS) error = document.get_object().get(object);
  if (error == simdjson::SUCCESS) error = parse_object(object, root_, row);
  if (error != simdjson::SUCCESS) {
    row.fault = not_json(simdjson::error_message(error));
  } else if (!row.fault && document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    row.fault = not_json("other bytes follow it");
  }
}

simdjson::error_code NdjsonReader::parse_object(ondemand::object object, Member& wanted, Row& row) {
  for (auto next : object) {
    ondemand::field field;
    if (const auto error = std::move(next).get(field); error != simdjson::SUCCESS) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key); error != simdjson::SUCCESS) return error;
    const auto member = std::find_if(wanted.members.begin(), wanted.members.end(),
                                     [&](const Member& m) { return m.name == key; });
    if (member == wanted.members.end()) {
      if (!watched_.empty() && &wanted == &root_) meet(key);
      continue;
    }
    ondemand::value& value = field.value();
    ondemand::json_type type{};
    if (const auto error = value.type().get(type); error != simdjson::SUCCESS) return error;
    if (type == ondemand::json_type::object && !member->members.empty()) {
      if (!member->slots.empty()) {
        if (const auto error = parse_twice(value, *member, row); error != simdjson::SUCCESS) {
          return error;
        }
        if (row.fault) return simdjson::SUCCESS;
        continue;
      }
      ondemand::object inner;
      if (const auto error = value.get_object().get(inner); error != simdjson::SUCCESS) {
        return error;
      }
      if (const auto error = parse_object(inner, *member, row); error != simdjson::SUCCESS) {
        return error;
      }
    } else if (!member->slots.empty()) {
      parse_value(value, *member, row);
    }
    if (row.fault) return simdjson::SUCCESS;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code NdjsonReader::parse_twice(ondemand::value value, Member& member, Row& row) {
  std::string_view json;
  if (const auto error = simdjson::to_json_string(value).get(json); error != simdjson::SUCCESS) {
    return error;
  }
  ondemand::parser parser;
  const auto iterate = [&] {
    return parser.iterate(json.data(), json.size(), json.size() + simdjson::SIMDJSON_PADDING);
  };
  ondemand::document document;
  ondemand::value whole;
  simdjson::error_code error = iterate().get(document);
  if (error == simdjson::SUCCESS) error = document.get_value().get(whole);
  if (error != simdjson::SUCCESS) return error;
  parse_value(whole, member, row);
  if (row.fault) return simdjson::SUCCESS;
  ondemand::object object;
  error = iterate().get(document);
  if (error == simdjson::SUCCESS) error = document.get_object().get(object);
  return error == simdjson::SUCCESS ? parse_object(object, member, row) : error;
}

void NdjsonReader::parse_value(ondemand::value value, Member& member, Row& row) {
  const std::size_t first_slot = member.slots.front();
  const std::string& column = columns_[first_slot];
  const std::string_view token = trim_end(value.raw_json_token());
  const std::uint32_t at = static_cast<std::uint32_t>(token.data() - row.record.data()) + 1;
  if (member.seen || row.fields[first_slot].column != 0) {
    row.fault = RowFault{RejectKind::kColumnTwice,
                         fmt::format("{}: the row has it twice", quoted_excerpt(column)), at};
    return;
  }
  member.seen = true;
  seen_.push_back(&member.seen);

  std::string_view text;
  if (token.starts_with('"')) {
    if (!ends_with_its_quote(token)) {
      row.fault = not_json("a string is followed by other bytes");
      return;
    }
    text = token.substr(1, token.size() - 2);
    if (text.find('\\') != std::string_view::npos) {
      std::string_view unescaped;
      if (const auto error = value.get_string().get(unescaped); error != simdjson::SUCCESS) {
        row.fault = not_json(simdjson::error_message(error));
        return;
      }
      text = arena_.store(unescaped);
    }
  } else if (token == "true" || token == "false") {
    if (first_slot < kFirstPropertySlot) {
      row.fault = RowFault{
          RejectKind::kColumnType,
          fmt::format("{}: {} is neither a string nor a number", quoted_excerpt(column), token),
          at};
      return;
    }
    text = token;
  } else if (token.starts_with('{') || token.starts_with('[')) {
    if (first_slot >= kFirstPropertySlot) {
      if (const auto error = nested_text(value, text); error != simdjson::SUCCESS) {
        row.fault = not_json(simdjson::error_message(error));
        return;
      }
      for (const std::size_t slot : member.slots) row.fields[slot] = {text, at};
      return;
    }
    row.fault =
        RowFault{RejectKind::kColumnType,
                 fmt::format("{}: an {} is neither a string nor a number", quoted_excerpt(column),
                             token.starts_with('{') ? "object" : "array"),
                 at};
    return;
  } else if (token != "null") {
    if (!is_json_number(token)) {
      row.fault = not_json(fmt::format("{} is no value", quoted_excerpt(token)));
      return;
    }
    text = token;
  }
  for (const std::size_t slot : member.slots) row.fields[slot] = {text, at};
}

simdjson::error_code NdjsonReader::nested_text(ondemand::value value, std::string_view& text) {
  std::string_view json;
  if (const auto error = simdjson::to_json_string(value).get(json); error != simdjson::SUCCESS) {
    return error;
  }
  text = kOtherName;
  if (nested_ == NestedValues::kOther) return simdjson::SUCCESS;
  char* const minified = arena_.allocate(json.size() + simdjson::SIMDJSON_PADDING);
  std::size_t size = 0;
  if (const auto error = simdjson::minify(json.data(), json.size(), minified, size);
      error != simdjson::SUCCESS) {
    return error;
  }
  if (size <= kNameBytesMax) text = {minified, size};
  return simdjson::SUCCESS;
}

namespace {

// Returns false if it is not JSON to its end.
bool append_values(ondemand::object object, const std::string& prefix, int depth,
                   std::vector<NdjsonValue>& values) {
  constexpr int kDepthMax = 8;  // names deeper than that are not worth listing
  for (auto next : object) {
    ondemand::field field;
    std::string_view key;
    if (std::move(next).get(field) != simdjson::SUCCESS) return false;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    const std::string path = prefix + std::string(key);
    ondemand::json_type type{};
    if (field.value().type().get(type) != simdjson::SUCCESS) return false;
    if (type == ondemand::json_type::object && depth < kDepthMax) {
      ondemand::object inner;
      if (field.value().get_object().get(inner) != simdjson::SUCCESS) return false;
      values.push_back({path, "", true});
      if (!append_values(inner, path + '.', depth + 1, values)) return false;
      continue;
    }
    std::string text;
    if (type == ondemand::json_type::string) {
      std::string_view string;
      if (field.value().get_string().get(string) == simdjson::SUCCESS) text = string;
    } else if (type == ondemand::json_type::number) {
      text = trim_end(field.value().raw_json_token());
    }
    values.push_back({path, text, false});
  }
  return true;
}

}  // namespace

std::vector<NdjsonValue> ndjson_values(std::string_view line) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  std::vector<NdjsonValue> values;
  const bool is_object =
      parser.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING)
              .get(document) == simdjson::SUCCESS &&
      document.get_object().get(object) == simdjson::SUCCESS;
  if (!is_object || !append_values(object, "", 0, values)) return {};
  return values;
}

}  // namespace rollcall
