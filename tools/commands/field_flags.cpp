#include "tools/commands/field_flags.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rollcall/message_text.h"
#include "tools/commands/option_kinds.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

using Json = nlohmann::ordered_json;

// Reads "channel=ads": a property, the field of its test in JSON, and a value. A bare name means
// that it is set, and one after "!" that it is not.
struct Condition {
  std::string property;
  std::string_view field;
  std::string value;
};

struct ConditionTest {
  std::string_view symbol;
  std::string_view field;
  bool compares_numbers;
};

// No symbol begins with one before it.
constexpr ConditionTest kTests[] = {
    {"!=", "not_in", false}, {"~", "contains", false}, {">=", "gte", true}, {"<=", "lte", true},
    {"==", "eq", true},      {">", "gt", true},        {"<", "lt", true},   {"=", "in", false}};

std::string_view without_blanks_after(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

Condition parse_condition(std::string_view text) {
  const std::size_t at = text.find_first_of("=!~<>", text.starts_with('!') ? 1 : 0);
  Condition condition;
  if (at == std::string_view::npos) {
    const bool negated = text.starts_with('!');
    condition = {std::string(text.substr(negated ? 1 : 0)), "set", negated ? "false" : "true"};
  }
  for (const ConditionTest& test : kTests) {
    if (at == std::string_view::npos || !text.substr(at).starts_with(test.symbol)) continue;
    condition = {std::string(text.substr(0, at)), test.field,
                 std::string(text.substr(at + test.symbol.size()))};
    if (test.compares_numbers) {
      condition.property = without_blanks_after(condition.property);
      condition.value.erase(0, condition.value.find_first_not_of(' '));
    }
    break;
  }
  if (condition.property.empty() || condition.property.starts_with('!')) {
    throw_usage("--where",
                fmt::format("not a condition: {} (allowed: property=value, property!=value, "
                            "property~part, property, !property, and with numbers property>=10, "
                            "<=, >, <, ==)",
                            quoted_excerpt(text)));
  }
  return condition;
}

// Adds `value` to what stands for equality: a string, or a list of them.
void add_value(Json& list, const std::string& value) {
  if (list.is_null()) {
    list = value;
  } else if (list.is_string()) {
    list = Json::array({list, value});
  } else {
    list.push_back(value);
  }
}

// Returns the conditions as objects, all of which must hold. A condition is in the first object
// that has none of its kind on the property. "=" again means any of the values, and "!=" none.
Json where_json(const std::vector<std::string>& words) {
  Json objects = Json::array({Json::object()});
  for (const std::string& word : words) {
    const Condition condition = parse_condition(word);
    const std::string field(condition.field);
    const bool is_list = field == "in" || field == "not_in";
    std::size_t place = 0;
    while (!is_list && objects[place][condition.property].contains(field)) {
      if (++place == objects.size()) objects.push_back(Json::object());
    }
    Json& tests = objects[place][condition.property];
    if (is_list) {
      add_value(tests[field], condition.value);
    } else if (field == "set") {
      tests[field] = condition.value == "true";
    } else {
      tests[field] = condition.value;
    }
  }
  for (Json& object : objects) {
    for (Json& tests : object) {
      const bool is_lone = tests.size() == 1 && tests.contains("in");
      if (is_lone) tests = Json(tests["in"]);
      if (tests.contains("not_in") && tests["not_in"].is_string()) {
        tests["not_in"] = Json::array({tests["not_in"]});
      }
    }
  }
  return objects.size() == 1 ? objects[0] : objects;
}

Json object_json(const std::string& flag, const std::string& text) {
  Json object = Json::parse(text, nullptr, false);
  if (object.is_discarded()) throw_usage(flag, "not a JSON object: " + quoted_excerpt(text));
  return object;
}

Json selector_json(const std::string& flag, const std::vector<std::string>& words) {
  if (words.empty() || (words.size() == 1 && words[0] == "*")) return nullptr;
  if (words.size() > 1) return {{"event", words}};
  return words[0].starts_with('{') ? object_json(flag, words[0]) : Json(words[0]);
}

bool is_on_by_default(const QueryField& field) {
  return field.type == FieldType::kFlag && field.default_json == "true";
}

// Returns --window-days for window_days.
std::string flag_of_name(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

// Returns SEGMENT for segment.
std::string argument_of(std::string_view name) {
  std::string argument;
  for (const char c : name) argument += static_cast<char>(c - 'a' + 'A');
  return argument;
}

// Returns `day` for "day", and `0,1,7` for [0, 1, 7].
std::string default_of(const QueryField& field) {
  if (field.type == FieldType::kEvent) return "any";
  // What these mean says what they are by default.
  if (field.type == FieldType::kSegment || field.type == FieldType::kRules) return {};
  std::string text;
  for (const char c : field.default_json) {
    if (std::string_view("[]\" ").find(c) == std::string_view::npos) text += c;
  }
  return text;
}

std::string help_of(const QueryField& field) {
  if (field.type == FieldType::kConditions) {
    return "Condition on a property: a=b, a!=b, a~part, a (set), !a (not set), numbers a>=2 <= > < "
           "==; repeatable";
  }
  std::string help(field.meaning);
  // A table is too much for a line of help.
  const std::string text = field.type == FieldType::kSegments ? "" : default_of(field);
  if (!field.default_json.empty() && !text.empty()) help += fmt::format(" (default {})", text);
  if (is_on_by_default(field)) return fmt::format("Leave out: {}", field.meaning);
  if (field.type == FieldType::kFlag) return std::string(field.meaning);
  const bool is_repeatable =
      field.type == FieldType::kEvent || field.type == FieldType::kExclusions ||
      field.type == FieldType::kNames || field.type == FieldType::kRules ||
      field.type == FieldType::kSegments || field.type == FieldType::kAmounts ||
      field.type == FieldType::kVariants || field.type == FieldType::kTexts ||
      field.type == FieldType::kShares || field.type == FieldType::kInstants;
  return is_repeatable ? help + "; repeatable" : help;
}

std::vector<std::string> words_of(const QueryField& field) {
  return {field.words.begin(), field.words.end()};
}

bool has_word(const QueryField& field, std::string_view word) {
  return std::find(field.words.begin(), field.words.end(), word) != field.words.end();
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

// Takes an element of a list of whole numbers, or a word that stands for a list.
CLI::Validator list_element(const QueryField& field) {
  const auto check = [&field](const std::string& given) -> std::string {
    const std::optional<std::int64_t> number = parse_integer(given);
    if (number && field.min <= *number && *number <= field.max) return {};
    if (has_word(field, given)) return {};
    return fmt::format("{} (allowed: a whole number from {} to {}{}{})", quoted_excerpt(given),
                       field.min, field.max, field.words.empty() ? "" : ", or ",
                       fmt::join(field.words, ", or "));
  };
  return CLI::Validator(check, "");
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const std::size_t first = std::min(part.find_first_not_of(' '), part.size());
    parts.emplace_back(part.substr(first));
    begin = end + 1;
  }
  return parts;
}

// Reads an event as segments write it: "purchase", "purchase|refund", "purchase[plan=pro,
// !coupon]".
Json event_json(const std::string& flag, const std::string& text) {
  if (text.starts_with('{')) return selector_json(flag, {text});
  const std::size_t bracket = text.find('[');
  if (bracket == std::string::npos) return selector_json(flag, split(text, '|'));
  if (!text.ends_with(']')) {
    throw_usage(flag, fmt::format("{}: no ] ends its conditions", quoted_excerpt(text)));
  }
  const std::string names = text.substr(0, bracket);
  const std::string conditions = text.substr(bracket + 1, text.size() - bracket - 2);
  Json selector = Json::object();
  if (!names.empty() && names != "*") selector["event"] = split(names, '|');
  selector["where"] = where_json(split(conditions, ','));
  return selector;
}

// Reads "quiet=not did(*, 3d)": the name of a rule, and its segment.
Json rule_json(const std::string& flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw_usage(flag, fmt::format("not a name and its segment: {} (allowed: name=segment)",
                                  quoted_excerpt(text)));
  }
  return {{"name", text.substr(0, equals)}, {"segment", text.substr(equals + 1)}};
}

// Reads "refund", or "refund:1-3" for other steps than the first two.
Json exclusion_json(const std::string& flag, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos) {
    const std::string_view steps = std::string_view(text).substr(colon + 1);
    const std::size_t dash = steps.find('-');
    const auto from = parse_integer(steps.substr(0, dash));
    const auto to =
        dash == std::string_view::npos ? std::nullopt : parse_integer(steps.substr(dash + 1));
    if (from && to) {
      return {{"event", event_json(flag, text.substr(0, colon))},
              {"from_step", *from},
              {"to_step", *to}};
    }
  }
  return {{"event", event_json(flag, text)}};
}

