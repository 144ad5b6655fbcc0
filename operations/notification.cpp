#include <cmath>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rollcall/notifier.h"

namespace rollcall {

namespace {

using BodyJson = nlohmann::ordered_json;

BodyJson body_of(std::string_view event, const std::string& alert,
                 const AlertDefinition& definition, TimeUs at_us) {
  return {{"event", std::string(event)},
          {"alert", alert},
          {"severity", definition.severity},
          {"at", utc_text(at_us)}};
}

template <class T>
BodyJson value_or_null(const std::optional<T>& value) {
  return value ? BodyJson(*value) : BodyJson(nullptr);
}

// Counts are written without a fraction.
BodyJson number_or_null(const std::optional<double>& value) {
  constexpr double kWholeMax = 9007199254740992;  // doubles up to this have every whole number
  if (!value) return nullptr;
  const bool is_whole = std::trunc(*value) == *value && std::abs(*value) <= kWholeMax;
  return is_whole ? BodyJson(static_cast<std::int64_t>(*value)) : BodyJson(*value);
}

std::string one_line(const BodyJson& body) {
  return body.dump(-1, ' ', false, BodyJson::error_handler_t::replace);
}

}  // namespace

std::string change_body(const std::string& alert, const AlertDefinition& definition,
                        const AlertChange& change) {
  BodyJson body = body_of("change", alert, definition, change.at_us);
  BodyJson series = BodyJson::object();
  for (const auto& [name, value] : change.series) series[name] = value_or_null(value);
  body["series"] = series;
  body["from"] = std::string(to_string(change.from));
  body["to"] = std::string(to_string(change.to));
  body["date"] = change.date;
  body["column"] = definition.column;
  body["value"] = number_or_null(change.value);
  body["reference"] = number_or_null(change.reference);
  body["users"] = value_or_null(change.users);
  body["condition"] = to_string(definition.condition);
  return one_line(body);
}

std::string failure_body(const std::string& alert, const AlertDefinition& definition,
                         const Status& error, TimeUs now_us) {
  BodyJson body = body_of("question_failed", alert, definition, now_us);
  body["error"] = std::string(to_string(error.code()));
  return one_line(body);
}

std::string test_body(const std::string& alert, const AlertDefinition& definition, TimeUs now_us) {
  BodyJson body = body_of("test", alert, definition, now_us);
  body["column"] = definition.column;
  body["condition"] = to_string(definition.condition);
  return one_line(body);
}

std::string new_delivery_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

}  // namespace rollcall
