#include "tests/support/query_file.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include "tests/support/naive_members.h"
#include "tests/support/naive_table.h"
#include "tests/support/naive_time.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {

namespace {

constexpr std::string_view kSegmentHead = "segment ";
constexpr std::string_view kFreezeHead = "freeze ";
constexpr std::array<std::string_view, 2> kArmWords = {" contacted:", " holdout:"};

// The fields of a line: runs of anything but blanks, or JSON strings, also as NAME="...".
std::optional<std::vector<std::string>> split_fields(std::string_view line) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    std::string field;
    while (at < line.size() && line[at] != ' ') {
      if (line[at] != '"') {
        field += line[at++];
        continue;
      }
      std::size_t end = at + 1;
      while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2u : 1u;
      const auto text = nlohmann::json::parse(line.substr(at, end - at + 1), nullptr, false);
      if (!text.is_string()) return std::nullopt;
      field += text.get<std::string>();
      at = end + 1;
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

// Reads "-12.5" with 6 decimals as -12500000.
std::optional<Amount> read_amount(std::string_view text, std::uint32_t decimals) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string fraction(point < text.size() ? text.substr(point + 1) : "");
  if (fraction.size() > decimals) return std::nullopt;
  fraction.resize(decimals, '0');
  digits += fraction;
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  const Amount amount = std::stoll(digits);
  return negative ? -amount : amount;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

std::string error_text(const Status& status) { return status.to_string() + "\n"; }

}  // namespace

Result<QueryFile> QueryFile::read(const std::string& path) {
  std::ifstream in(path);
  if (!in) return Status::not_found(path);
  QueryFile file;
  file.path_ = path;
  for (std::string line; std::getline(in, line);) file.lines_.push_back(line);
  ROLLCALL_RETURN_IF_ERROR(file.parse());
  return file;
}

Status QueryFile::parse() {
  std::size_t at = 0;
  auto wrong = [&](std::string_view what) {
    return Status::invalid_argument(fmt::format("{}:{}: {}", path_, at + 1, what));
  };
  auto in_block = [&] { return at < lines_.size() && !lines_[at].empty(); };
  for (; at < lines_.size(); ++at) {
    const std::string& head = lines_[at];
    if (head.empty() || head.starts_with('#')) continue;
    Block block;
    block.line = at + 1;
    if (head == "settings") {
      for (++at; in_block(); ++at) {
        if (Status status = parse_setting(lines_[at]); !status.ok()) return wrong(status.message());
      }
      continue;
    }
    if (head == "reopen") {
      block.kind = Block::Kind::kReopen;
      blocks_.push_back(std::move(block));
      continue;
    }
    const bool is_segment = head.starts_with(kSegmentHead);
    const bool is_freeze = head.starts_with(kFreezeHead);
    if (head != "ingest" && head != "query" && !is_segment && !is_freeze) {
      return wrong("found \"" + head +
                   "\" (allowed: settings, ingest, reopen, segment NAME, freeze CAMPAIGN RUN, "
                   "query)");
    }
    block.kind = is_segment         ? Block::Kind::kSegment
                 : is_freeze        ? Block::Kind::kFreeze
                 : head == "ingest" ? Block::Kind::kIngest
                                    : Block::Kind::kQuery;
    for (++at; in_block() && lines_[at] != "----"; ++at) {
      if (block.kind != Block::Kind::kIngest) {
        block.json += lines_[at] + "\n";
        continue;
      }
      Result<NaiveEvent> event = parse_event(lines_[at]);
      if (!event.ok()) return wrong(event.status().message());
      block.events.push_back(*std::move(event));
    }
    if (!in_block()) return wrong("no ---- ends the block");
    if (is_segment) {
      block.name = head.substr(kSegmentHead.size());
      Result<Segment> segment = parse_segment_block(block.json);
      if (!segment.ok()) return wrong(segment.status().message());
      block.segment = *std::move(segment);
    }
    if (is_freeze) {
      const Status status = parse_freeze_block(head, block);
      if (!status.ok()) return wrong(status.message());
    }
    block.expected_begin = ++at;
    for (; in_block(); ++at) block.expected += lines_[at] + "\n";
    block.expected_end = at;
    blocks_.push_back(std::move(block));
  }
  return {};
}

Status QueryFile::parse_setting(std::string_view line) {
  const std::size_t equals = line.find('=');
  const std::string name(line.substr(0, equals));
  const std::string value(equals == std::string_view::npos ? "" : line.substr(equals + 1));
  if (name == "timezone") {
    settings_.time_zone = value;
  } else if (name == "week_start" && (value == "monday" || value == "sunday")) {
    settings_.week_start = value == "monday" ? WeekStart::kMonday : WeekStart::kSunday;
  } else if (name == "user_kind" && (value == "integer" || value == "string")) {
    settings_.user_kind = value == "integer" ? UserKind::kInteger : UserKind::kString;
  } else if (name == "dimensions") {
    settings_.dimensions = split_list(value);
  } else if (name == "keep") {
    settings_.kept_properties = split_list(value);
  } else if (name == "history" && (value == "true" || value == "false")) {
    settings_.history = value == "true";
  } else if (name == "history_days" && !value.empty()) {
    history_days_ = static_cast<std::uint32_t>(std::stoul(value));
  } else {
    return Status::invalid_argument("no such setting: " + std::string(line));
  }
  return {};
}

Result<NaiveEvent> QueryFile::parse_event(std::string_view line) const {
  const auto wrong = [&] { return Status::invalid_argument("not an event: " + std::string(line)); };
  const auto fields = split_fields(line);
  if (!fields || fields->size() < 3) return wrong();
  NaiveEvent event;
  const NaiveZone zone(settings_.time_zone);
  if (const auto day = read_date((*fields)[0])) {
    event.time = zone.start_of(*day);
    event.whole_day = true;
  } else if (const auto time = read_time((*fields)[0], zone)) {
    event.time = *time;
  } else {
    return wrong();
  }
  if (settings_.user_kind == UserKind::kInteger) {
    event.user = std::uint64_t{std::stoull((*fields)[1])};
  } else {
    event.user = (*fields)[1];
  }
  event.event = (*fields)[2];
  for (std::size_t i = 3; i < fields->size(); ++i) {
    const std::string& field = (*fields)[i];
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos) return wrong();
    const std::string name = field.substr(0, equals);
    const std::string value = field.substr(equals + 1);
    if (name != "value") {
      event.properties[name] = value;
      continue;
    }
    event.value = read_amount(value, settings_.value_decimals);
    if (!event.value) return wrong();
  }
  return event;
}