// Reads "vip=r4-5,f5": a name, and the scores of those who have it.
Json scores_json(const std::string& flag, const std::string& text) {
  const std::size_t equals = std::min(text.rfind('='), text.size());
  Json segment = {{"name", text.substr(0, equals)}};
  for (const std::string& part : split(std::string_view(text).substr(equals), ',')) {
    const std::size_t begin = part.starts_with('=') ? 1 : 0;
    const std::string name = part.substr(begin, 1);
    const std::string_view scores = std::string_view(part).substr(std::min(begin + 1, part.size()));
    const std::size_t dash = std::min(scores.find('-'), scores.size());
    const auto first = parse_integer(scores.substr(0, dash));
    const auto last = dash == scores.size() ? first : parse_integer(scores.substr(dash + 1));
    const bool is_score = name == "r" || name == "f" || name == "m";
    if (!is_score || !first || !last) {
      throw_usage(flag, fmt::format("not a segment by scores: {} (allowed: a name and its scores, "
                                    "such as vip=r4-5,f5)",
                                    quoted_excerpt(text)));
    }
    segment[name] = {*first, *last};
  }
  return segment;
}

// Reads "1.80", or "ads=1.80" and others like it.
Json amounts_json(const std::string& flag, const std::vector<std::string>& words) {
  Json amounts = Json::object();
  for (const std::string& word : words) {
    const std::size_t at = word.rfind('=');
    if (at == std::string::npos && words.size() == 1) return word;
    if (at == std::string::npos) {
      throw_usage(flag, fmt::format("{}: one amount for all stands alone (allowed: value=amount)",
                                    quoted_excerpt(word)));
    }
    amounts[word.substr(0, at)] = word.substr(at + 1);
  }
  return amounts;
}

