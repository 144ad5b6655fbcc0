#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "operations/alert_definition.h"
#include "operations/json_object.h"
#include "operations/named_users.h"
#include "rollcall/alert.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"

namespace rollcall {

namespace {

constexpr std::size_t kTextBytesMax = 4096;
constexpr std::size_t kArgumentsMax = 100;

Status wrong(std::string_view field, std::string_view what) {
  return Status::invalid_argument(fmt::format("alert: {}: {}", field, what));
}

Status wrong_value(std::string_view field, std::string_view must, const Json& found) {
  return wrong(field, fmt::format("must be {}, found {}", must, quoted_excerpt(found.text())));
}

bool is_word(const Json& value, std::string_view word) {
  return value.is_string() && value.get<std::string>() == word;
}

// Returns an error if the object has other fields.
Status check_fields(std::string_view place, const Json& object,
                    const std::vector<std::string>& allowed) {
  for (const auto& [name, value] : object.fields()) {
    if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
    return Status::invalid_argument(
        fmt::format("{}: {}", place, unknown_name("field", name, allowed)));
  }
  return {};
}

// Returns the names of a table of fields.
std::vector<std::string> names_of_fields(const auto& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.emplace_back(field.name);
  return names;
}

Result<std::string> text_field(std::string_view field, const Json& value) {
  const std::string must = fmt::format("a text of 1 to {} bytes", kTextBytesMax);
  if (!value.is_string()) return wrong_value(field, must, value);
  const auto& text = value.get<std::string>();
  if (text.empty() || text.size() > kTextBytesMax) return wrong_value(field, must, value);
  if (text.find('\0') != std::string::npos) return wrong_value(field, "a text without NUL", value);
  return text;
}

Result<double> number_field(std::string_view field, const Json& value) {
  if (!value.is_number()) return wrong_value(field, "a number", value);
  try {
    return value.as<double>();
  } catch (const std::invalid_argument&) {
    return wrong_value(field, "a number", value);  // too large for a double
  }
}

Result<std::uint64_t> count_field(std::string_view field, const Json& value, std::uint64_t min,
                                  std::uint64_t max) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < min ||
      value.get<std::uint64_t>() > max) {
    return wrong_value(field, fmt::format("a whole number from {} to {}", min, max), value);
  }
  return value.get<std::uint64_t>();
}

// Reads "30s", "90m", "36h", "2d" or "1w".
Result<TimeUs> length_field(std::string_view field, const Json& value) {
  constexpr std::int64_t kSecondsMax = std::int64_t{36'600} * 86'400;
  constexpr std::pair<char, std::int64_t> kUnits[] = {
      {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}};
  const Status refused =
      wrong_value(field, "a length of time such as \"90m\", \"36h\", \"2d\" or \"1w\"", value);
  if (!value.is_string()) return refused;
  const auto& text = value.get<std::string>();
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end + 1 != text.data() + text.size() || count < 1) return refused;
  for (const auto& [unit, seconds] : kUnits) {
    if (*end != unit || count > kSecondsMax / seconds) continue;
    return TimeUs{count * seconds * 1'000'000};
  }
  return refused;
}

Status check_query(const Json& value, AlertDefinition& definition) {
  if (!value.is_object()) return wrong_value("query", "a question, a JSON object", value);
  definition.query = value.text();
  const Result<Query> query = parse_query(definition.query);
  if (!query.ok()) return query.status().within("alert: query");
  // Notifications have numbers and names, never users.
  if (!names_users(*query)) return {};
  return wrong("query", fmt::format("its answer lists users, kind {} (allowed: one that counts)",
                                    quoted_excerpt(value.at("kind").as<std::string>())));
}

Status read_where(const Json& value, AlertDefinition& definition) {
  if (!value.is_object()) return wrong_value("where", "an object of key columns", value);
  for (const auto& [name, fixed] : value.fields()) {
    std::optional<std::string> text;
    if (fixed.is_string()) {
      text = fixed.get<std::string>();
    } else if (fixed.is_number_integer()) {
      text = fixed.text();
    } else if (!fixed.is_null()) {
      return wrong_value("where: " + excerpt(name), "a text, a whole number or null", fixed);
    }
    definition.where.emplace_back(name, text);
  }
  return {};
}

constexpr std::pair<std::string_view, AlertCondition::Reference> kReferences[] = {
    {"previous", AlertCondition::Reference::kPrevious},
    {"week_before", AlertCondition::Reference::kWeekBefore}};