Result<Segment> QueryFile::parse_segment_block(const std::string& text) const {
  const std::string json = text.starts_with('{') ? text : nlohmann::json(text).dump();
  ROLLCALL_ASSIGN_OR_RETURN(
      const Query query, parse_query(fmt::format(R"({{"kind": "segment", "segment": {}}})", json)));
  return std::get<SegmentQuery>(query.ask).segment;
}

Status QueryFile::parse_freeze_block(std::string_view head, Block& block) const {
  const auto names = split_fields(head.substr(kFreezeHead.size()));
  const auto json = nlohmann::ordered_json::parse(block.json, nullptr, false);
  if (!names || names->size() != 2 || !json.is_object()) {
    return Status::invalid_argument("not an audience: " + std::string(head));
  }
  AudienceRequest& audience = block.audience;
  audience.name = {(*names)[0], (*names)[1]};
  audience.draw = (*names)[0];
  const auto read = [&](const nlohmann::ordered_json& segment) {
    return parse_segment_block(segment.is_string() ? segment.get<std::string>() : segment.dump());
  };
  ROLLCALL_ASSIGN_OR_RETURN(audience.users, read(json.at("users")));
  const auto classes = json.value("classes", nlohmann::ordered_json::object());
  for (const auto& [name, segment] : classes.items()) {
    ROLLCALL_ASSIGN_OR_RETURN(Segment users, read(segment));
    audience.classes.push_back({name, std::move(users)});
  }
  audience.holdout = json.value("holdout", "0");
  if (!json.contains("as_of")) return {};
  ROLLCALL_ASSIGN_OR_RETURN(
      const Query at,
      parse_query(fmt::format(R"({{"kind": "active", "as_of": {}}})", json["as_of"].dump()),
                  settings_.time_zone));
  audience.as_of = at.common.as_of;
  return {};
}

std::string QueryFile::freeze(Engine& engine, const AudienceRequest& request) const {
  const Result<AudienceInfo> info = engine.freeze(request);
  if (!info.ok()) return error_text(info.status());
  const Result<NaiveAudience> listed = listed_audience(engine, *info, settings_.user_kind);
  if (!listed.ok()) return error_text(listed.status());
  std::string text;
  for (const std::string& name : listed->classes) {
    for (std::size_t arm = 0; arm < kArmWords.size(); ++arm) {
      text += name + std::string(kArmWords[arm]);
      const auto found = listed->arms.find(name);
      if (found != listed->arms.end()) {
        for (const UserId& id : found->second[arm]) text += " " + id_text(id);
      }
      text += "\n";
    }
  }
  return text;
}

Result<NaiveAudience> QueryFile::parse_audience(const std::string& lines) const {
  NaiveAudience audience;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    for (std::size_t arm = 0; arm < kArmWords.size(); ++arm) {
      const std::size_t at = line.find(kArmWords[arm]);
      if (at == std::string::npos) continue;
      const std::string name = line.substr(0, at);
      if (arm == 0) audience.classes.push_back(name);
      std::istringstream ids(line.substr(at + kArmWords[arm].size()));
      for (std::string text; ids >> text;) {
        ROLLCALL_ASSIGN_OR_RETURN(UserId id, read_id(text, settings_.user_kind));
        audience.arms[name][arm].insert(std::move(id));
      }
    }
  }
  return audience;
}