// Reads "retention_day:7", "window:1-7", "conversion:order:7d" or, the same way, value and count.
Json metric_json(const std::string& flag, const std::string& text) {
  if (text.starts_with('{')) return selector_json(flag, {text});
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (name == "retention_day") {
    if (const auto day = parse_integer(rest)) return {{name, *day}};
  }
  if (name == "window") {
    const std::size_t dash = rest.find('-');
    const auto from = parse_integer(std::string_view(rest).substr(0, dash));
    const auto to = dash == std::string::npos
                        ? std::nullopt
                        : parse_integer(std::string_view(rest).substr(dash + 1));
    if (from && to) return {{name, {*from, *to}}};
  }
  const std::size_t within = rest.rfind(':');
  const bool is_outcome = name == "conversion" || name == "value" || name == "count";
  if (is_outcome && within != std::string::npos) {
    return {{name, event_json(flag, rest.substr(0, within))}, {"within", rest.substr(within + 1)}};
  }
  throw_usage(flag, fmt::format("not a metric: {} (allowed: retention_day:DAY, window:FROM-TO, "
                                "conversion:EVENT:LENGTH, value:EVENT:LENGTH, count:EVENT:LENGTH)",
                                quoted_excerpt(text)));
}

// Reads "NAME=WHAT" for each `thing`, such as a variant; `element` makes JSON of what is given.
template <class Element>
Json by_name(const std::string& flag, const std::string& thing,
             const std::vector<std::string>& words, Element element) {
  Json object = Json::object();
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    if (sign == std::string::npos || object.contains(word.substr(0, sign))) {
      throw_usage(flag, fmt::format("{} (allowed: {}=..., each {} once)", quoted_excerpt(word),
                                    argument_of(thing), thing));
    }
    object[word.substr(0, sign)] = element(word.substr(sign + 1));
  }
  return object;
}

Json share_json(const std::string& flag, const std::string& text) {
  const Json share = Json::parse(text, nullptr, false);
  if (!share.is_number()) {
    throw_usage(flag,
                fmt::format("{} (allowed: a number above 0, such as 0.5)", quoted_excerpt(text)));
  }
  return share;
}