constexpr std::string_view kMeanOf = "mean_of";

Status read_against(const Json& value, AlertCondition& condition) {
  for (const auto& [word, reference] : kReferences) {
    if (!is_word(value, word)) continue;
    condition.reference = reference;
    return {};
  }
  if (value.is_object() && value.contains(kMeanOf) && value.size() == 1) {
    condition.reference = AlertCondition::Reference::kMeanOf;
    ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t count,
                              count_field("condition: against: mean_of", value.at(kMeanOf), 1,
                                          AlertDefinition::kPeriodsMax));
    condition.mean_of = static_cast<std::uint32_t>(count);
  } else {
    return wrong_value("condition: against", "\"previous\", \"week_before\" or {\"mean_of\": N}",
                       value);
  }
  return {};
}

constexpr std::string_view kAgainst = "against";
constexpr std::pair<std::string_view, AlertCondition::Test> kConditionTests[] = {
    {"below", AlertCondition::Test::kBelow},
    {"above", AlertCondition::Test::kAbove},
    {"change", AlertCondition::Test::kChange}};

Status read_condition(const Json& value, AlertCondition& condition) {
  std::string_view word;
  std::size_t tests = 0;
  for (const auto& [name, test] : kConditionTests) {
    if (!value.is_object() || !value.contains(name)) continue;
    word = name;
    condition.test = test;
    ++tests;
  }
  if (tests != 1) {
    return wrong_value("condition", "an object with one of \"below\", \"above\" and \"change\"",
                       value);
  }
  ROLLCALL_ASSIGN_OR_RETURN(condition.bound,
                            number_field(fmt::format("condition: {}", word), value.at(word)));
  std::vector<std::string> allowed = {std::string(word)};
  if (condition.test == AlertCondition::Test::kChange) allowed.emplace_back(kAgainst);
  ROLLCALL_RETURN_IF_ERROR(check_fields("alert: condition", value, allowed));
  if (condition.test != AlertCondition::Test::kChange) return {};
  if (condition.bound == 0) return wrong_value("condition: change", "other than 0", value.at(word));
  if (!value.contains(kAgainst)) return wrong("condition", "change needs \"against\"");
  return read_against(value.at(kAgainst), condition);
}

// The bound that ends an alert lies on the side where all is well, or it would be no hysteresis.
Status check_clear(const AlertDefinition& definition) {
  if (!definition.clear) return {};
  const AlertCondition& condition = definition.condition;
  const bool grows = condition.test == AlertCondition::Test::kAbove ||
                     (condition.test == AlertCondition::Test::kChange && condition.bound > 0);
  const double clear = *definition.clear;
  if (grows ? clear <= condition.bound : clear >= condition.bound) return {};
  return wrong("clear", fmt::format("must be {} {}, the bound of the condition, found {}",
                                    grows ? "at most" : "at least", condition.bound, clear));
}

// Returns the host of a URL, in lower case and without a port; empty: there is none.
std::string host_of(std::string_view authority) {
  std::string host(authority);
  if (host.starts_with('[')) {
    host = host.substr(0, host.find(']') + 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return host;
}

Status check_url(const std::string& url) {
  const bool has_strange = std::any_of(
      url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '\\'; });
  const bool is_https = url.starts_with("https://");
  if (has_strange || (!is_https && !url.starts_with("http://"))) {
    return wrong_value("notify: webhook: url", "a URL that begins with https://", Json(url));
  }
  std::string_view authority = std::string_view(url).substr(is_https ? 8 : 7);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  // The text is not repeated, since it may hold a password.
  if (authority.find('@') != std::string_view::npos) {
    return wrong("notify: webhook: url",
                 "has a user or a password (allowed: none; secret_env or secret_file says where "
                 "the key is)");
  }
  const std::string host = host_of(authority);
  if (host.empty()) return wrong_value("notify: webhook: url", "a URL with a host", Json(url));
  if (is_https || host == "localhost" || host == "127.0.0.1" || host == "[::1]") return {};
  return wrong_value("notify: webhook: url",
                     "https, or http to localhost, 127.0.0.1 or [::1] alone", Json(url));
}

Status check_secret_env(const std::string& name) {
  const bool is_name = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c == '_' || (c < 0x80 && std::isalnum(c) != 0);
  });
  if (is_name) return {};
  // Somebody may have put the key itself there.
  return wrong("notify: webhook: secret_env",
               "must be the name of a variable of the environment: letters, digits and _");
}

