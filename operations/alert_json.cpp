#include "rollcall/alert_json.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "rollcall/alert_states.h"

namespace rollcall {
namespace {

using AlertJson = nlohmann::ordered_json;

std::string dumped_alert(const AlertJson& json) {
  return json.dump(-1, ' ', false, AlertJson::error_handler_t::replace);
}

// A whole number has no fraction.
AlertJson value_json(const std::optional<double>& value) {
  constexpr double kWholeMax = 9007199254740992;  // doubles up to this have every whole number
  if (!value) return nullptr;
  if (std::trunc(*value) != *value || std::abs(*value) > kWholeMax) return *value;
  return static_cast<std::int64_t>(*value);
}

AlertJson instant_json(TimeUs time_us) {
  return time_us == 0 ? AlertJson() : AlertJson(utc_text(time_us));
}

AlertJson text_or_null(const std::string& text) {
  return text.empty() ? AlertJson() : AlertJson(text);
}

AlertJson told_failure(const std::optional<AlertFailure>& failure) {
  return failure ? AlertJson(failure->text) : AlertJson();
}

AlertJson keys_json(const AlertSeries& series) {
  AlertJson json = AlertJson::object();
  for (const auto& [key, value] : series) json[key] = value ? AlertJson(*value) : AlertJson();
  return json;
}

AlertJson states_json(std::span<const AlertSeriesState> series) {
  AlertJson json = AlertJson::array();
  for (const AlertSeriesState& state : series) {
    json.push_back({{"series", keys_json(state.series)},
                    {"state", std::string(to_string(state.state()))},
                    {"date", text_or_null(state.date)},
                    {"value", value_json(state.value)},
                    {"since", instant_json(state.since_us)}});
  }
  return json;
}

AlertJson changes_json(std::span<const AlertChange> changes) {
  AlertJson json = AlertJson::array();
  for (const AlertChange& change : changes) {
    json.push_back({{"at", utc_text(change.at_us)},
                    {"series", keys_json(change.series)},
                    {"from", std::string(to_string(change.from))},
                    {"to", std::string(to_string(change.to))},
                    {"date", change.date},
                    {"value", value_json(change.value)}});
  }
  return json;
}

AlertJson summary_json(const KeptAlert& alert) {
  const Result<AlertDefinition> read = parse_alert(alert.definition);
  const AlertDefinition definition = read.ok() ? *read : AlertDefinition();
  return {{"alert", alert.name},
          {"state", std::string(state_word(alert))},
          {"severity", definition.severity},
          {"column", definition.column},
          {"condition", read.ok() ? to_string(definition.condition) : "not readable"},
          {"checked", instant_json(alert.record ? alert.record->checked_us : 0)}};
}

}  // namespace

std::string_view state_word(const KeptAlert& alert) {
  if (!alert.record) return "off";
  const AlertRecord& record = *alert.record;
  if (record.checked_us == 0 && record.series.empty()) return "unknown";
  constexpr std::array kGravestFirst = {AlertState::kFiring, AlertState::kStale,
                                        AlertState::kPending};
  for (const AlertState state : kGravestFirst) {
    for (const AlertSeriesState& series : record.series) {
      if (series.state() == state) return to_string(state);
    }
  }
  return to_string(AlertState::kOk);
}

std::string alerts_json(std::span<const KeptAlert> alerts) {
  AlertJson json = AlertJson::array();
  for (const KeptAlert& alert : alerts) json.push_back(summary_json(alert));
  return dumped_alert(json);
}

std::string alert_json(const KeptAlert& alert) {
  AlertJson json = summary_json(alert);
  const AlertRecord record = alert.record.value_or(AlertRecord());
  json["definition"] = AlertJson::parse(alert.definition, nullptr, /*allow_exceptions=*/false);
  json["failure"] = told_failure(record.failure);
  json["states"] = states_json(record.series);
  json["changes"] = changes_json(record.changes);
  return dumped_alert(json);
}

std::string alert_changes_json(std::span<const AlertChange> changes) {
  return dumped_alert(changes_json(changes));
}

std::string checked_alerts_json(std::span<const CheckedAlert> checked) {
  AlertJson json = AlertJson::array();
  for (const CheckedAlert& alert : checked) {
    json.push_back(
        {{"alert", alert.name},
         {"severity", alert.severity},
         {"error", alert.question.ok() ? AlertJson() : AlertJson(alert.question.message())},
         {"states", states_json(alert.series)}});
  }
  return dumped_alert(json);
}

std::string alert_breaker_json(const AlertBreaker& breaker) {
  return dumped_alert(AlertJson{{"is_open", breaker.is_open},
                                {"checked", instant_json(breaker.checked_us)},
                                {"failure", told_failure(breaker.failure)}});
}

std::string alert_target_json(const AlertTarget& target) {
  if (const auto* const command = std::get_if<CommandTarget>(&target)) {
    return dumped_alert(AlertJson{{"command", command->arguments}});
  }
  const auto& webhook = std::get<WebhookTarget>(target);
  AlertJson json = {{"url", webhook.url}};
  if (!webhook.secret_env.empty()) json["secret_env"] = webhook.secret_env;
  if (!webhook.secret_file.empty()) json["secret_file"] = webhook.secret_file;
  return dumped_alert(AlertJson{{"webhook", json}});
}

}  // namespace rollcall