// Lets the flag be given again, with one word each time.
void make_repeatable(CLI::Option& option) {
  option.type_size(1)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::Option* add_flag(CLI::App& command, const QueryField& field, std::optional<std::string>& word,
                      std::vector<std::string>& words) {
  const std::string name = field.is_required ? argument_of(field.name) : flag_of_field(field);
  const std::string help = help_of(field);
  CLI::Option* option = nullptr;
  switch (field.type) {
    case FieldType::kEvent:
      option = command.add_option(name, words, help)->type_name("EVENT");
      make_repeatable(*option);
      return option;
    case FieldType::kConditions:
      option = command.add_option(name, words, help)->type_name("CONDITION");
      make_repeatable(*option);
      return option;
    case FieldType::kEvents:
      return command.add_option(name, words, help)->type_name(field.is_required ? "" : "EVENT");
    case FieldType::kExclusions:
      option = command.add_option(name, words, help)->type_name("EVENT[:FROM-TO]");
      make_repeatable(*option);
      return option;
    case FieldType::kNames:
      option = command.add_option(name, words, help)->type_name("EVENT");
      make_repeatable(*option);
      return option;
    case FieldType::kRules:
      option = command.add_option(name, words, help)->type_name("NAME=SEGMENT");
      make_repeatable(*option);
      return option;
    case FieldType::kSegments:
      option = command.add_option(name, words, help)->type_name("NAME=SCORES");
      make_repeatable(*option);
      return option;
    case FieldType::kEdges:
      return command.add_option(name, word, help)->type_name("WORD|JSON");
    case FieldType::kText:
      return command.add_option(name, word, help)->type_name("TEXT");
    case FieldType::kAmounts:
      option = command.add_option(name, words, help)->type_name("AMOUNT|VALUE=AMOUNT");
      make_repeatable(*option);
      return option;
    case FieldType::kVariants:
      option = command.add_option(name, words, help)->type_name("VARIANT=SEGMENT");
      make_repeatable(*option);
      return option;
    case FieldType::kShares:
      option = command.add_option(name, words, help)->type_name("VARIANT=NUMBER");
      make_repeatable(*option);
      return option;
    case FieldType::kInstants:
      return command.add_option(name, words, help)->type_name(field.is_required ? "" : "NAME=TIME");
    case FieldType::kTexts:
      option = command.add_option(name, words, help)->type_name("TEXT");
      make_repeatable(*option);
      return option;
    case FieldType::kMetric:
      return command.add_option(name, word, help)->type_name(field.is_required ? "" : "METRIC");
    case FieldType::kFlag:
      return command.add_flag_callback(
          name, [&word] { word = "true"; }, help);
    case FieldType::kLength:
      return command.add_option(name, word, help)->type_name("LENGTH");
    case FieldType::kWord:
      return add_choice(command, name, word, words_of(field), help);
    case FieldType::kInteger:
      return command.add_option(name, word, help)
          ->check(whole_number(field.min, field.max))
          ->type_name("N");
    case FieldType::kIntegers:
      return command.add_option(name, words, help)
          ->delimiter(',')
          ->check(list_element(field))
          ->type_name("N,N,...");
    case FieldType::kSegment:
      // The name of an argument says what it is.
      return command.add_option(name, word, help)->type_name(field.is_required ? "" : "SEGMENT");
    case FieldType::kProperty:
      return command.add_option(name, word, help)->type_name("PROPERTY");
    case FieldType::kUser:
      return command.add_option(name, word, help)->type_name(field.is_required ? "" : "USER");
    case FieldType::kDate:
      return command.add_option(name, word, help)->type_name("DATE");
    case FieldType::kSpan:
      return command.add_option(name, word, help)->type_name("SPAN");
    case FieldType::kInstant:
      return command.add_option(name, word, help)->type_name("TIME");
    case FieldType::kMembers:
      break;
  }
  return nullptr;
}

// Says whether each of several is given by itself: a name, or a name and its number. Other texts
// may well have commas.
bool takes_lists_in_turn(const QueryField& field) {
  switch (field.type) {
    case FieldType::kEvent:
    case FieldType::kEvents:
    case FieldType::kNames:
    case FieldType::kTexts:
    case FieldType::kAmounts:
    case FieldType::kShares:
      return true;
    default:
      return false;
  }
}

// Returns what a field was given, as JSON.
Json value_of(const QueryField& field, const std::optional<std::string>& word,
              const std::vector<std::string>& words) {
  const std::string flag = flag_of_field(field);
  switch (field.type) {
    case FieldType::kEvent:
      return selector_json(flag, words);
    case FieldType::kConditions:
      return where_json(words);
    case FieldType::kEvents:
    case FieldType::kExclusions: {
      Json list = Json::array();
      for (const std::string& text : words) {
        list.push_back(field.type == FieldType::kEvents ? event_json(flag, text)
                                                        : exclusion_json(flag, text));
      }
      return list;
    }
    case FieldType::kNames:
      return words;
    case FieldType::kRules: {
      Json list = Json::array();
      for (const std::string& text : words) list.push_back(rule_json(flag, text));
      return list;
    }
    case FieldType::kSegments: {
      Json list = Json::array();
      for (const std::string& text : words) list.push_back(scores_json(flag, text));
      return list;
    }
    case FieldType::kEdges:
      return word->starts_with('{') ? object_json(flag, *word) : Json(*word);
    case FieldType::kAmounts:
      return amounts_json(flag, words);
    case FieldType::kTexts:
      return words;
    case FieldType::kVariants:
      return by_name(flag, "variant", words, [](const std::string& text) { return Json(text); });
    case FieldType::kInstants:
      return by_name(flag, "run", words, [](const std::string& text) { return Json(text); });
    case FieldType::kShares:
      return by_name(flag, "variant", words,
                     [&flag](const std::string& text) { return share_json(flag, text); });
    case FieldType::kMetric:
      return metric_json(flag, *word);
    case FieldType::kFlag:
      return !is_on_by_default(field);
    case FieldType::kInteger:
      return *parse_integer(*word);
    case FieldType::kIntegers: {
      if (words.size() == 1 && has_word(field, words[0])) return words[0];
      Json list = Json::array();
      for (const std::string& element : words) {
        const std::optional<std::int64_t> number = parse_integer(element);
        if (!number) throw_usage(flag, fmt::format("{}: stands alone", quoted_excerpt(element)));
        list.push_back(*number);
      }
      return list;
    }
    default:
      return *word;
  }
}

}  // namespace