Status check_secret_file(const std::string& path) {
  if (path.starts_with('/')) return {};
  return wrong("notify: webhook: secret_file", "must be the absolute path of a file");
}

struct WebhookField {
  std::string_view name;
  std::string WebhookTarget::*text;
  Status (*check)(const std::string& text);
};

constexpr WebhookField kWebhookFields[] = {
    {"url", &WebhookTarget::url, check_url},
    {"secret_env", &WebhookTarget::secret_env, check_secret_env},
    {"secret_file", &WebhookTarget::secret_file, check_secret_file}};

Result<AlertTarget> read_webhook(const Json& value) {
  if (!value.is_object()) {
    return wrong("notify: webhook",
                 fmt::format("must be an object with a url, found {}", value.type_name()));
  }
  ROLLCALL_RETURN_IF_ERROR(
      check_fields("alert: notify: webhook", value, names_of_fields(kWebhookFields)));
  if (!value.contains("url")) return wrong("notify: webhook", "url is missing");
  WebhookTarget target;
  for (const WebhookField& field : kWebhookFields) {
    const Json* const found = value.find(field.name);
    if (found == nullptr) continue;
    std::string& text = target.*field.text;
    ROLLCALL_ASSIGN_OR_RETURN(text,
                              text_field(fmt::format("notify: webhook: {}", field.name), *found));
    ROLLCALL_RETURN_IF_ERROR(field.check(text));
  }
  if (!target.secret_env.empty() && !target.secret_file.empty()) {
    return wrong("notify: webhook", "has secret_env and secret_file (allowed: one of them)");
  }
  return AlertTarget(target);
}

Result<AlertTarget> read_command(const Json& value) {
  CommandTarget target;
  if (!value.is_array() || value.empty() || value.size() > kArgumentsMax) {
    return wrong_value("notify: command", fmt::format("a list of 1 to {} arguments", kArgumentsMax),
                       value);
  }
  for (const Json& argument : value.elements()) {
    if (!argument.is_string() || argument.get<std::string>().size() > kTextBytesMax ||
        argument.get<std::string>().find('\0') != std::string::npos) {
      return wrong_value("notify: command",
                         fmt::format("texts of up to {} bytes without NUL", kTextBytesMax),
                         argument);
    }
    target.arguments.push_back(argument.get<std::string>());
  }
  if (!target.arguments.front().starts_with('/')) {
    return wrong_value("notify: command", "a list that begins with the absolute path of a program",
                       value);
  }
  return AlertTarget(target);
}

struct TargetKind {
  std::string_view name;
  Result<AlertTarget> (*read)(const Json& value);
};

constexpr TargetKind kTargetKinds[] = {{"webhook", read_webhook}, {"command", read_command}};

Result<AlertTarget> read_target(const Json& value) {
  if (value.is_object() && value.size() == 1) {
    for (const TargetKind& kind : kTargetKinds) {
      if (const Json* const found = value.find(kind.name)) return kind.read(*found);
    }
  }
  // Errors of a webhook do not repeat the value, which may be a key in a wrong place.
  return wrong("notify", fmt::format("must be an object with either \"webhook\" or \"command\" "
                                     "and nothing else, or a list of them, found {}",
                                     value.type_name()));
}

Status read_notify(const Json& value, AlertDefinition& definition) {
  const Json::Array one = {value};
  const Json::Array& list = value.is_array() ? value.elements() : one;
  if (list.size() > AlertDefinition::kTargetsMax) {
    return wrong("notify", fmt::format("has {} targets (allowed: up to {})", list.size(),
                                       AlertDefinition::kTargetsMax));
  }
  for (const Json& target : list) {
    ROLLCALL_ASSIGN_OR_RETURN(AlertTarget read, read_target(target));
    definition.notify.push_back(std::move(read));
  }
  return {};
}

struct AlertField {
  std::string_view name;
  bool is_required;
  Status (*read)(std::string_view name, const Json& value, AlertDefinition& definition);
};

