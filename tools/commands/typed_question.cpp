#include "tools/commands/typed_question.h"

#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tools/commands/field_flags.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

using Json = nlohmann::ordered_json;

// Texts stand for themselves, and everything else is JSON.
std::string word_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<std::string> words_of(const Json& list) {
  std::vector<std::string> words;
  for (const Json& element : list) words.push_back(word_of(element));
  return words;
}

// Returns "a=did(login)" for each name and what it stands for.
std::vector<std::string> named_words(const Json& object) {
  std::vector<std::string> words;
  for (const auto& [name, value] : object.items()) {
    words.push_back(fmt::format("{}={}", name, word_of(value)));
  }
  return words;
}

// Returns "retention_day:7", "window:1-7" or "conversion:order:7d".
std::string metric_word(const Json& metric) {
  const std::string& name = metric.begin().key();
  const Json& value = metric.begin().value();
  if (value.is_array()) return fmt::format("{}:{}", name, fmt::join(words_of(value), "-"));
  const std::string within =
      metric.contains("within") ? ":" + metric["within"].get<std::string>() : std::string();
  return fmt::format("{}:{}{}", name, word_of(value), within);
}

// Returns what is given for the field: a word for each time that its flag is given.
std::vector<std::string> words_of(const QueryField& field, const Json& value) {
  switch (field.type) {
    case FieldType::kIntegers:
      return {value.is_array() ? fmt::format("{}", fmt::join(words_of(value), ","))
                               : word_of(value)};
    case FieldType::kVariants:
    case FieldType::kShares:
    case FieldType::kInstants:
      return named_words(value);
    case FieldType::kAmounts:
      return value.is_object() ? named_words(value) : words_of(Json::array({value}));
    case FieldType::kMetric:
      return {metric_word(value)};
    default:
      return value.is_array() ? words_of(value) : std::vector{word_of(value)};
  }
}

void add_fields(const Json& question, std::span<const QueryField> fields, bool are_required,
                std::string& text) {
  for (const QueryField& field : fields) {
    if (field.is_required != are_required || field.type == FieldType::kMembers) continue;
    const Json::json_pointer place = place_of_field(field);
    if (!question.contains(place)) continue;
    const std::string flag = are_required ? "" : " " + flag_of_field(field);
    if (field.type == FieldType::kFlag) {
      text += flag;
      continue;
    }
    for (const std::string& word : words_of(field, question.at(place))) {
      text += fmt::format("{} {}", flag, shell_word(word));
    }
  }
}

void add_members(const Json& members, std::string& text) {
  text += " --members " + shell_word(word_of(members.at("of")));
  for (const std::string& word : named_words(members.value("where", Json::object()))) {
    text += " --at " + shell_word(word);
  }
  if (members.contains("limit")) text += " --limit " + word_of(members["limit"]);
}

}  // namespace

std::string typed_question(const QueryKind& kind, std::string_view json) {
  const Json question = Json::parse(json);
  std::string text;
  add_fields(question, kind.fields, /*are_required=*/true, text);
  add_fields(question, kind.fields, /*are_required=*/false, text);
  add_fields(question, range_fields(), /*are_required=*/false, text);
  add_fields(question, common_fields(), /*are_required=*/false, text);
  if (question.contains("members")) add_members(question["members"], text);
  return text.substr(text.empty() ? 0 : 1);
}

}  // namespace rollcall::tools