std::string flag_of_field(const QueryField& field) {
  return flag_of_name(is_on_by_default(field) ? fmt::format("no-{}", field.name)
                                              : std::string(field.name));
}

Json::json_pointer place_of_field(const QueryField& field) {
  std::string place = "/" + std::string(field.place.empty() ? field.name : field.place);
  std::replace(place.begin(), place.end(), '.', '/');
  return Json::json_pointer(place);
}

void throw_usage(const std::string& flag, const std::string& text) {
  throw CLI::ValidationError(flag, text);
}

void FieldFlags::add_to(CLI::App& command, std::span<const QueryField> fields) {
  for (const QueryField& field : fields) {
    if (field.is_implied || field.type == FieldType::kMembers) continue;
    Flag& flag = flags_.emplace_back(Flag{.field = field});
    add_flag(command, field, flag.word, flag.words)->required(field.is_required);
  }
  for (const Flag& flag : flags_) {
    if (flag.field.is_required) continue;
    CLI::Option* const option = command.get_option(flag_of_field(flag.field));
    for (const auto& others : {flag.field.stands_for, flag.field.excludes}) {
      for (const std::string_view other : others) {
        option->excludes(command.get_option(flag_of_name(other)));
      }
    }
    if (!flag.field.needs.empty())
      option->needs(command.get_option(flag_of_name(flag.field.needs)));
  }
}

void FieldFlags::check() const {
  const auto is_given = [&](std::string_view name) {
    return std::ranges::any_of(
        flags_, [&](const Flag& flag) { return flag.field.name == name && flag.is_given(); });
  };
  for (const Flag& flag : flags_) {
    const QueryField& field = flag.field;
    if (field.needed_unless.empty() || flag.is_given() || is_given(field.needed_unless)) continue;
    throw CLI::RequiredError(fmt::format("{} ({}), or {}", flag_of_field(field), field.meaning,
                                         flag_of_name(field.needed_unless)));
  }
}

std::string FieldFlags::lists_in_turn() const {
  std::string text;
  for (const Flag& flag : flags_) {
    const bool is_list = flag.words.size() == 1 && takes_lists_in_turn(flag.field) &&
                         flag.words[0].find(',') != std::string::npos &&
                         flag.words[0].find_first_of("[{(") == std::string::npos;
    if (!is_list) continue;
    for (const std::string& word : split(flag.words[0], ',')) {
      if (!text.empty()) text += " ";
      if (!flag.field.is_required) text += flag_of_field(flag.field) + " ";
      text += shell_word(word);
    }
  }
  return text;
}

void FieldFlags::write(Json& spec) const {
  for (const Flag& flag : flags_) {
    if (!flag.is_given()) continue;
    const Json value = value_of(flag.field, flag.word, flag.words);
    const QueryField& field = flag.field;
    for (const std::string_view other : field.stands_for) spec[std::string(other)] = value;
    if (field.stands_for.empty()) spec[place_of_field(field)] = value;
  }
}

}  // namespace rollcall::tools