// These are all the fields of a definition: what is not here is refused, and what is here is listed
// by `alert_fields`.
constexpr AlertField kAlertFields[] = {
    {"query", true,
     [](std::string_view, const Json& value, AlertDefinition& definition) {
       return check_query(value, definition);
     }},
    {"column", true,
     [](std::string_view name, const Json& value, AlertDefinition& definition) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(definition.column, text_field(name, value));
       return {};
     }},
    {"where", false,
     [](std::string_view, const Json& value, AlertDefinition& definition) {
       return read_where(value, definition);
     }},
    {"condition", true,
     [](std::string_view, const Json& value, AlertDefinition& definition) {
       return read_condition(value, definition.condition);
     }},
    {"clear", false,
     [](std::string_view name, const Json& value, AlertDefinition& definition) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(definition.clear, number_field(name, value));
       return {};
     }},
    {"min_users", false,
     [](std::string_view name, const Json& value, AlertDefinition& definition) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(
           definition.min_users,
           count_field(name, value, 0, std::numeric_limits<std::int64_t>::max()));
       return {};
     }},
    {"for", false,
     [](std::string_view name, const Json& value, AlertDefinition& definition) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t periods,
                                 count_field(name, value, 1, AlertDefinition::kPeriodsMax));
       definition.periods = static_cast<std::uint32_t>(periods);
       return {};
     }},
    {"max_age", false,
     [](std::string_view name, const Json& value, AlertDefinition& definition) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(definition.max_age_us, length_field(name, value));
       return {};
     }},
    {"severity", false,
     [](std::string_view name, const Json& value, AlertDefinition& definition) -> Status {
       ROLLCALL_ASSIGN_OR_RETURN(definition.severity, text_field(name, value));
       return {};
     }},
    {"notify", false, [](std::string_view, const Json& value, AlertDefinition& definition) {
       return read_notify(value, definition);
     }}};

}  // namespace

Result<AlertDefinition> parse_alert(std::string_view json) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json object, parse_json_object("alert", json));
  ROLLCALL_RETURN_IF_ERROR(check_fields("alert", object, names_of_fields(kAlertFields)));
  AlertDefinition definition;
  for (const AlertField& field : kAlertFields) {
    if (field.is_required && !object.contains(field.name)) return wrong(field.name, "is missing");
  }
  for (const auto& [name, value] : object.fields()) {
    const auto* const field = std::ranges::find(kAlertFields, name, &AlertField::name);
    ROLLCALL_RETURN_IF_ERROR(field->read(name, value, definition));
  }
  ROLLCALL_RETURN_IF_ERROR(check_clear(definition));
  return definition;
}

std::vector<DefinitionField> alert_fields() {
  std::vector<DefinitionField> fields;
  const auto add = [&fields](std::string_view within, std::string_view name) {
    fields.push_back({fmt::format("{}{}", within, name), {}});
  };
  for (const AlertField& field : kAlertFields) {
    add("", field.name);
    if (field.name == "condition") {
      for (const auto& [name, test] : kConditionTests) add("condition.", name);
      add("condition.", kAgainst);
      for (const auto& [word, reference] : kReferences) fields.back().words.emplace_back(word);
      add("condition.against.", kMeanOf);
    }
    if (field.name == "notify") {
      for (const TargetKind& kind : kTargetKinds) add("notify.", kind.name);
      for (const WebhookField& part : kWebhookFields) add("notify.webhook.", part.name);
    }
  }
  return fields;
}

std::string to_string(const AlertCondition& condition) {
  switch (condition.test) {
    case AlertCondition::Test::kBelow:
      return fmt::format("below {}", condition.bound);
    case AlertCondition::Test::kAbove:
      return fmt::format("above {}", condition.bound);
    case AlertCondition::Test::kChange:
      break;
  }
  std::string reference = "previous";
  if (condition.reference == AlertCondition::Reference::kWeekBefore) reference = "week_before";
  if (condition.reference == AlertCondition::Reference::kMeanOf) {
    reference = fmt::format("mean_of {}", condition.mean_of);
  }
  return fmt::format("change of {} or {} against {}", condition.bound,
                     condition.bound < 0 ? "less" : "more", reference);
}

std::string series_text(const AlertSeries& series) {
  std::string text;
  for (const auto& [name, value] : series) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value.value_or("-"));
  }
  return text.empty() ? "-" : text;
}

std::string_view to_string(AlertState state) {
  switch (state) {
    case AlertState::kOk:
      return "ok";
    case AlertState::kPending:
      return "pending";
    case AlertState::kFiring:
      return "firing";
    case AlertState::kStale:
      return "stale";
  }
  return "";
}

}  // namespace rollcall