std::vector<std::string> QueryFile::run(const EngineSetup& with) const {
  std::vector<std::string> answers(blocks_.size());
  EngineSetup setup = with;
  setup.history_days = history_days_;
  auto engine = TestEngine::open(settings_, setup);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    if (!engine.ok()) {
      answers[i] = error_text(engine.status());
      continue;
    }
    switch (block.kind) {
      case Block::Kind::kIngest: {
        const Status status = (*engine)->ingest(block.events);
        answers[i] =
            status.ok() ? fmt::format("ok: {} events\n", block.events.size()) : error_text(status);
        break;
      }
      case Block::Kind::kReopen:
        if (const Status status = (*engine)->reopen(); !status.ok()) {
          answers[i] = error_text(status);
          engine = status;
        }
        break;
      case Block::Kind::kSegment: {
        const Status status = (*engine)->save_segment(block.name, block.segment);
        answers[i] = status.ok() ? "ok\n" : error_text(status);
        break;
      }
      case Block::Kind::kFreeze:
        answers[i] = freeze((*engine)->engine(), block.audience);
        break;
      case Block::Kind::kQuery: {
        const Result<QueryResult> result = (*engine)->query(block.json);
        answers[i] = result.ok() ? to_text(*result) : error_text(result.status());
        break;
      }
    }
  }
  return answers;
}

std::vector<std::string> QueryFile::run_naive() const {
  std::vector<std::string> answers(blocks_.size());
  NaiveEngine engine(settings_);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    if (block.kind == Block::Kind::kIngest) {
      engine.ingest(block.events);
      answers[i] = fmt::format("ok: {} events\n", block.events.size());
    } else if (block.kind == Block::Kind::kSegment) {
      engine.save_segment(block.name, block.segment);
      answers[i] = "ok\n";
    } else if (block.kind == Block::Kind::kFreeze) {
      const Result<NaiveAudience> audience = parse_audience(block.expected);
      if (audience.ok()) engine.freeze(block.audience.name, *audience);
      answers[i] = audience.ok() ? block.expected : error_text(audience.status());
    } else if (block.kind == Block::Kind::kQuery) {
      const Result<QueryResult> result = engine.query(block.json);
      answers[i] = result.ok() ? to_text(*result) : "error";
    }
  }
  return answers;
}

Status QueryFile::rewrite(const std::vector<std::string>& answers) const {
  std::string text;
  std::size_t at = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (blocks_[i].kind == Block::Kind::kReopen) continue;
    for (; at < blocks_[i].expected_begin; ++at) text += lines_[at] + "\n";
    text += answers[i];
    at = blocks_[i].expected_end;
  }
  for (; at < lines_.size(); ++at) text += lines_[at] + "\n";
  std::ofstream out(path_);
  out << text;
  out.close();
  return out ? Status() : Status::io_error("cannot write " + path_);
}

std::string query_file_text(const StoreSettings& settings, const std::vector<NaiveEvent>& events,
                            const SavedSegments& saved, const Query& query,
                            const std::string& answer) {
  const bool integers = settings.user_kind == UserKind::kInteger;
  const NaiveZone zone(settings.time_zone);
  const auto quoted = [](const std::string& text) { return nlohmann::json(text).dump(); };
  std::string text =
      fmt::format("settings\ntimezone={}\nweek_start={}\nuser_kind={}\n", settings.time_zone,
                  settings.week_start == WeekStart::kMonday ? "monday" : "sunday",
                  integers ? "integer" : "string");
  if (!settings.dimensions.empty()) {
    text += fmt::format("dimensions={}\n", fmt::join(settings.dimensions, ","));
  }
  if (!settings.kept_properties.empty()) {
    text += fmt::format("keep={}\n", fmt::join(settings.kept_properties, ","));
  }
  if (!settings.history) text += "history=false\n";
  text += "\ningest\n";
  for (const NaiveEvent& event : events) {
    const Day day = zone.day_of(event.time);
    text += event.whole_day ? to_string(day) : exact_time_text(event.time);
    text += integers ? fmt::format(" {}", std::get<std::uint64_t>(event.user))
                     : fmt::format(" {}", quoted(std::get<std::string>(event.user)));
    text += fmt::format(" {}", quoted(event.event));
    for (const auto& [name, value] : event.properties) {
      text += fmt::format(" {}={}", name, quoted(value));
    }
    if (event.value) {
      text += fmt::format(" value={}", decimal_text(*event.value, settings.value_decimals));
    }
    text += "\n";
  }
  text += fmt::format("----\nok: {} events\n\n", events.size());
  for (const auto& [name, segment] : saved) {
    const Query named{.common = {}, .ask = SegmentQuery{segment}};
    const auto json = nlohmann::json::parse(to_json(named));
    text += fmt::format("segment {}\n{}\n----\nok\n\n", name, json["segment"].dump());
  }
  return text + fmt::format("query\n{}\n----\n{}", to_json(query), answer);
}

}  // namespace rollcall::testing
